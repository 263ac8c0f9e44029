import { existsSync, linkSync, renameSync } from "node:fs";
import { copyLog, SqliteOpLog, SYSTEM_SHARD } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { flush, removeLog, withFileErrors } from "../backup/files.js";
import { type DataKeys, logKeyOf } from "../encryption/data-keys.js";
import type { DataFiles } from "../engine/data-folder.js";
import type { Tell } from "./bring-over.js";

/** Does a log open, with the operations of the catalogue whole? Without them nobody knows what the others are of. */
function holdsCatalogue(file: string, key: Uint8Array | undefined): boolean {
  try {
    const log = new SqliteOpLog(file, { key });
    try {
      const frontier = log.frontier(SYSTEM_SHARD);
      const held = new Map<number, number>();
      for (const { origin } of log.read(0, { shard: SYSTEM_SHARD })) held.set(origin, (held.get(origin) ?? 0) + 1);
      return frontier.size > 0 && [...frontier].every(([origin, sequence]) => held.get(origin) === sequence);
    } finally {
      log.close();
    }
  } catch (error) {
    if (error instanceof MurmurationError && error.code === "corrupt") return false;
    throw error;
  }
}

/**
 * Makes a log some of whose pages do not decrypt, or cannot be read otherwise, a log that lacks the rows on them: what is lost is missed then, and made again or quarantined, as
 * rows that have rotted are (docs/files.md, "Damage"). The damaged file stays beside it. Returns false where every page can be read, or what is left is no log, or lacks operations of the
 * catalogue: then nothing has changed. Nobody else has the log open.
 */
export function mendLog(files: DataFiles, folder: string, keys: DataKeys | undefined, tell: Tell): boolean {
  const [mended, aside] = [`${files.log}.mended`, `${files.log}.damaged`];
  const key = keys && logKeyOf(keys);
  const tables = new Set<string>();
  removeLog(mended);
  try {
    copyLog({ file: files.log, key }, { file: mended, key }, { onUnreadable: (table) => tables.add(table) });
  } catch (error) {
    removeLog(mended);
    // its first page, or what says which tables there are
    if (error instanceof MurmurationError && error.code === "corrupt") return false;
    throw error;
  }
  // a write-ahead log that could not be taken in must not meet another file
  if (tables.size === 0 || existsSync(`${files.log}-wal`)) {
    removeLog(mended);
    return false;
  }
  if (!holdsCatalogue(mended, key)) {
    removeLog(mended);
    return false;
  }
  flush(mended);
  removeLog(aside);
  withFileErrors(files.log, () => {
    // at no moment is there no log
    linkSync(files.log, aside);
    renameSync(mended, files.log);
  });
  flush(folder);
  tell("pages of the log cannot be read: it goes on without the rows on them, and the damaged file is kept", {
    tables: [...tables],
    file: aside,
  });
  return true;
}
