import { crc32 } from "node:zlib";
import { assert, MurmurationError } from "@murmuration/index";
import { isOrigin, isSequence } from "../causality/dot.js";
import { limits } from "../limits.js";
import { isPlanted } from "../planted.js";
import { decodeOperation, encodeOperation } from "./codec.js";
import { FieldReader } from "./field-reader.js";
import { decodeMessage, encodeMessage } from "./message.js";
import type { Operation } from "./operation.js";
import { refuseMessage } from "./refuse-message.js";

/** First byte of every batch. A reader refuses any other. */
export const batchFormatVersion = 1;

/**
 * Consecutive operations of one origin and shard, as the bytes that stand in the log. What they depend on is in each row as far as it is
 * new to its origin: a receiver has every earlier operation of that origin, or the snapshot that they went into.
 */
export interface Batch {
  readonly shard: string;
  readonly origin: number;
  /** Sequence of `rows[0]`; the others follow without gaps. */
  readonly firstSequence: number;
  /** At least one, each made by `encodeOperation`. */
  readonly rows: readonly Uint8Array[];
}

// u8 version, u32 crc32 of all that follows, u32 header length, header (msgpack), then per row u32 length and the row.
const CHECKSUM_AT = 1;
const HEADER_LENGTH_AT = 5;
const HEADER_AT = 9;
const WHAT = "batch";

/** How many rows, from `from` on, one batch should carry: up to the target size, and at least one. */
export function rowsForBatch(rows: readonly Uint8Array[], from = 0): number {
  let bytes = 0;
  let count = 0;
  for (let at = from; at < rows.length; at += 1) {
    bytes += (rows[at] as Uint8Array).byteLength + 4;
    if (count > 0 && bytes > limits.batchBytesTarget) break;
    count += 1;
  }
  return count;
}

/** The batch as bytes. Throws `capacity` over the size bound. */
export function encodeBatchFromRows(batch: Batch): Uint8Array {
  const { shard, origin, firstSequence, rows } = batch;
  assert(rows.length > 0, "a batch holds at least one operation");
  assert(isOrigin(origin) && isSequence(firstSequence), "a batch begins with a dot");
  const header = encodeMessage([shard, origin, firstSequence, rows.length]);
  const length = rows.reduce((sum, row) => sum + 4 + row.byteLength, HEADER_AT + header.byteLength);
  if (length > limits.batchBytesMax) {
    throw new MurmurationError(
      "capacity",
      `the batch is ${length} bytes, at most ${limits.batchBytesMax} are accepted`,
    );
  }
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  bytes[0] = batchFormatVersion;
  view.setUint32(HEADER_LENGTH_AT, header.byteLength, true);
  bytes.set(header, HEADER_AT);
  let at = HEADER_AT + header.byteLength;
  for (const row of rows) {
    view.setUint32(at, row.byteLength, true);
    bytes.set(row, at + 4);
    at += 4 + row.byteLength;
  }
  view.setUint32(CHECKSUM_AT, crc32(bytes.subarray(HEADER_LENGTH_AT)), true);
  return bytes;
}

/** Consecutive rows of an origin as batches of about the target size. */
export function batchesOf(
  shard: string,
  origin: number,
  firstSequence: number,
  rows: readonly Uint8Array[],
): Uint8Array[] {
  const batches: Uint8Array[] = [];
  for (let at = 0; at < rows.length; ) {
    const count = rowsForBatch(rows, at);
    const some = rows.slice(at, at + count);
    batches.push(encodeBatchFromRows({ shard, origin, firstSequence: firstSequence + at, rows: some }));
    at += count;
  }
  return batches;
}

/** Consecutive operations of one origin and shard as a batch. */
export function encodeBatch(operations: readonly Operation[]): Uint8Array {
  const first = operations[0];
  assert(first !== undefined, "a batch holds at least one operation");
  const { shard, origin, sequence: firstSequence } = first;
  const rows = operations.map((operation, at) => {
    assert(operation.shard === shard && operation.origin === origin, "a batch has one origin and one shard");
    assert(operation.sequence === firstSequence + at, "a batch has no gaps");
    return encodeOperation(operation);
  });
  return encodeBatchFromRows({ shard, origin, firstSequence, rows });
}

/** The batch of bytes made by `encodeBatch`. Its rows are views of `bytes` and not looked at: `decodeOperation` does that. Throws `corrupt` for anything else. */
export function decodeBatch(bytes: Uint8Array): Batch {
  if (bytes.byteLength > limits.batchBytesMax) refuseMessage(`${WHAT}: over ${limits.batchBytesMax} bytes`);
  if (bytes.byteLength < HEADER_AT) refuseMessage(`${WHAT}: cut short`);
  if (bytes[0] !== batchFormatVersion) refuseMessage(`${WHAT}: format version ${bytes[0]} is not known`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isIntact = view.getUint32(CHECKSUM_AT, true) === crc32(bytes.subarray(HEADER_LENGTH_AT));
  if (!isIntact && !isPlanted("no-checksum")) {
    refuseMessage(`${WHAT}: the checksum does not match`);
  }
  const bodyAt = HEADER_AT + view.getUint32(HEADER_LENGTH_AT, true);
  if (bodyAt > bytes.byteLength) refuseMessage(`${WHAT}: cut short`);
  const headerBytes = bytes.subarray(HEADER_AT, bodyAt);
  const header = new FieldReader(decodeMessage(headerBytes, WHAT), WHAT);
  const shard = header.text();
  const origin = header.origin();
  const firstSequence = header.sequence();
  const count = header.integer();
  header.end();
  if (count < 1 || !isSequence(firstSequence + count - 1)) refuseMessage(`${WHAT}: ${count} operations`);
  return { shard, origin, firstSequence, rows: decodeRows(bytes, view, bodyAt, count) };
}

/** The operations of a batch. Throws `corrupt`. */
export function decodeBatchOperations(batch: Batch): Operation[] {
  return batch.rows.map((row, at) => decodeOperation(batch.shard, batch.origin, batch.firstSequence + at, row));
}

function decodeRows(bytes: Uint8Array, view: DataView, bodyAt: number, count: number): Uint8Array[] {
  const rows: Uint8Array[] = [];
  let at = bodyAt;
  for (let row = 0; row < count; row += 1) {
    if (at + 4 > bytes.byteLength) refuseMessage(`${WHAT}: cut short`);
    const end = at + 4 + view.getUint32(at, true);
    if (end > bytes.byteLength) refuseMessage(`${WHAT}: cut short`);
    rows.push(bytes.subarray(at + 4, end));
    at = end;
  }
  if (at !== bytes.byteLength) refuseMessage(`${WHAT}: bytes left over`);
  return rows;
}
