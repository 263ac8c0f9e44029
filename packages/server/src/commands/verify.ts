import type { AnyManifest } from "../backup/backup-place.js";
import type { VerifyOptions } from "../backup/verify-backup.js";
import { describeCollections, type NamedSource, runBackupCommand, sourceText } from "./backup-command.js";

/** Checks a backup without changing anything. */
export async function verify(argv: readonly string[]): Promise<number> {
  return runBackupCommand(
    {
      name: "verify",
      description:
        "Checks that a backup restores to what its manifest says: the checksum of the file, or of every part, and digests after recovery.",
      act: async (source, { replay = false }, { onStep, masterKeys }) => {
        const options = { replay, onStep, masterKeys };
        const manifest = await verified(source, options);
        const what = sourceText(source, manifest);
        const text = `${what} of ${manifest.created} restores to the same digests\n${describeCollections(manifest)}`;
        return { json: manifest, text };
      },
    },
    argv,
  );
}

async function verified(source: NamedSource, options: VerifyOptions): Promise<AnyManifest> {
  if ("file" in source) {
    const { verifyBackup } = await import("../backup/verify-backup.js");
    return verifyBackup(source.file, options);
  }
  const { verifyStored } = await import("../backup/restore-stored.js");
  const { withStore } = await import("../backup/stored-backups.js");
  return withStore(source.store, (store) => verifyStored(store, source.name, options));
}
