import { crc32 } from "node:zlib";
import type { LogRow } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";

// Rows of a table go into parts in the order of their keys. Where a part ends is decided by the row there alone, its key and its length (content-defined
// chunking: Muthitacharoen et al., "A Low-bandwidth Network File System", 2001): so that a row more, or less, changes one part and moves no other. Rows, not the bytes of
// pages: a copy of the file packs its pages anew, and one more row moves all behind it.

/** A part is about so long where rows come behind all others and stay: less to ask for. */
const APPENDED_BYTES = 256 * 1024;
/** And so where rows anywhere change: a row that changes costs the part around it. */
const CHANGED_BYTES = 16 * 1024;
const APPENDED = new Set(["operations", "checkpoint_parts"]);
/** No part is shorter than this share of what it is to be, but the last; and it ends at so many times that. */
const LEAST_SHARE = 1 / 4;
const MOST_TIMES = 8;
/** Bytes of a part at most: a row is not cut. */
export const PART_BYTES_MAX = 64 * 1024 * 1024;

const LENGTH_BYTES = 4;
const CRC_RANGE = 2 ** 32;

/** Rows of one table, behind one another: of each u32 length, bytes. */
export interface RowPart {
  readonly rows: number;
  readonly bytes: Uint8Array;
}

/** Does a part of about `target` bytes end behind this row? It does behind one in so many that it comes to that, whatever rows are long. */
function endsBehind({ key, bytes }: LogRow, target: number): boolean {
  let hash = 0;
  for (const value of key) hash = crc32(value instanceof Uint8Array ? value : String(value), hash);
  return hash < (CRC_RANGE * (bytes.byteLength + LENGTH_BYTES)) / target;
}

/** The rows of a table as parts. */
export function* rowParts(table: string, rows: Iterable<LogRow>): Iterable<RowPart> {
  const target = APPENDED.has(table) ? APPENDED_BYTES : CHANGED_BYTES;
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  const taken = (): RowPart => {
    const part = { rows: pieces.length / 2, bytes: Buffer.concat(pieces, bytes) };
    pieces = [];
    bytes = 0;
    return part;
  };
  for (const row of rows) {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32LE(row.bytes.byteLength);
    pieces.push(length, row.bytes);
    bytes += LENGTH_BYTES + row.bytes.byteLength;
    if (bytes > PART_BYTES_MAX) {
      throw new MurmurationError(
        "capacity",
        `a row of table ${table} is longer than the ${PART_BYTES_MAX} bytes of a part`,
      );
    }
    if (bytes >= target * MOST_TIMES || (bytes >= target * LEAST_SHARE && endsBehind(row, target))) yield taken();
  }
  if (bytes > 0) yield taken();
}

/** The rows in a part. Throws `corrupt` for one that is not made of rows. */
export function rowsOf(part: Uint8Array): Uint8Array[] {
  const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
  const rows: Uint8Array[] = [];
  for (let at = 0; at < part.byteLength; ) {
    const end =
      at + LENGTH_BYTES <= part.byteLength ? at + LENGTH_BYTES + view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (end > part.byteLength) throw new MurmurationError("corrupt", "a part of a backup is not made of rows");
    rows.push(part.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return rows;
}
