import { crc32 } from "node:zlib";
import { MurmurationError } from "@murmuration/index";
import { withoutPayload, withPayload } from "../operation/apart-payload.js";
import { isPlanted } from "../planted.js";
import type { MemoryPayloads } from "./memory-payloads.js";
import type { LogEntry, PayloadInOperation, ReadOptions } from "./op-log.js";

/** An operation as a `MemoryOpLog` keeps it. */
export interface MemoryOperation extends LogEntry {
  /** What is not in `bytes`, and where it belongs. */
  readonly payload: { readonly key: number; readonly at: number; readonly checksum: number } | undefined;
}

/** A row of a copy of the operation's bytes. */
export function operationRow(entry: LogEntry, payload: PayloadInOperation | undefined): MemoryOperation {
  if (payload === undefined) return { ...entry, bytes: entry.bytes.slice(), payload: undefined };
  const { key, start: at, end } = payload;
  const checksum = crc32(entry.bytes.subarray(at, end));
  return { ...entry, bytes: withoutPayload(entry.bytes, payload), payload: { key, at, checksum } };
}

/** The operation with its payload. `undefined` where that is damaged and somebody was told; throws `corrupt` where there is nobody. */
export function readOperation(
  payloads: MemoryPayloads,
  operation: MemoryOperation,
  { leavesPayloadsOut = false, onDamaged }: Pick<ReadOptions, "leavesPayloadsOut" | "onDamaged">,
): LogEntry | undefined {
  const { position, shard, origin, sequence, payload } = operation;
  if (payload === undefined) return operation;
  const { key, at, checksum } = payload;
  const entryWith = (text: Uint8Array | undefined): LogEntry => {
    return { position, shard, origin, sequence, bytes: withPayload(operation.bytes, at, text) };
  };
  if (leavesPayloadsOut) return entryWith(undefined);
  try {
    const isOther = isPlanted("payload-of-another");
    const text = payloads.read(shard, isOther ? payloads.another(shard, key) : key);
    const entry = text && entryWith(text);
    const end = at + (entry?.bytes.byteLength ?? 0) - operation.bytes.byteLength;
    const isIntact = entry !== undefined && crc32(entry.bytes.subarray(at, end)) === checksum;
    if (entry !== undefined && (isIntact || isOther)) return entry;
    const what = `operation ${origin}:${sequence} of shard ${shard} has lost its payload`;
    throw new MurmurationError("corrupt", what);
  } catch (error) {
    if (onDamaged === undefined || !(error instanceof MurmurationError)) throw error;
    onDamaged(operation, error);
    return undefined;
  }
}
