// What a thread asks columns with and finds the answer in: an area of its own before the end of the memory, and before all of these one bit for
// each slot of the largest space. None of it is part of an image.
import { MEMORY_END, THREADS_MAX } from "../../src/segment/layout";
import { AREA_BYTES } from "../../src/segment/column-layout";
import { slotCapacity, spaces, thread } from "./regions";

export let area: usize, slotBits: usize, slotBitsBytes: usize;

/** The areas of this thread. Called once its number is known, and the header is there. */
export function deriveArea(): void {
  let most: u32 = 0;
  for (let space: u32 = 0; space < spaces; space++) most = max(most, slotCapacity(space));
  slotBitsBytes = (<usize>most + 7 >> 3) + 63 & ~63;
  area = MEMORY_END - (<usize>thread + 1) * AREA_BYTES;
  slotBits = MEMORY_END - <usize>THREADS_MAX * AREA_BYTES - (<usize>thread + 1) * slotBitsBytes;
}
/** Where the areas of all threads begin. */
export function areasStart(): usize { return MEMORY_END - <usize>THREADS_MAX * (AREA_BYTES + slotBitsBytes); }
/** Where this thread's bits of slots are. */
export function slotBitsAt(): usize { return slotBits; }
