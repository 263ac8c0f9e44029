import { assert, MurmurationError, type Space, type SpacePort } from "@murmuration/index";
import { emptyVersionVector } from "../causality/version-vector.js";

/** Who begins a graph leaves so much of it free: what is written while it is made goes into it too, and stops where that has no room. */
const FREE_SHARE = 1 / 8;

/** Throws `capacity` where a graph of the vectors of this one, with so many links a node, has no room for all nodes, or none for more beside them. */
export function requireRoomForCopy(
  { links: lists, reader }: SpacePort,
  links: number,
  { isFirst }: { readonly isFirst: boolean },
): void {
  if (lists === undefined) return;
  const capacity = lists.capacityWith(links);
  if (reader.linkedCount <= capacity * (isFirst ? 1 - FREE_SHARE : 1)) return;
  const room = `with m ${links} a graph has room for ${capacity} vectors`;
  const wanted = isFirst ? ", of which an eighth is to be free for what is written while it is made" : "";
  throw new MurmurationError("capacity", `${room}, and there are ${reader.linkedCount}${wanted}`, "m");
}

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
