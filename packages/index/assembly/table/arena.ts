// Extents of memory behind the regions of a table, for what has no place of its own there: chunks of columns, values, postings. Sizes are
// four classes to a doubling; an extent is carved fresh, used again from the free list of its class, or cut from a larger free one. Writer only.
//
//   extent  u32 size class, u32 next (free list, retired queue), u32 epoch from which on no reader comes to it, u32; then the contents
import { H_ARENA_NEXT } from "../../src/segment/layout";
import {
  EXTENT_CLASSES, H_ARENA_END, H_ARENA_FREE, H_ARENA_IN_USE, H_ARENA_RETIRED_HEAD, H_ARENA_RETIRED_TAIL,
} from "../../src/segment/column-layout";
import { after, now, oldestEpoch, reached } from "./epochs";
import { EXTENT_REUSED, isPlantedInColumns } from "./planted";

const HEAD: usize = 16;
const UNIT_SHIFT: u32 = 4;

/** Units of 16 bytes of a class: 0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20 and so on. */
// @ts-ignore: decorator
@inline function unitsOf(sizeClass: u32): u32 {
  return sizeClass < 4 ? sizeClass : 4 + (sizeClass & 3) << (sizeClass >> 2) - 1;
}
/** The largest class of at most so many units. */
function classWithin(units: u32): u32 {
  if (units < 4) return units;
  const log = 31 - clz(units);
  return (log - 1 << 2) + (units >> log - 2) - 4;
}
function classFor(bytes: usize): u32 {
  const units = <u32>(bytes + 15 >> UNIT_SHIFT), below = classWithin(units);
  return unitsOf(below) < units ? below + 1 : below;
}
// @ts-ignore: decorator
@inline function freeListOf(sizeClass: u32): usize { return H_ARENA_FREE + (<usize>sizeClass << 2); }
function pushFree(block: usize, sizeClass: u32): void {
  const list = freeListOf(sizeClass);
  store<u32>(block, sizeClass);
  store<u32>(block, load<u32>(list), 4);
  store<u32>(list, <u32>block);
}
function popFree(sizeClass: u32): usize {
  const list = freeListOf(sizeClass), block = <usize>load<u32>(list);
  if (block) store<u32>(list, load<u32>(block, 4));
  return block;
}
/** The rest of a free extent that was cut, as extents of the largest classes that it holds. */
function freeRest(at: usize, units: u32): void {
  while (units) {
    const sizeClass = classWithin(units), taken = unitsOf(sizeClass);
    pushFree(at, sizeClass);
    at += <usize>taken << UNIT_SHIFT;
    units -= taken;
  }
}
function cutLarger(sizeClass: u32): usize {
  const units = unitsOf(sizeClass);
  for (let larger = sizeClass + 1; larger < EXTENT_CLASSES; larger++) {
    const block = popFree(larger);
    if (!block) continue;
    freeRest(block + (<usize>units << UNIT_SHIFT), unitsOf(larger) - units);
    return block;
  }
  return 0;
}
function carve(sizeClass: u32): usize {
  const bytes = <u64>unitsOf(sizeClass) << UNIT_SHIFT, block = <usize>load<u32>(H_ARENA_NEXT);
  if (<u64>block + bytes > <u64>load<u32>(H_ARENA_END)) return 0;
  store<u32>(H_ARENA_NEXT, <u32>(<u64>block + bytes));
  return block;
}

/** The arena of a fresh memory: nothing is taken of it, up to `end`. */
export function createArena(end: usize): void { store<u32>(H_ARENA_END, <u32>end); }

/** Address of this many bytes, a multiple of 16, all 0 but for two words of an extent that was cut; 0 when the memory is full. */
export function takeExtent(bytes: usize): usize {
  const sizeClass = classFor(bytes + HEAD);
  let block = popFree(sizeClass);
  if (!block && reclaimExtents()) block = popFree(sizeClass);
  if (!block) block = carve(sizeClass);
  if (!block) block = cutLarger(sizeClass);
  if (!block) return 0;
  store<u32>(block, sizeClass);
  store<u32>(H_ARENA_IN_USE, load<u32>(H_ARENA_IN_USE) + (unitsOf(sizeClass) << UNIT_SHIFT));
  return block + HEAD;
}
/** The same, zeroed. */
export function takeZeroed(bytes: usize): usize {
  const extent = takeExtent(bytes);
  if (extent) memory.fill(extent, 0, bytes);
  return extent;
}
/** Bytes of contents that an extent has room for. */
export function roomOf(extent: usize): usize { return (<usize>unitsOf(load<u32>(extent - HEAD)) << UNIT_SHIFT) - HEAD; }
/** Give an extent back that no reader can come to. */
export function returnExtent(extent: usize): void {
  const sizeClass = load<u32>(extent - HEAD);
  assert(sizeClass < EXTENT_CLASSES && load<u32>(H_ARENA_IN_USE) >= unitsOf(sizeClass) << UNIT_SHIFT);
  store<u32>(H_ARENA_IN_USE, load<u32>(H_ARENA_IN_USE) - (unitsOf(sizeClass) << UNIT_SHIFT));
  // what is free holds nothing of what was there: it is part of images, and of what is erased nothing may be left in them
  memory.fill(extent, 0, roomOf(extent));
  pushFree(extent - HEAD, sizeClass);
}
/** Give an extent back that nothing leads to any more, once every reader that may have come to it has gone on to the epoch in work. */
export function retireExtent(extent: usize): void {
  if (isPlantedInColumns(EXTENT_REUSED)) return returnExtent(extent);
  const block = extent - HEAD, tail = <usize>load<u32>(H_ARENA_RETIRED_TAIL);
  store<u32>(block, 0, 4);
  store<u32>(block, after(now()), 8);
  if (tail) store<u32>(tail, <u32>block, 4);
  else store<u32>(H_ARENA_RETIRED_HEAD, <u32>block);
  store<u32>(H_ARENA_RETIRED_TAIL, <u32>block);
}
/** Move retired extents that no reader can be in to the free lists; were there any? */
export function reclaimExtents(): bool {
  let block = <usize>load<u32>(H_ARENA_RETIRED_HEAD);
  if (!block) return false;
  const oldest = oldestEpoch(), first = block;
  while (block && reached(oldest, load<u32>(block, 8))) {
    const next = <usize>load<u32>(block, 4);
    returnExtent(block + HEAD);
    block = next;
  }
  store<u32>(H_ARENA_RETIRED_HEAD, <u32>block);
  if (!block) store<u32>(H_ARENA_RETIRED_TAIL, 0);
  return block != first;
}
/** Are there extents that a reader may be in? */
export function hasRetiredExtents(): bool { return load<u32>(H_ARENA_RETIRED_HEAD) != 0; }
/** Bytes of extents in use, retired ones among them. */
export function arenaBytes(): u32 { return load<u32>(H_ARENA_IN_USE); }
