import type { PlannedGraph, Planner } from "@murmuration/core";
import { attachFinder, type CandidateFinder } from "@murmuration/index";
import { Random } from "./random.js";

/** Vectors of one group, by the number of planners. */
const GROUP_SIZES: readonly number[] = [1, 4, 16];
/** Most planners of a replica. */
export const PLANNERS_MAX = GROUP_SIZES.length;
/** Places on a graph's memory, from here on. */
const FIRST_PLACE = 2;

/** How many planners the replicas of a seed have: drawn apart, so that nothing else of the seed changes with it. */
export function plannersOf(seed: number): number {
  return new Random(seed).fork("planners").between(1, PLANNERS_MAX);
}

/** Planners that take turns at a group's vectors, each with an instance of its own on the graph's memory, as threads would have. */
export function simulatedPlanner(planners: number): Planner {
  const finders = new WeakMap<PlannedGraph, readonly Pick<CandidateFinder, "find">[]>();
  const findersOf = (index: PlannedGraph) => {
    let some = finders.get(index);
    if (some === undefined) {
      const others = Array.from({ length: planners - 1 }, (_, i) => attachFinder(index.handle(), FIRST_PLACE + i));
      some = [{ find: (dot, vector) => index.inserts.candidates(dot, vector) }, ...others];
      finders.set(index, some);
    }
    return some;
  };
  return {
    groupSize: GROUP_SIZES[planners - 1] as number,
    candidates: (index, inserts) => {
      const some = findersOf(index);
      return inserts.map(({ dot, values }, i) => some[i % some.length]?.find(dot, values));
    },
  };
}
