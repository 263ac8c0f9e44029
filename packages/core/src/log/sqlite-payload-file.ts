import { MurmurationError } from "@murmuration/index";
import type Database from "better-sqlite3";
import { openDatabase } from "./sqlite-connection.js";
import { withStorageErrors } from "./sqlite-error.js";
import { isIntactPayload } from "./sqlite-payloads.js";
import { rowFormsOf } from "./sqlite-schema.js";
import { type PayloadRow, placeOf } from "./sqlite-statements.js";

/** Pages that a connection keeps for itself, in KiB: inner pages of one table. What was read is kept by who reads. */
const PAGE_CACHE_KIBIBYTES = 1_024;
const BUSY_MS = 5_000;

interface Open {
  readonly database: Database.Database;
  readonly keyOfShard: Database.Statement<[name: string], number>;
  readonly payload: Database.Statement<[shard: number, key: number], PayloadRow>;
}

/**
 * The payloads of a log in a file, for a thread beside the one that writes it. Every read sees what was committed when it begins, and holds nothing
 * of the file when it ends: the write-ahead log can be taken in at any time.
 */
export class SqlitePayloadFile {
  readonly #file: string;
  readonly #key: Uint8Array | undefined;
  /** Keys of shards in the file. A shard keeps its key, and none is given twice. */
  readonly #shards = new Map<string, number>();
  #open: Open | undefined;

  /** The file is opened with the first read. `key`: as that of its log. */
  constructor(file: string, key?: Uint8Array) {
    this.#file = file;
    this.#key = key;
  }

  /** The payload's bytes. Throws `corrupt` where it is not there or is damaged, `storage` where it cannot be read. */
  read(shard: string, key: number): Uint8Array {
    const row = withStorageErrors(this.#file, () => {
      const open = this.#opened();
      const ofShard = this.#keyOf(open, shard);
      const found = ofShard === undefined ? undefined : open.payload.get(ofShard, key);
      return found !== undefined && isIntactPayload(ofShard as number, key, found) ? found : found && "damaged";
    });
    if (row !== undefined && row !== "damaged") return row.bytes;
    const what = row === undefined ? "lost" : "damaged: the checksum does not match";
    throw new MurmurationError("corrupt", `${this.#file}: payload ${key} of shard ${shard} is ${what}`);
  }

  close(): void {
    this.#open?.database.close();
    this.#open = undefined;
  }

  #keyOf({ keyOfShard }: Open, shard: string): number | undefined {
    const known = this.#shards.get(shard) ?? keyOfShard.get(shard);
    if (known !== undefined) this.#shards.set(shard, known);
    return known;
  }

  #opened(): Open {
    if (this.#open !== undefined) return this.#open;
    const database = openDatabase(this.#file, true, this.#key);
    try {
      database.pragma(`busy_timeout = ${BUSY_MS}`);
      database.pragma(`cache_size = -${PAGE_CACHE_KIBIBYTES}`);
      if (!rowFormsOf(database).hasPayloads) {
        throw new MurmurationError("storage", `${this.#file} is of an older version, and not brought over yet`);
      }
      this.#open = {
        database,
        keyOfShard: database.prepare<[string], number>("SELECT key FROM shards WHERE name = ?").pluck(),
        payload: database.prepare(`SELECT checksum, bytes FROM payloads WHERE place = ${placeOf("?", "?")}`),
      };
      return this.#open;
    } catch (error) {
      database.close();
      throw error;
    }
  }
}
