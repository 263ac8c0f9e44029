import { crc32 } from "node:zlib";
import { MurmurationError } from "@murmuration/index";
import { withoutPayload, withPayload } from "../operation/apart-payload.js";
import type { LogEntry, PayloadInOperation, ReadOptions } from "./op-log.js";
import { apartChecksum, type OperationPlace, operationChecksum } from "./row-checksums.js";
import { plainBytes } from "./sqlite-points.js";
import type { OperationRow, RowForms } from "./sqlite-statements.js";
import type { WriteStatements } from "./sqlite-write-statements.js";

/** Writes the row of an operation, without its payload where that is kept elsewhere. */
export function putOperation(
  writes: WriteStatements,
  place: OperationPlace,
  bytes: Uint8Array,
  payload: PayloadInOperation | undefined,
): void {
  const { position, shard, origin, sequence } = place;
  if (payload === undefined) {
    writes.append.run(position, shard, origin, sequence, operationChecksum(place, bytes), bytes, 0, 0, 0);
    return;
  }
  const { key, start, end } = payload;
  const rest = withoutPayload(bytes, payload);
  const payloadChecksum = crc32(bytes.subarray(start, end));
  const checksum = apartChecksum(place, rest, { payload: key, payloadAt: start, payloadChecksum });
  writes.append.run(position, shard, origin, sequence, checksum, rest, key, start, payloadChecksum);
}

/** Which statement of `OperationPages` reads what is asked for. */
export function formOf({ leavesPayloadsOut = false }: ReadOptions): "whole" | "apart" {
  return leavesPayloadsOut ? "apart" : "whole";
}

/** The entry of a row of operations, put together with its payload or with an empty one; or what is wrong with it. */
export function entryOfRow(
  file: string,
  forms: RowForms,
  row: OperationRow,
  { leavesPayloadsOut = false }: ReadOptions,
): LogEntry | MurmurationError {
  const { position, shard, origin, sequence } = row;
  const rest = plainBytes(row.bytes);
  const damaged = (what: string) =>
    new MurmurationError("corrupt", `${file}: operation ${origin}:${sequence} of shard ${shard} ${what}`);
  if (!isIntactRow(forms, row, rest)) return damaged("is damaged: the checksum does not match");
  const { payload, payloadAt, payloadChecksum, payloadText } = row;
  if (!payload || payloadAt === null) return { position, shard, origin, sequence, bytes: rest };
  if (leavesPayloadsOut) return { position, shard, origin, sequence, bytes: withPayload(rest, payloadAt, undefined) };
  if (payloadText === null) return damaged("has lost its payload");
  try {
    const bytes = withPayload(rest, payloadAt, payloadText);
    const end = payloadAt + bytes.byteLength - rest.byteLength;
    if (crc32(bytes.subarray(payloadAt, end)) === payloadChecksum) return { position, shard, origin, sequence, bytes };
  } catch (error) {
    if (!(error instanceof MurmurationError)) throw error;
  }
  return damaged("has a payload that is damaged: the checksum does not match");
}

function isIntactRow({ hasPlaces }: RowForms, row: OperationRow, bytes: Uint8Array): boolean {
  const { position, key, origin, sequence, checksum, payload, payloadAt, payloadChecksum } = row;
  const place = { position, shard: key, origin, sequence };
  if (!payload || payloadAt === null || payloadChecksum === null) {
    return checksum === (hasPlaces ? operationChecksum(place, bytes) : crc32(bytes));
  }
  return checksum === apartChecksum(place, bytes, { payload, payloadAt, payloadChecksum });
}
