import { type LogFile, LogRowReader, type LogSchema } from "@murmuration/core";
import { LANES, Lanes, type ObjectStore } from "../object-store/mod.js";
import type { PartCodec } from "./part-codec.js";
import { IndexBuilder } from "./part-index.js";
import { rowParts } from "./row-parts.js";
import { partKey, partNameIn, partsOf } from "./stored-keys.js";
import type { StoredManifest } from "./stored-manifest.js";

/** What a log's file has become. */
export interface SentLog extends Pick<StoredManifest, "tables" | "parts" | "bytes" | "sent"> {
  readonly schema: LogSchema;
}

/**
 * Sends a log's file, which nobody writes, to a store as parts. Parts that are there already are not sent again, whichever backup they are of, and also where none was finished: one that
 * was broken off goes on. So many are under way at once, and in memory. Throws what the store throws.
 */
export async function sendLog(
  store: ObjectStore,
  replicaId: number,
  file: LogFile,
  codec: PartCodec,
): Promise<SentLog> {
  const parts = new Parts(store, replicaId, codec);
  await parts.findThose();
  const log = new LogRowReader(file);
  try {
    const tables: StoredManifest["tables"] = [];
    for (const table of log.tables) tables.push(await sendTable(log, table, parts));
    await parts.all();
    const { count, bytes, sent } = parts;
    return { schema: log.schema, tables, parts: count, bytes, sent };
  } finally {
    await parts.settle();
    log.close();
  }
}

async function sendTable(log: LogRowReader, name: string, parts: Parts): Promise<StoredManifest["tables"][number]> {
  const index: [string, number][] = [];
  const builder = new IndexBuilder();
  let rows = 0;
  const close = async (whole: Uint8Array | undefined) => {
    if (whole !== undefined) index.push([await parts.add(whole), whole.byteLength]);
  };
  for (const part of rowParts(name, log.rows(name))) {
    rows += part.rows;
    parts.bytes += part.bytes.byteLength;
    const { bytes } = part;
    await close(builder.add({ name: await parts.add(bytes), rows: part.rows, bytes: bytes.byteLength }));
  }
  await close(builder.end());
  return { name, rows, index };
}

class Parts {
  count = 0;
  bytes = 0;
  readonly sent = { parts: 0, bytes: 0 };
  readonly #store: ObjectStore;
  readonly #replicaId: number;
  readonly #codec: PartCodec;
  /** Names of those that are there. */
  readonly #there = new Set<string>();
  readonly #lanes = new Lanes(LANES);

  constructor(store: ObjectStore, replicaId: number, codec: PartCodec) {
    this.#store = store;
    this.#replicaId = replicaId;
    this.#codec = codec;
  }

  async findThose(): Promise<void> {
    for await (const { key, bytes } of this.#store.list(partsOf(this.#replicaId))) {
      const name = partNameIn(key);
      // one of no bytes is what some stores leave of a write that broke off
      if (name !== undefined && bytes > 0) this.#there.add(name);
    }
  }

  /** Sends a part unless it is there. Returns its name. */
  async add(part: Uint8Array): Promise<string> {
    this.count++;
    const name = this.#codec.nameOf(part);
    if (this.#there.has(name)) return name;
    this.#there.add(name);
    const stored = this.#codec.seal(name, part);
    await this.#lanes.add(async () => {
      await this.#store.put(partKey(this.#replicaId, name), stored);
      this.sent.parts++;
      this.sent.bytes += stored.byteLength;
    });
    return name;
  }

  all(): Promise<void> {
    return this.#lanes.all();
  }

  /** Resolves when nothing is under way any more, whatever became of it. */
  async settle(): Promise<void> {
    await this.#lanes.all().catch(() => undefined);
  }
}
