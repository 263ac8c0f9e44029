import { statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname } from "node:path";
import { MurmurationError } from "@murmuration/index";
import type { BackupSource } from "../backup/backup-source.js";
import type { MasterKeys } from "../encryption/master-keys.js";
import { type BackupFlags, describeCollections, type NamedSource, runBackupCommand } from "./backup-command.js";

interface DrillFlags extends BackupFlags {
  readonly temporary: string;
}

/** Does something with the backups that an argument names, and the name of one of them, if it names one. */
export async function withSource<T>(
  named: NamedSource,
  masterKeys: MasterKeys | undefined,
  act: (source: BackupSource, name: string | undefined) => Promise<T>,
): Promise<T> {
  const { folderSource, storeSource } = await import("../backup/backup-source.js");
  if ("store" in named) {
    const { withStore } = await import("../backup/stored-backups.js");
    return withStore(named.store, (store) => act(storeSource(store, masterKeys), named.name));
  }
  const stats = statSync(named.file, { throwIfNoEntry: false });
  if (stats === undefined) throw new MurmurationError("not-found", `${named.file}: there is no such file or folder`);
  if (stats.isDirectory()) return act(folderSource(named.file, masterKeys), undefined);
  return act(folderSource(dirname(named.file), masterKeys), basename(named.file).replace(/\.db$/, ""));
}

/** Shows that a backup can be restored. */
export function drilling(argv: readonly string[]): Promise<number> {
  return runBackupCommand<DrillFlags>(
    {
      name: "drill",
      description:
        "Restores a backup, of a folder or a store the newest one, into a temporary folder, opens it, and compares its digests with those recorded when it was made. Nothing stays of it.",
      argument:
        "a folder or s3://bucket/prefix, for the newest one there; or one backup, NAME.db or s3://bucket/prefix/NAME",
      options: (command) => {
        command.option("--temporary <folder>", "where it is restored to", tmpdir());
      },
      act: async (named, { temporary, replay = false }, { onStep, masterKeys }) => {
        const { drill } = await import("../backup/drill.js");
        const { manifest, ms } = await withSource(named, masterKeys, (source, name) =>
          drill(source, name, { temporary, replay, onStep, masterKeys }),
        );
        const { name, created, contents } = manifest;
        const text = `${name} of ${created} was restored and opened in ${(ms / 1000).toFixed(1)} s: equal to what was backed up\n`;
        return {
          json: { backup: name, created, ms, equal: true, collections: contents.collections },
          text: text + describeCollections(manifest),
        };
      },
    },
    argv,
  );
}
