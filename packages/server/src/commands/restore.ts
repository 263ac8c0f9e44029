import { randomInt } from "node:crypto";
import { limits } from "@murmuration/core";
import { Option } from "commander";
import { type BackupFlags, describeCollections, runBackupCommand } from "./backup-command.js";
import type { CliCommand } from "./command.js";

interface RestoreFlags extends BackupFlags {
  readonly data: string;
}

/** Makes a data folder from a backup. */
export const restore: CliCommand = {
  name: "restore",
  summary: "make a data folder from a backup",
  run: async (argv) => {
    const { restoreBackup } = await import("../backup/restore-backup.js");
    return runBackupCommand<RestoreFlags>(
      {
        name: "restore",
        description:
          "Makes a data folder from a backup, after checking that it restores to what its manifest says. The copy is a replica of its own, under a new id.",
        options: (command) => {
          command.addOption(
            new Option("--data <folder>", "folder to make; must not hold data")
              .env("MURMUR_DATA")
              .makeOptionMandatory(),
          );
        },
        act: (file, { data, replay = false }, onStep, masterKeys) => {
          const { manifest, replicaId } = restoreBackup({
            file,
            dataFolder: data,
            newReplicaId: () => randomInt(1, limits.originMax + 1),
            replay,
            onStep,
            masterKeys,
          });
          const { created, contents } = manifest;
          const text = `${data} holds the backup of ${created}, as replica ${replicaId} (it was made by ${contents.replica_id})\n`;
          return {
            json: { data, replica_id: replicaId, backup: manifest },
            text: text + describeCollections(manifest),
          };
        },
      },
      argv,
    );
  },
};
