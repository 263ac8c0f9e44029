import { MurmurationError } from "@murmuration/index";
import type { Logger } from "pino";
import type { FolderRing } from "../encryption/folder-ring.js";
import type { MasterKeys } from "../encryption/master-keys.js";
import { type DataFiles, takeDataFolder } from "../engine/data-folder.js";
import type { Tell } from "./bring-over.js";
import { openFolderKeys } from "./folder-keys.js";
import { mendLog } from "./mend-log.js";

/** Gives the ring of a folder that has been taken. */
export type KeysOf = (folder: DataFiles) => FolderRing | undefined;

/**
 * Opens what is in a data folder. Where that fails because pages of an encrypted log cannot be read, the log is made one that lacks what stood on them, and opened once
 * more: of a log that is not encrypted, one row rots at a time. Throws what `open` throws.
 */
export async function openMended<T>(
  folder: string,
  masterKeys: MasterKeys | undefined,
  log: Pick<Logger, "info" | "warn">,
  open: (keysOf: KeysOf) => Promise<T>,
): Promise<T> {
  const tell: Tell = (what, details) => log.info(details, what);
  const keysOf: KeysOf = (files) => openFolderKeys(files, folder, masterKeys, tell);
  try {
    return await open(keysOf);
  } catch (error) {
    if (masterKeys === undefined || !(error instanceof MurmurationError) || error.code !== "corrupt") throw error;
    const files = takeDataFolder(folder);
    try {
      const ring = openFolderKeys(files, folder, masterKeys, tell);
      if (!mendLog(files, folder, ring?.keys, (what, details) => log.warn(details, what))) throw error;
    } finally {
      files.release();
    }
    return await open(keysOf);
  }
}
