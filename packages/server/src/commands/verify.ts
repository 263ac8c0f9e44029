import { describeCollections, runBackupCommand } from "./backup-command.js";
import type { CliCommand } from "./command.js";

/** Checks a backup without changing anything. */
export const verify: CliCommand = {
  name: "verify",
  summary: "check that a backup restores to what its manifest says",
  run: async (argv) => {
    const { verifyBackup } = await import("../backup/verify-backup.js");
    return runBackupCommand(
      {
        name: "verify",
        description:
          "Checks that a backup restores to what its manifest says: the file's checksum, and digests after recovery.",
        act: (file, { replay = false }, onStep, masterKeys) => {
          const manifest = verifyBackup(file, { replay, onStep, masterKeys });
          const text = `${file} of ${manifest.created} restores to the same digests\n${describeCollections(manifest)}`;
          return { json: manifest, text };
        },
      },
      argv,
    );
  },
};
