import type { StoredPoint } from "../log/op-log.js";
import { handlesOf } from "../state/open-shard.js";
import { encodePointState } from "../state/point-state-codec.js";
import type { Shard } from "../state/shard.js";
import { nodesOf } from "../state/shard-graph.js";
import type { WritableShard } from "../state/writable-shard.js";
import type { ShardReplaced } from "./change.js";

/** Every point of a shard, tombstones too, as the log keeps them. */
export function storedStates(shard: Shard): StoredPoint[] {
  return Array.from(shard.table.states(), (state) => ({ id: state.id, state: encodePointState(state).slice() }));
}

/** What a view, on the thread of this place, is told of a shard that takes the place of the one before. `states` are `storedStates`. */
export function replacedBy(
  { shard, indexes, rows }: WritableShard,
  states: readonly StoredPoint[],
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
