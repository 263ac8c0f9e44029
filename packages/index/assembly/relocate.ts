// Addresses of a graph whose upper lists and blocks came from another place of the memory: of an image that was made where they began
// elsewhere. Everything else is named by slots and stays. Writer only, before anybody else is attached.
import { BLOCK_CLASSES, LEVEL_MAX } from "../src/vector-index/graph-limits";
import { H, LINKED, OVERFLOW, atUpper, capacity, levelIn, listOf, metaOf } from "./layout";

let end: u32 = 0;

// @ts-ignore: decorator
@inline function isInside(address: u32): bool { return address >= <u32>atUpper && address < end; }

/** Moves the address at a place; false when it leads elsewhere. 0 is none. */
function move(place: usize, by: u32): bool {
  const address = load<u32>(place);
  if (!address) return true;
  store<u32>(place, address + by);
  return isInside(address + by);
}
/** Moves every address of a chain, the next of each at so many bytes in it. */
function moveChain(head: usize, next: usize, by: u32): bool {
  let place = head;
  // no chain has more links than there are 8 bytes
  for (let left = (end - <u32>atUpper) >> 3; load<u32>(place); left--) {
    if (!left || !move(place, by)) return false;
    place = <usize>load<u32>(place) + next;
  }
  return true;
}
function moveList(list: usize, by: u32): bool {
  const head = load<u32>(list);
  if (!(head & OVERFLOW)) return true;
  const block = (head & ~OVERFLOW) + <u32>(<i32>by >> 4);
  store<u32>(list, OVERFLOW | block);
  return isInside(block << 4);
}
/**
 * Moves all addresses by so many bytes, a multiple of 64, modulo 2^32. Called when an image's regions stand where they belong. False when one of
 * them is none of the graph: the memory is then of no use.
 */
export function relocate(by: u32): bool {
  end = load<u32>(H.UPPER_NEXT) + by;
  if (end < <u32>atUpper) return false;
  store<u32>(H.UPPER_NEXT, end);
  store<u32>(H.CAPACITY, capacity);
  const slots = load<u32>(H.NEXT_SLOT);
  if (slots > capacity) return false;
  for (let level: u32 = 1; level <= LEVEL_MAX; level++) if (!moveChain(H.UPPER_FREE + (<usize>level << 2), 0, by)) return false;
  for (let size: u32 = 0; size < BLOCK_CLASSES; size++) if (!moveChain(H.BLOCKS_FREE + (<usize>size << 2), 4, by)) return false;
  if (!moveChain(H.BLOCKS_RETIRED_HEAD, 4, by) || !move(H.BLOCKS_RETIRED_TAIL, by) || !move(H.TAGS_BLOCK, by)) return false;
  for (let slot: u32 = 0; slot < slots; slot++) {
    const meta = metaOf(slot), level = levelIn(meta.state);
    if (level && meta.upper) {
      meta.upper += by;
      if (!isInside(meta.upper)) return false;
    }
    // lists of a slot that was given back are not looked at before they are made anew
    if (!(meta.state & LINKED)) continue;
    for (let at: u32 = 0; at <= level; at++) if (!moveList(listOf(slot, at), by)) return false;
  }
  return true;
}
