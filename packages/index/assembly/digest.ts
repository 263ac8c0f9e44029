// Digest of the graph as a set: a commutative sum over nodes of a hash of what each is and links to, by dots. Equal graphs have
// equal digests on every replica, whatever their slots and list orders.
import { DEAD, H, LINKED, S, dotOf, levelIn, listOf, scratch, stateOf, word } from "./layout";
import { mix64 } from "./dots";
import { effective, sizeOf } from "./lists";

/** Hash of a node and its links; of all members of its lists, or of the effective ones. */
function nodeHash(slot: u32, all: bool): u64 {
  const state = stateOf(slot);
  let edges: u64 = 0;
  for (let level: u32 = 0; level <= levelIn(state); level++) {
    const place = listOf(slot, level), list = effective(place), salt = mix64(level + 1), n = all ? sizeOf(place) : load<u32>(list);
    for (let i: u32 = 1; i <= n; i++) edges += mix64(dotOf(load<u32>(word(list, i))) ^ salt);
  }
  return mix64(mix64(dotOf(slot)) + edges + u64(state & DEAD ? 1 : 0));
}
/** Hash of a linked node, two words to S.OUT, for digests of parts of the graph. */
export function digestNode(slot: u32): void {
  store<u64>(scratch + S.OUT, stateOf(slot) & LINKED ? nodeHash(slot, true) : 0);
}
/** Two u64 sums to S.OUT. */
export function digest(all: bool): void {
  let first: u64 = 0, second: u64 = 0;
  for (let slot: u32 = 0, end = load<u32>(H.NEXT_SLOT); slot < end; slot++) {
    if (!(stateOf(slot) & LINKED)) continue;
    const node = nodeHash(slot, all);
    first += node;
    second += mix64(node ^ 0x9e3779b97f4a7c15);
  }
  store<u64>(scratch + S.OUT, first);
  store<u64>(scratch + S.OUT, second, 8);
}
