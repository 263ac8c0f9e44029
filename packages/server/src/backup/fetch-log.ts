import { type LogFile, LogRowWriter } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { inOrder, LANES, type ObjectStore } from "../object-store/mod.js";
import type { PartCodec } from "./part-codec.js";
import { INDEX_PART_BYTES_MAX, indexEntries, type PartEntry } from "./part-index.js";
import { PART_BYTES_MAX, rowsOf } from "./row-parts.js";
import { partKey } from "./stored-keys.js";
import { type StoredManifest, schemaOf } from "./stored-manifest.js";

/** Where the parts of a backup are, and what opens them. */
export interface StoredParts {
  readonly store: ObjectStore;
  readonly replicaId: number;
  readonly codec: PartCodec;
}

type StoredTable = StoredManifest["tables"][number];

/** A part by its name. Throws `corrupt` where it is lost or changed, naming it, and what the store throws. */
async function fetchPart({ store, replicaId, codec }: StoredParts, name: string, bytes: number): Promise<Uint8Array> {
  const key = partKey(replicaId, name);
  try {
    return codec.open(name, await store.get(key, codec.storedBytesMax(bytes)), bytes);
  } catch (error) {
    if (!(error instanceof MurmurationError) || (error.code !== "not-found" && error.code !== "corrupt")) throw error;
    const why =
      error.code === "not-found" ? "is lost: the store does not have it" : "is changed: it is not what it is named by";
    throw new MurmurationError("corrupt", `${store.place}/${key}: a part of the backup ${why}`, undefined, error);
  }
}

/** Entries of a table's index, in their order. */
export async function* entriesOf(parts: StoredParts, { index }: StoredTable): AsyncIterable<PartEntry> {
  for (const [name, bytes] of index) {
    if (bytes > INDEX_PART_BYTES_MAX) throw new MurmurationError("corrupt", "the index of a backup is damaged");
    yield* indexEntries(await fetchPart(parts, name, bytes));
  }
}

/** The rows of a table, part by part; so many parts are asked for ahead. */
export async function* fetchRows(parts: StoredParts, table: StoredTable): AsyncIterable<Uint8Array[]> {
  const fetched = inOrder(entriesOf(parts, table), LANES, async (entry) => {
    if (entry.bytes > PART_BYTES_MAX) throw new MurmurationError("corrupt", "the index of a backup is damaged");
    const rows = rowsOf(await fetchPart(parts, entry.name, entry.bytes));
    if (rows.length === entry.rows) return rows;
    throw new MurmurationError("corrupt", `part ${entry.name} has ${rows.length} rows, not ${entry.rows}`);
  });
  let rows = 0;
  for await (const one of fetched) {
    rows += one.length;
    yield one;
  }
  if (rows !== table.rows) {
    throw new MurmurationError("corrupt", `table ${table.name} of the backup has ${rows} rows, not ${table.rows}`);
  }
}

/**
 * Puts the file of a log together from the parts of a backup, each checked by its hash. `to` must not be there, is not flushed, and stays there in part when this throws: `corrupt` for a part
 * that is lost or changed, what the store throws, `storage`.
 */
export async function fetchLog(parts: StoredParts, manifest: StoredManifest, to: LogFile): Promise<void> {
  const writer = new LogRowWriter(to, schemaOf(manifest));
  try {
    for (const table of manifest.tables) {
      for await (const rows of fetchRows(parts, table)) writer.put(table.name, rows);
    }
    writer.finish();
  } catch (error) {
    writer.close();
    throw error;
  }
}
