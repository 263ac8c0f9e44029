import { requireKeyOf } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { type DataKeys, logKeyOf } from "../encryption/data-keys.js";
import { FolderRing } from "../encryption/folder-ring.js";
import { newKeyRing, openRing } from "../encryption/key-ring.js";
import { fingerprintOfKey, type MasterKeys } from "../encryption/master-keys.js";
import { findRing, putRing, ringFiles } from "../encryption/ring-files.js";
import type { DataFiles } from "../engine/data-folder.js";
import { bringOver, type Tell } from "./bring-over.js";
import { logFileForm } from "./log-file-form.js";

/** Says how a key is given. */
const GIVE_KEY = "give it by --encryption-key-file, MURMUR_ENCRYPTION_KEY or --key-command";

/**
 * The ring of a folder that this process has taken. One that is not encrypted is brought over where a key is given. Throws `forbidden` for another key than
 * the folder's and where none is given for one that is encrypted, `corrupt` where ring or log are not what they were: nothing is changed then.
 */
export function openFolderKeys(
  files: DataFiles,
  folder: string,
  masterKeys: MasterKeys | undefined,
  tell: Tell,
): FolderRing | undefined {
  const there = findRing(folder);
  const form = logFileForm(files.log);
  if (there === undefined && form === "encrypted")
    throw new MurmurationError(
      "corrupt",
      `${files.log}: is no database (SQLITE_NOTADB): it is damaged; or it is encrypted, and the folder has no key ring any more (${ringFiles(folder).join(", ")})`,
    );
  if (masterKeys === undefined) {
    if (there === undefined) return undefined;
    throw new MurmurationError(
      "forbidden",
      `the data folder ${folder} is encrypted, and no key is given: ${GIVE_KEY}`,
      "encryption-key",
    );
  }
  let ring = there === undefined ? newKeyRing() : openRing(there.ring, masterKeys, `the data folder ${folder}`);
  if (there === undefined) putRing(folder, ring, masterKeys);
  if (ring.isUnderWay) {
    bringOver(files, folder, ring, tell);
    ring = { ...ring, generation: ring.generation + 1, isUnderWay: false };
    putRing(folder, ring, masterKeys);
  } else {
    requireLog(files.log, form, ring);
    const isUnderFirst = there?.ring.master === fingerprintOfKey(masterKeys[0]);
    if (!isUnderFirst || there?.isEverywhere !== true) {
      ring = { ...ring, generation: ring.generation + 1 };
      putRing(folder, ring, masterKeys);
    }
  }
  return new FolderRing(folder, ring, masterKeys);
}

function requireLog(log: string, form: ReturnType<typeof logFileForm>, ring: DataKeys): void {
  if (form === "missing") return;
  if (form === "plain")
    throw new MurmurationError("corrupt", `${log} is not encrypted, though its folder is: it is not this folder's`);
  try {
    requireKeyOf({ file: log, key: logKeyOf(ring) });
  } catch (error) {
    if (!(error instanceof MurmurationError) || error.code !== "corrupt") throw error;
    throw new MurmurationError(
      "corrupt",
      `${log} does not decrypt: its first page is damaged, or it is the log of another folder`,
      undefined,
      error,
    );
  }
}
