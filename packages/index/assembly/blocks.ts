// Blocks of memory for what has no place of its own: lists longer than their cap, and the table of tags. Sizes are powers of two; blocks
// are carved from the space of the upper lists, and reused once no search can be in them. Writer only.
//
//   block  u32 size class, u32 next (free list, retired queue), u32 epoch when retired, u32 members (of a list), then the contents
import { BLOCK_CLASSES } from "../src/vector-index/graph-limits";
import { H, NONE } from "./layout";
import { advanceEpoch, oldestEpoch } from "./epoch";

export const BLOCK_HEAD: usize = 16;
const SMALLEST: usize = 64;
const END: u32 = 0xffff0000;

// @ts-ignore: decorator
@inline function bytesOf(sizeClass: u32): usize { return SMALLEST << sizeClass; }
function classFor(bytes: usize): u32 {
  let sizeClass: u32 = 0;
  while (bytesOf(sizeClass) < bytes) sizeClass++;
  return sizeClass;
}
/** Bytes of a block, its head included. */
export function blockBytes(block: usize): usize { return bytesOf(load<u32>(block)); }
/** Are there still so many bytes for blocks? Asked before an operation begins, so that none fails halfway. */
export function hasRoom(bytes: usize): bool { return <u64>load<u32>(H.UPPER_NEXT) + bytes < <u64>END; }
/** Bytes that a block for so many bytes of contents takes, wherever the last one ended. */
export function roomForBlock(contents: usize): usize { return bytesOf(classFor(contents + BLOCK_HEAD)) + 16; }

/** A block for this many bytes of contents. */
export function takeBlockFor(contents: usize): usize {
  const sizeClass = classFor(contents + BLOCK_HEAD), head = H.BLOCKS_FREE + (<usize>sizeClass << 2);
  if (sizeClass >= BLOCK_CLASSES) unreachable();
  if (!load<u32>(head)) reclaimBlocks();
  let block = <usize>load<u32>(head);
  if (block) store<u32>(head, load<u32>(block, 4));
  else {
    block = <usize>load<u32>(H.UPPER_NEXT) + 15 & ~15;
    // hasRoom was asked before the operation began
    if (block + bytesOf(sizeClass) > <usize>END) unreachable();
    store<u32>(H.UPPER_NEXT, <u32>(block + bytesOf(sizeClass)));
  }
  store<u32>(block, sizeClass);
  return block;
}
/** Give a block back that no reader can be in. */
export function returnBlock(block: usize): void {
  const head = H.BLOCKS_FREE + (<usize>load<u32>(block) << 2);
  store<u32>(block, load<u32>(head), 4);
  store<u32>(head, <u32>block);
}
/** Give a block back once every search inside now has left. */
export function retireBlock(block: usize): void {
  store<u32>(block, 0, 4);
  store<u32>(block, atomic.load<u32>(H.EPOCH), 8);
  const tail = <usize>load<u32>(H.BLOCKS_RETIRED_TAIL);
  if (tail) store<u32>(tail, <u32>block, 4);
  else store<u32>(H.BLOCKS_RETIRED_HEAD, <u32>block);
  store<u32>(H.BLOCKS_RETIRED_TAIL, <u32>block);
  advanceEpoch();
}
function reclaimBlocks(): void {
  const safe = oldestEpoch();
  let block = <usize>load<u32>(H.BLOCKS_RETIRED_HEAD);
  while (block && (safe == NONE || load<u32>(block, 8) < safe)) {
    const next = <usize>load<u32>(block, 4);
    returnBlock(block);
    block = next;
  }
  store<u32>(H.BLOCKS_RETIRED_HEAD, <u32>block);
  if (!block) store<u32>(H.BLOCKS_RETIRED_TAIL, 0);
}
