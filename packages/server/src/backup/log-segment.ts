import type { LogEntry } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";

// A segment of a replica's log: the operations of a run of positions, in a store beside its backups, so that moments between two backups can be restored also where compaction drops them.
// What has to be known of one stands in its key: log/REPLICA/FROM-TO-CLOCK-WHOLE-HASH.

/** A segment as its key tells of it. */
export interface LogSegment {
  readonly replicaId: number;
  /** Positions of its first and its last operation. */
  readonly from: number;
  readonly to: number;
  /** No operation in it is later than this, by the hybrid clock. */
  readonly latestMs: number;
  /** Everything that its replica had until then is in it, or before it. */
  readonly wholeUntilMs: number;
  /** What its content is named by (`PartCodec`). */
  readonly hash: string;
}

const KEY = /^log\/(\d{1,8})\/(\d{16})-(\d{16})-(\d{15})-(\d{15})-([0-9a-f]{64})$/;

/**
 * Nothing takes longer from where an operation is given its time to where it is in the log. Whoever reads a log knows it to be whole until so long ago, and until the latest operation in it: what its
 * replica writes next is later than that.
 */
export const COMMIT_MS_MAX = 30_000;

/** Below which segments lie: of one replica, or of all. */
export const segmentsOf = (replicaId?: number) => (replicaId === undefined ? "log/" : `log/${replicaId}/`);

/** The key of a segment: those of a replica sort by their positions. */
export function segmentKey({ replicaId, from, to, latestMs, wholeUntilMs, hash }: LogSegment): string {
  const padded = (value: number, digits: number) => String(value).padStart(digits, "0");
  return `${segmentsOf(replicaId)}${padded(from, 16)}-${padded(to, 16)}-${padded(latestMs, 15)}-${padded(wholeUntilMs, 15)}-${hash}`;
}

/** The segment at a key; `undefined`: there is none. */
export function segmentAt(key: string): LogSegment | undefined {
  const [, replica, from, to, latest, whole, hash] = KEY.exec(key) ?? [];
  if (hash === undefined) return undefined;
  return {
    replicaId: Number(replica),
    from: Number(from),
    to: Number(to),
    latestMs: Number(latest),
    wholeUntilMs: Number(whole),
    hash,
  };
}

// An entry: u32 bytes of what follows, f64 position, u32 origin, f64 sequence, u8 length of the shard's name, that, the operation's bytes.
const LENGTH_BYTES = 4;
const FIXED_BYTES = 21;

/** An entry as it stands in a segment. */
export function encodeEntry({ position, shard, origin, sequence, bytes }: LogEntry): Buffer {
  const name = Buffer.from(shard);
  const head = Buffer.alloc(LENGTH_BYTES + FIXED_BYTES);
  head.writeUInt32LE(FIXED_BYTES + name.length + bytes.byteLength, 0);
  head.writeDoubleLE(position, 4);
  head.writeUInt32LE(origin, 12);
  head.writeDoubleLE(sequence, 16);
  head.writeUInt8(name.length, 24);
  return Buffer.concat([head, name, bytes]);
}

/** The entries of a segment. Throws `corrupt`. */
export function* decodeEntries(segment: Uint8Array): Iterable<LogEntry> {
  const bytes = Buffer.from(segment.buffer, segment.byteOffset, segment.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const nameAt = at + LENGTH_BYTES + FIXED_BYTES;
    const end = nameAt <= bytes.length ? at + LENGTH_BYTES + bytes.readUInt32LE(at) : 0;
    const nameEnd = nameAt <= bytes.length ? nameAt + bytes.readUInt8(nameAt - 1) : 0;
    if (nameEnd < nameAt || nameEnd > end || end > bytes.length) {
      throw new MurmurationError("corrupt", "a segment of a log is damaged");
    }
    yield {
      position: bytes.readDoubleLE(at + 4),
      origin: bytes.readUInt32LE(at + 12),
      sequence: bytes.readDoubleLE(at + 16),
      shard: bytes.toString("utf8", nameAt, nameEnd),
      bytes: new Uint8Array(bytes.subarray(nameEnd, end)),
    };
    at = end;
  }
}
