import { logKeyOf } from "../encryption/data-keys.js";
import { openRing } from "../encryption/key-ring.js";
import { masterKeysOf } from "../encryption/master-keys.js";
import { findRing } from "../encryption/ring-files.js";

/** The key of the pages of a data folder's log, by the text of its key. Throws where the folder has no ring. */
export function logKeyOfFolder(folder: string, keyText: string): Uint8Array {
  const found = findRing(folder);
  if (found === undefined) throw new Error(`${folder} has no key ring`);
  return logKeyOf(openRing(found.ring, masterKeysOf(keyText), folder));
}
