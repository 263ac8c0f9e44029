import { MurmurationError, type PointId } from "@murmuration/index";
import { compareStamps } from "../../causality/hybrid-clock.js";
import type { OpLog, StoredPayload } from "../../log/op-log.js";
import type { PointState } from "../../state/point-state.js";
import { encodeStoredPayload } from "../../state/point-state-codec.js";
import type { PointTable } from "../../state/point-table.js";
import type { Shard } from "../../state/shard.js";

/** Can the payload of a key be read? */
export function isSoundPayload(log: OpLog, shard: string, key: number): boolean {
  try {
    return log.payload(shard, key) !== undefined;
  } catch (error) {
    if (error instanceof MurmurationError) return false;
    throw error;
  }
}

/**
 * Payloads that cannot be read here, of points that another replica has as they were: under the keys that they have, so that the operations which had
 * them have them again.
 */
export function lostPayloads(
  log: OpLog,
  { id: shard, table }: Shard,
  states: readonly PointState[],
): (StoredPayload & { readonly id: PointId })[] {
  return states.flatMap((state) => {
    const { id, payload } = state;
    const before = stateBefore(table, id);
    if (before === undefined || before.key === 0 || isSoundPayload(log, shard, before.key)) return [];
    const isSame = compareStamps(before.state.payloadStamp, state.payloadStamp) === 0;
    const areWhole = [before.state, state].every(({ fieldStamps }) => Object.keys(fieldStamps).length === 0);
    return isSame && areWhole ? [{ id, key: before.key, bytes: encodeStoredPayload(payload) }] : [];
  });
}

/** `undefined`: the log has not got it, or it cannot be read. */
function stateBefore(table: PointTable, id: PointId): { readonly state: PointState; readonly key: number } | undefined {
  try {
    const state = table.isPayloadNew(id) ? undefined : table.state(id);
    return state && { state, key: table.payloadKeyOf(id) };
  } catch (error) {
    if (error instanceof MurmurationError) return undefined;
    throw error;
  }
}
