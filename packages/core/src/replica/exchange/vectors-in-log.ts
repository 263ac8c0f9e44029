import { MurmurationError, sameVector, type Vector } from "@murmuration/index";
import type { OpLog } from "../../log/op-log.js";
import { type PointState, visibleDot, visibleVectorNames } from "../../state/point-state.js";
import type { Shard } from "../../state/shard.js";
import type { ShardGraph } from "../../state/shard-graph.js";
import { vectorInLog } from "../../state/vector-files.js";

/** Are a point's vectors in memory those that the log has? `undefined`: they are equal as far as the log goes back. */
export function vectorsAgreeWithLog(log: OpLog, shard: Shard, state: PointState): boolean | undefined {
  let all: true | undefined = true;
  for (const name of visibleVectorNames(state)) {
    const graph = shard.shownGraph(name);
    if (graph === undefined) continue;
    const dot = visibleDot(state, name);
    const slot = dot === undefined ? undefined : graph.slotOf(dot);
    if (dot === undefined || slot === undefined) return false;
    const logged = vectorInLog(log, shard.id, dot, name);
    if (logged === undefined) all = undefined;
    else if (!isStored(graph, slot, logged)) return false;
  }
  return all;
}

function isStored({ reader }: ShardGraph, slot: number, logged: Vector): boolean {
  try {
    return sameVector(logged, reader.vectorAt(slot));
  } catch (error) {
    if (error instanceof MurmurationError) return false;
    throw error;
  }
}
