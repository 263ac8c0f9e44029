import { MurmurationError } from "@murmuration/index";
import { type StoreConfig, type StoreSettings, storeConfigOf } from "./object-store/mod.js";

/** The options of backups as they are given; "" where one is not. */
export interface BackupSettings extends StoreSettings {
  readonly backupFolder: string;
  readonly backupTo: string;
  readonly backupEveryMinutes: number;
  /** 0: never. */
  readonly logEveryMinutes: number;
  readonly drillEveryMinutes: number;
}

/** Where backups go; `undefined`: there are none. */
export type BackupTarget = { readonly folder: string } | { readonly store: StoreConfig };

/** Backups as configured. Throws an `Error` that says which option is wrong. */
export function backupTargetOf(settings: BackupSettings, readFile: (path: string) => string): BackupTarget | undefined {
  const { backupFolder, backupTo, backupEveryMinutes, logEveryMinutes, drillEveryMinutes } = settings;
  if (logEveryMinutes > 0 && backupTo === "") {
    throw new MurmurationError("bad-request", "--backup-log-every needs --backup-to");
  }
  if (backupFolder !== "" && backupTo !== "") {
    throw new MurmurationError("bad-request", "only one of --backup-folder and --backup-to can be given");
  }
  for (const [option, minutes] of [
    ["--backup-every", backupEveryMinutes],
    ["--drill-every", drillEveryMinutes],
  ] as const) {
    if (minutes > 0 && backupFolder === "" && backupTo === "") {
      throw new MurmurationError("bad-request", `${option} needs --backup-folder or --backup-to`);
    }
  }
  if (backupFolder !== "") return { folder: backupFolder };
  return backupTo === "" ? undefined : { store: storeConfigOf(backupTo, settings, readFile) };
}
