import { handlesOf } from "../state/open-shard.js";
import type { PointState } from "../state/point-state.js";
import { encodePointState } from "../state/point-state-codec.js";
import type { Shard } from "../state/shard.js";
import { nodesOf } from "../state/shard-graph.js";
import type { WritableShard } from "../state/writable-shard.js";
import type { PointsReconciled, ShardReplaced } from "./change.js";

/** Every point of a shard, tombstones too, payloads in them. */
export function wholeStates(shard: Shard): ShardReplaced["states"] {
  return Array.from(shard.table.states(), (state) => ({ id: state.id, state: encodePointState(state).slice() }));
}

/** What a view, on the thread of this place, is told of a shard that takes the place of the one before. `states` are `wholeStates`. */
export function replacedBy(
  { shard, indexes, rows }: WritableShard,
  states: ShardReplaced["states"],
  viewThread: number | undefined,
): ShardReplaced {
  // the view may come when slots have been used, freed and are wanted again
  if (viewThread !== undefined) for (const index of indexes.values()) index.reader.pinFor(viewThread);
  return {
    kind: "replaced",
    shard: shard.id,
    graphs: handlesOf(indexes),
    nodes: new Map([...indexes].map(([vector, { reader }]) => [vector, nodesOf(reader)])),
    causality: shard.causality.toJson(),
    windows: shard.windows.encode(),
    states,
    readable: rows.readable(),
  };
}

/** What a view is told of points that were mended. */
export function reconciledBy({ id }: Shard, states: readonly PointState[]): PointsReconciled {
  return {
    kind: "reconciled",
    shard: id,
    states: states.map((state) => ({ id: state.id, bytes: encodePointState(state) })),
  };
}
