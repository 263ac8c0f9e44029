import { MurmurationError, type PointId } from "@murmuration/index";
import { compareStamps } from "../../causality/hybrid-clock.js";
import type { PayloadInOperation } from "../../log/op-log.js";
import { type PayloadSpan, withoutPayload, withPayload } from "../../operation/apart-payload.js";
import { payloadSpanOf } from "../../operation/codec.js";
import type { Operation } from "../../operation/operation.js";
import { encodeStoredPayload } from "../../state/point-state-codec.js";
import type { Shard } from "../../state/shard.js";

/**
 * The payload of an operation that is as well that of the point which it has made, and that is yet to be written with it: it need not be on the disk
 * twice. `ids`: points that are written with the operation.
 */
export function sharedPayload(
  { table }: Shard,
  operation: Operation,
  bytes: Uint8Array,
  ids: Iterable<PointId>,
): PayloadInOperation | undefined {
  if (operation.kind !== "upsert" || !includes(ids, operation.id)) return undefined;
  const { id, time, origin, payload } = operation;
  const state = table.state(id);
  // another operation of the group may have written another one since
  if (state === undefined || compareStamps(state.payloadStamp, { time, origin }) !== 0) return undefined;
  if (state.payload !== payload || !table.isPayloadNew(id)) return undefined;
  const span = payloadSpanOf(operation, bytes);
  if (span === undefined || !comesBack(bytes, span, encodeStoredPayload(payload))) return undefined;
  return { ...span, key: table.payloadKeyOf(id) };
}

/** Does the text that a payload is kept as give the operation's bytes again? What is durable can be applied: one that does not stays in its row. */
function comesBack(bytes: Uint8Array, span: PayloadSpan, text: Uint8Array): boolean {
  try {
    return Buffer.compare(withPayload(withoutPayload(bytes, span), span.start, text), bytes) === 0;
  } catch (error) {
    if (error instanceof MurmurationError) return false;
    throw error;
  }
}

function includes(ids: Iterable<PointId>, wanted: PointId): boolean {
  for (const id of ids) if (id === wanted) return true;
  return false;
}
