import { plantedBits } from "../planted-bits.js";
import { H_READS_PLANTED } from "../segment/layout.js";
import type { SegmentHandle } from "../segment/reader.js";
import type { TableEngine } from "../segment/table-engine.js";

/** Bugs that can be planted in the reader's side of a collection, each with what it does; bits of H_READS_PLANTED in this order. */
export const plantedReadBugs = {
  "graphs-not-held": "slots that rows name are used again while the rows are read",
  "slots-are-points": "every candidate of a walk counts as visible",
  "moved-is-gone": "a candidate whose point has another vector at the epoch does not lead to that",
  "entries-ignored": "walks start from one entry while regions are not linked to each other",
} as const;

export type PlantedReadBug = keyof typeof plantedReadBugs;

/** Plant bugs, instead of those that are planted; none: reads are sound. For tests of tests. */
export function plantReadBugs({ memory }: SegmentHandle, bugs: Iterable<PlantedReadBug>): void {
  new Uint32Array(memory.buffer)[H_READS_PLANTED >>> 2] = plantedBits(plantedReadBugs, bugs);
}

/** Is a bug planted? */
export function isPlanted({ u32 }: TableEngine, bug: PlantedReadBug): boolean {
  const planted = u32[H_READS_PLANTED >>> 2] as number;
  return planted !== 0 && (planted & plantedBits(plantedReadBugs, [bug])) !== 0;
}
