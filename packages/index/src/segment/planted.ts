import { plantedBits } from "../planted-bits.js";
import { H_PLANTED } from "./layout.js";
import type { SegmentHandle } from "./reader.js";

/** Bugs that can be planted in a table, each with what it does; bits of H_PLANTED in this order. */
export const plantedTableBugs = {
  "publish-early": "new rows are visible at the epoch of now, before their group is published",
  "hidden-early": "rows that a group replaces or deletes are hidden at once, before that is durable",
  "reuse-without-pins": "rows are given back without looking at what epochs threads are at",
  "older-not-followed": "a reader that meets a row of a later epoch does not look at the one before it",
  "hidden-stays": "a group that is taken back leaves the points hidden that it was to delete",
  "slot-not-checked": "a point is found at the slot of a vector that its visible version does not have",
} as const;

export type PlantedTableBug = keyof typeof plantedTableBugs;

/** Plant bugs, instead of those that are planted; none: the table is sound. For tests of tests, and the simulator. */
export function plantTableBugs({ memory }: SegmentHandle, bugs: Iterable<PlantedTableBug>): void {
  new Uint32Array(memory.buffer)[H_PLANTED >>> 2] = plantedBits(plantedTableBugs, bugs);
}
