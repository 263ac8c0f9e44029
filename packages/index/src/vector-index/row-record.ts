import { crc32 } from "node:zlib";
import { type ErrorCode, MurmurationError } from "../errors.js";
import { ROW_HEAD_BYTES } from "./graph-limits.js";

// A record of a file of f32 rows, at its slot: the dot of its node (u64, as a node's meta begins), CRC-32 of the row, four bytes of nothing, the
// row with its pad.

/** Where the checksum stands, in words. */
const CHECKSUM_WORD = 2;

/** Bytes and words of the same memory. */
export interface RecordViews {
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
}

/** A dot as two words. */
export type DotWords = readonly [low: number, high: number];

function checksumAt({ u8 }: RecordViews, record: number, recordBytes: number): number {
  return crc32(u8.subarray(record + ROW_HEAD_BYTES, record + recordBytes));
}

/** Is the record of this head, in words, the one of this node, and what its checksum says of the row? */
export function isRowOf({ u32 }: RecordViews, head: number, row: Uint8Array, low: number, high: number): boolean {
  return u32[head] === low && u32[head + 1] === high && u32[head + CHECKSUM_WORD] === crc32(row);
}

/** Is what stands at a place the record of this node, and whole? */
export function isRecordOf(views: RecordViews, record: number, recordBytes: number, [low, high]: DotWords): boolean {
  const { u32 } = views;
  const head = record >>> 2;
  if (u32[head] !== low || u32[head + 1] !== high) return false;
  return u32[head + CHECKSUM_WORD] === checksumAt(views, record, recordBytes);
}

/** Write the head of a record whose row is there. */
export function putRecordHead(views: RecordViews, record: number, recordBytes: number, dot: DotWords): void {
  const head = record >>> 2;
  nameRecord(views, record, dot);
  views.u32[head + CHECKSUM_WORD] = checksumAt(views, record, recordBytes);
  views.u32[head + CHECKSUM_WORD + 1] = 0;
}

/** Say whose record it is. */
export function nameRecord({ u32 }: RecordViews, record: number, [low, high]: DotWords): void {
  u32[record >>> 2] = low;
  u32[(record >>> 2) + 1] = high;
}

/** Of the causes of errors: which row could not be read. */
export interface UnreadRow {
  /** Name of the file. */
  readonly unreadIn: string;
  readonly slot: number;
  readonly cause: unknown;
}

/** A row that could not be read. */
export function unreadRow(row: UnreadRow, code: ErrorCode, message: string): MurmurationError {
  return new MurmurationError(code, message, undefined, row);
}

/** Which row could not be read, if that is what an error says. */
export function unreadRowOf(error: unknown): UnreadRow | undefined {
  const cause: unknown = error instanceof MurmurationError ? error.cause : undefined;
  return typeof cause === "object" && cause !== null && "unreadIn" in cause ? (cause as UnreadRow) : undefined;
}
