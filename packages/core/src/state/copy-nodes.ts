import { assert, MurmurationError, type Space } from "@murmuration/index";
import { emptyVersionVector } from "../causality/version-vector.js";

/**
 * Put the nodes of one graph of a vector into another one, which is empty: each with its vector and its mark of death, linked to nobody. What is known
 * of them is the same in all graphs of a vector (`vector-graphs.ts`). Throws `capacity`, and `corrupt` or `storage` where a vector in a file cannot be read.
 */
export function copyNodes(from: Space, to: Space): void {
  const { links } = to;
  assert(links !== undefined && to.reader.linkedCount === 0, "nodes are copied into an empty graph");
  for (let slot = 0, end = from.reader.slotCount; slot < end; slot++) {
    const { linked, dead } = from.reader.nodeAt(slot);
    if (!linked) continue;
    const dot = from.reader.dotAt(slot);
    if (to.reader.linkedCount >= to.capacity)
      throw new MurmurationError("capacity", "the other graph has no room for all vectors");
    const copied = to.insert(dot, from.reader.vectorAt(slot), links.unlinked(dot), emptyVersionVector);
    if (dead) to.markDead(copied, true);
    if (from.reader.isVisible(slot)) to.reader.show(copied);
  }
}
