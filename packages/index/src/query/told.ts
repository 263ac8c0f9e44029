import type { Sliced } from "../sliced.js";
import type { SearchWatch } from "../vector-index/search-types.js";
import { planOfWalk } from "./plan-recorder.js";
import type { SearchParameters, Source } from "./query.js";
import type { ReadView } from "./read-view.js";

/** A source of a query as it is carried out, and told of. */
export function* toldSource<T>({ watch }: ReadView, source: Source, work: Sliced<T>): Sliced<T> {
  if (watch === undefined) return yield* work;
  watch.plan.begin(source);
  try {
    return yield* work;
  } finally {
    watch.plan.end();
  }
}

/** What a search of a graph is told to whoever watches the read; `undefined`: nobody does. */
export function searchWatchOf({ watch }: ReadView, parameters: SearchParameters): SearchWatch | undefined {
  if (watch === undefined) return undefined;
  const { plan, isDry } = watch;
  return {
    isDry,
    decided: (decision) => {
      // that they are compared with all follows from the prefetches, and is told by them
      if (parameters.isPrefetched !== true) plan.decided(planOfWalk(decision, parameters.isWithoutGraph));
    },
    walked: (met, least) => plan.walked(met, least),
    ranksAgain: () => watch.enter("rerank"),
    comparesAll: () => {
      plan.comparedAll();
      watch.enter("walk");
    },
  };
}
