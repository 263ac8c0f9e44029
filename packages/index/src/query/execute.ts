import type { Sliced } from "../sliced.js";
import { nearest, type QueryOutcome } from "./nearest.js";
import type { Emit, PointsQuery, ScoredRecord } from "./query.js";
import type { ReadView } from "./read-view.js";

/** The points that a query finds, best first. `lookup` is the view that targets by id take their vectors from. */
export function execute(
  view: ReadView,
  query: PointsQuery,
  emit: Emit<ScoredRecord>,
  lookup: ReadView,
): Sliced<QueryOutcome> {
  const { node } = query;
  switch (node.kind) {
    case "nearest":
      return nearest(view, node, query, emit, lookup);
  }
}
