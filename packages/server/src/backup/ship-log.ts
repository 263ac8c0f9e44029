import { operationsOf, SqliteOpLog } from "@murmuration/core";
import { logKeyOf } from "../encryption/data-keys.js";
import type { ObjectStore } from "../object-store/mod.js";
import { COMMIT_MS_MAX, encodeEntry, segmentKey } from "./log-segment.js";
import type { BackupEncryption } from "./manifest.js";
import { PartCodec } from "./part-codec.js";

/** A segment ends when it has so many bytes. */
const SEGMENT_BYTES = 8 * 1024 * 1024;

/** What to ship of a log: operations behind the position `after`. */
export interface ShipOrder {
  readonly logFile: string;
  readonly replicaId: number;
  readonly after: number;
  readonly encryption?: BackupEncryption | undefined;
}

/** What was shipped. */
export interface Shipped {
  readonly operations: number;
  readonly bytes: number;
}

interface Run {
  readonly content: Buffer;
  readonly from: number;
  readonly to: number;
  readonly latestMs: number;
  readonly operations: number;
  /** Is there more behind it? */
  readonly isFull: boolean;
}

/**
 * Sends operations of a log, which its writer goes on writing, in segments. What compaction has dropped is missing between two positions, which a restore notices. One segment is in memory at a
 * time. Throws what the store throws; what was sent stays.
 */
export async function shipLog(
  { logFile, replicaId, after, encryption }: ShipOrder,
  store: ObjectStore,
): Promise<Shipped> {
  const codec = new PartCodec(encryption?.keys);
  const log = new SqliteOpLog(logFile, { readOnly: true, key: encryption && logKeyOf(encryption.keys) });
  let [operations, bytes] = [0, 0];
  try {
    for (let position = after; ; ) {
      const wholeMs = Date.now() - COMMIT_MS_MAX;
      const run = nextRun(log, position);
      if (run === undefined) return { operations, bytes };
      const { content, from, to, latestMs } = run;
      // what this replica writes next is later than everything before it
      const wholeUntilMs = run.isFull ? latestMs : Math.max(wholeMs, latestMs);
      const hash = codec.nameOf(content);
      const stored = codec.seal(hash, content);
      await store.put(segmentKey({ replicaId, from, to, latestMs, wholeUntilMs, hash }), stored);
      operations += run.operations;
      bytes += stored.byteLength;
      position = to;
    }
  } finally {
    log.close();
  }
}

function nextRun(log: SqliteOpLog, after: number): Run | undefined {
  const entries: Buffer[] = [];
  let [bytes, from, to, latestMs] = [0, 0, 0, 0];
  let isFull = false;
  for (const { operation, entry } of operationsOf(log.read(after))) {
    if (bytes >= SEGMENT_BYTES) {
      isFull = true;
      break;
    }
    const encoded = encodeEntry(entry);
    if (entries.length === 0) from = entry.position;
    entries.push(encoded);
    bytes += encoded.length;
    to = entry.position;
    latestMs = Math.max(latestMs, operation.time.wallMs);
  }
  if (entries.length === 0) return undefined;
  return { content: Buffer.concat(entries, bytes), from, to, latestMs, operations: entries.length, isFull };
}
