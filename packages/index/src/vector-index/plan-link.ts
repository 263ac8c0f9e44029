import { compareLists, type EdgeList, encodeEdgeDelta } from "./edge-delta.js";
import { decodeGraphDelta, encodeGraphDelta } from "./graph-delta.js";
import type { NodeDot } from "./graph-reader.js";
import type { EdgeDelta, GraphDelta } from "./graph-types.js";
import type { VectorIndex } from "./vector-index.js";

/** The delta of an insert that links nothing: a node of this level is there, and leads nowhere. */
export function unlinkedDelta(index: Pick<VectorIndex, "levelOf">, dot: NodeDot): GraphDelta {
  return encodeGraphDelta(
    dot,
    Array.from({ length: index.levelOf(dot) + 1 }, () => []),
  );
}

/**
 * The links that a node would get if it were inserted now, as changes of lists that are there: for a node whose insert linked nothing. `undefined`:
 * it is not here, it is dead, or there is nobody to link to.
 */
export function planLink(index: VectorIndex, node: NodeDot): EdgeDelta | undefined {
  const slot = index.slotOf(node);
  if (slot === undefined || index.reader.nodeAt(slot).dead) return undefined;
  const vector = index.reader.vectorAt(slot);
  // whoever is dead is nobody's neighbour: so it is not its own
  index.markDead(slot, true);
  let delta: GraphDelta;
  try {
    delta = index.plan(node, vector);
  } finally {
    index.markDead(slot, false);
  }
  const lists: EdgeList[] = [];
  const levels = decodeGraphDelta(node, delta);
  for (const [level, neighbours] of levels.entries()) {
    if (neighbours.length === 0) continue;
    lists.push({ level, dot: node, removed: [], added: neighbours.map(({ dot }) => dot) });
    for (const { dot, add, removed } of neighbours) {
      // a link that is there already is the node's own affair, as where it was linked before
      const gone = removed.filter(({ origin, sequence }) => origin !== node.origin || sequence !== node.sequence);
      if (add || gone.length > 0) lists.push({ level, dot, removed: gone, added: add ? [node] : [] });
    }
  }
  if (lists.length === 0) return undefined;
  return encodeEdgeDelta(lists.sort(compareLists));
}
