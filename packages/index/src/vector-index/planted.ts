import { plantedBits } from "../planted-bits.js";
import type { VectorIndex } from "./vector-index.js";

/** Bugs that can be planted in the engine, each with what it does; bits of H.PLANTED in assembly/layout.ts in this order. */
export const plantedIndexBugs = {
  "lowest-slots": "of a list that is too long, walks see the lowest slots instead of the closest",
  "remove-wins": "a removal takes links away that its planner had not seen",
  "purge-forgets-dead": "a purge leaves links to the purged in the lists of dead nodes",
  "add-forgets-tag":
    "a link that is added once more keeps its old tags only, so that a concurrent removal takes it away",
  "entry-stays": "an entry point that dies stays one, so that where a search starts depends on what died when",
  "links-to-dead": "a new node is linked to nodes known to be dead",
} as const;

export type PlantedIndexBug = keyof typeof plantedIndexBugs;

/** Plant bugs, instead of those that are planted; none: the engine is sound. For the simulator, and tests of tests. */
export function plantIndexBugs(index: VectorIndex, bugs: Iterable<PlantedIndexBug>): void {
  index.plant(plantedBits(plantedIndexBugs, bugs));
}
