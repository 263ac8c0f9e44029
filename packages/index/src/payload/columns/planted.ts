import { plantedBits } from "../../planted-bits.js";
import { H_COLUMNS_PLANTED } from "../../segment/column-layout.js";
import type { SegmentHandle } from "../../segment/reader.js";

/** Bugs that can be planted in columns, each with what it does; bits of H_COLUMNS_PLANTED in this order. */
export const plantedColumnBugs = {
  "summary-stays": "which rows of a block are visible is not summed up again when one of them changes",
  "older-value": "a row that is used again keeps the value that it had before",
  "sets-stay": "a row that is given back stays in the sets of its column",
  "value-stays": "a row that is given back, by a failed group too, is still counted and posted as one of its value",
  "extent-reused": "memory is used again at once, while readers may be in it",
} as const;

export type PlantedColumnBug = keyof typeof plantedColumnBugs;

/** Plant bugs, instead of those that are planted; none: columns are sound. For tests of tests. */
export function plantColumnBugs({ memory }: SegmentHandle, bugs: Iterable<PlantedColumnBug>): void {
  new Uint32Array(memory.buffer)[H_COLUMNS_PLANTED >>> 2] = plantedBits(plantedColumnBugs, bugs);
}
