// Digest of the graph as a set: a commutative sum over nodes of a hash of what each is and links to, by dots. Equal graphs have
// equal digests on every replica, whatever their slots and list orders.
import { DEAD, H, LINKED, S, dotOf, levelIn, listOf, scratch, stateOf, word } from "./layout";
import { mix64 } from "./dots";

/** Two u64 sums to S.OUT. */
export function digest(): void {
  let first: u64 = 0, second: u64 = 0;
  for (let slot: u32 = 0, end = load<u32>(H.NEXT_SLOT); slot < end; slot++) {
    const state = stateOf(slot);
    if (!(state & LINKED)) continue;
    let edges: u64 = 0;
    for (let level: u32 = 0; level <= levelIn(state); level++) {
      const list = listOf(slot, level), salt = mix64(level + 1);
      for (let i: u32 = 1, n = load<u32>(list); i <= n; i++) edges += mix64(dotOf(load<u32>(word(list, i))) ^ salt);
    }
    const node = mix64(mix64(dotOf(slot)) + edges + u64(state & DEAD ? 1 : 0));
    first += node;
    second += mix64(node ^ 0x9e3779b97f4a7c15);
  }
  store<u64>(scratch + S.OUT, first);
  store<u64>(scratch + S.OUT, second, 8);
}
