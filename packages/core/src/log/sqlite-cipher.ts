import { assert, MurmurationError } from "@murmuration/index";
import type Database from "better-sqlite3";

/** Bytes of the key of a log's pages. */
export const LOG_KEY_BYTES = 32;

/**
 * Has a connection encrypt every page that it writes, in the file and in its write-ahead log, and check every one that it reads: AEGIS-256
 * (draft-irtf-cfrg-aegis-aead), a random nonce of 256 bits a page, under a key of the page's number (docs/security.md, "Data at rest"). What SQLite would put into
 * temporary files stays in memory. Before anything else is done with the connection. `undefined`: nothing is encrypted.
 */
export function unlockPages(database: Database.Database, key: Uint8Array | undefined): void {
  if (key === undefined) return;
  // a build without ciphers takes these for settings that it does not know, and would write plain pages
  const cipher = database.pragma("cipher = 'aegis'", { simple: true });
  const algorithm = database.pragma("algorithm = 'aegis-256'", { simple: true });
  if (cipher !== "aegis" || algorithm !== "aegis-256") {
    throw new MurmurationError("internal", "this build of SQLite encrypts nothing: install the dependencies again");
  }
  database.pragma(`key = '${rawKey(key)}'`);
  database.pragma("temp_store = MEMORY");
}

/** A key as SQLite takes it: not a pass phrase, from which it would derive one. */
export function rawKey(key: Uint8Array): string {
  assert(key.length === LOG_KEY_BYTES, "the key of a log has 32 bytes");
  return `raw:${Buffer.from(key).toString("hex")}`;
}
