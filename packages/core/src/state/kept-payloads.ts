import type { Payload } from "@murmuration/index";
import { compareStamps } from "../causality/hybrid-clock.js";
import type { Operation } from "../operation/operation.js";
import { pointsOf } from "../operation/points-of.js";
import type { PointState } from "./point-state.js";
import type { PointTable } from "./point-table.js";

/** Does an operation leave something of a point's payload? */
function leavesSome({ payloadStamp, fieldStamps }: PointState, operation: Operation): boolean {
  const { kind, time, origin } = operation;
  const isWhole = kind === "upsert" || kind === "delete" || kind === "overwrite-payload" || kind === "clear-payload";
  if (!isWhole) return true;
  return Object.keys(fieldStamps).length > 0 || compareStamps(payloadStamp, { time, origin }) > 0;
}

/**
 * Reads the payloads of which an operation leaves something, before it is applied. Throws `corrupt` or `storage` for one that cannot be had, and for
 * a point whose row cannot be.
 */
export function readKeptPayloads(table: PointTable, operation: Operation): Payload[] {
  return pointsOf(operation).flatMap((id) => {
    const state = table.state(id);
    return state !== undefined && leavesSome(state, operation) ? [state.payload] : [];
  });
}
