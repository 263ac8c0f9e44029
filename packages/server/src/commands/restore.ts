import { randomInt } from "node:crypto";
import { limits } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { Option } from "commander";
import { type Moment, parseFrontier, parseMoment } from "../backup/moment.js";
import type { Restored, RestoreOptions } from "../backup/restore-backup.js";
import { type BackupFlags, describeCollections, type NamedSource, runBackupCommand } from "./backup-command.js";
import { withSource } from "./drill.js";

interface RestoreFlags extends BackupFlags {
  readonly data: string;
  readonly at?: string;
  readonly atFrontier?: string;
}

/** Makes a data folder from a backup. */
export function restore(argv: readonly string[]): Promise<number> {
  return runBackupCommand<RestoreFlags>(
    {
      name: "restore",
      description:
        "Makes a data folder from a backup, after checking that it restores to what its manifest says. The copy is a replica of its own, under a new id.",
      options: (command) => {
        command.addOption(
          new Option("--data <folder>", "folder to make; must not hold data").env("MURMUR_DATA").makeOptionMandatory(),
        );
        command.option("--at <time>", "to a moment, as 2026-11-28T20:00:00Z, from the backups in a folder or a store");
        command.option("--at-frontier <token>", "to what a session had seen: the token of an answer (x-murmur-token)");
      },
      argument:
        "the backup: NAME.db, with its manifest NAME.json beside it; or s3://bucket/prefix, for the newest one there, or s3://bucket/prefix/NAME; with --at a folder or s3://bucket/prefix",
      act: async (named, flags, { onStep, masterKeys }) => {
        const newReplicaId = () => randomInt(1, limits.originMax + 1);
        const { data: dataFolder, replay = false } = flags;
        const options = { dataFolder, newReplicaId, replay, onStep, masterKeys };
        const moment = momentOf(flags);
        if (moment !== undefined) return toMoment(named, moment, options);
        const { manifest, replicaId } = await restored(named, options);
        const { created, contents } = manifest;
        const text = `${dataFolder} holds the backup of ${created}, as replica ${replicaId} (it was made by ${contents.replica_id})\n`;
        return {
          json: { data: dataFolder, replica_id: replicaId, backup: manifest },
          text: text + describeCollections(manifest),
        };
      },
    },
    argv,
  );
}

/** Throws `bad-request` and `format`. */
function momentOf({ at, atFrontier }: RestoreFlags): Moment | undefined {
  if (at !== undefined && atFrontier !== undefined) {
    throw new MurmurationError("bad-request", "only one of --at and --at-frontier can be given");
  }
  if (at !== undefined) return parseMoment(at);
  return atFrontier === undefined ? undefined : parseFrontier(atFrontier);
}

async function toMoment(named: NamedSource, moment: Moment, options: RestoreOptions) {
  const { restoreMoment } = await import("../backup/restore-moment.js");
  const { manifest, replicaId, later, replayed, collections } = await withSource(
    named,
    options.masterKeys,
    (source, name) => {
      if (name === undefined) return restoreMoment(source, moment, options);
      throw new MurmurationError(
        "bad-request",
        "to a moment one restores from all backups, not from one: name their folder or s3://bucket/prefix",
      );
    },
  );
  const { dataFolder: data } = options;
  const at = "atMs" in moment ? { at: new Date(moment.atMs).toISOString() } : {};
  const text = `${data} holds the backup of ${manifest.created} and ${replayed} operations since, as replica ${replicaId} (it was made by ${manifest.contents.replica_id})\n`;
  return {
    json: { data, replica_id: replicaId, ...at, backup: manifest.name, later, replayed, collections },
    text: text + describeCollections({ contents: { ...manifest.contents, collections: [...collections] } }),
  };
}

async function restored(source: NamedSource, options: RestoreOptions): Promise<Restored> {
  if ("file" in source) {
    const { restoreBackup } = await import("../backup/restore-backup.js");
    return restoreBackup({ file: source.file, ...options });
  }
  const { restoreStored } = await import("../backup/restore-stored.js");
  const { withStore } = await import("../backup/stored-backups.js");
  return withStore(source.store, (store) => restoreStored(store, source.name, options));
}
