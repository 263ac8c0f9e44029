import { assert } from "../errors.js";
import type { Sliced } from "../sliced.js";
import type { DenseVector } from "../vector/vector.js";
import { rankNearest, targetVector } from "./nearest.js";
import type { QueryTarget, RecommendNode } from "./query-node.js";
import { without } from "./rank-by-examples.js";
import type { Asked, Ranked } from "./ranked.js";
import { spaceOf, type Views, viewAt } from "./read-view.js";
import { float32 } from "./similarity.js";
import { requireDense } from "./vector-of-space.js";

/** Sums in f64, in the order given, rounded once. */
function meanAt(vectors: readonly DenseVector[], dimension: number): number {
  let sum = 0;
  for (const vector of vectors) sum += vector[dimension] as number;
  return sum / vectors.length;
}

/** mean(positive), or 2 · mean(positive) − mean(negative). */
function average(positive: readonly DenseVector[], negative: readonly DenseVector[]): DenseVector {
  const [first] = positive;
  assert(first !== undefined, "an average has a positive example");
  return first.map((_, dimension) => {
    const plus = meanAt(positive, dimension);
    return float32(negative.length === 0 ? plus : 2 * plus - meanAt(negative, dimension));
  });
}

/** The nearest points to the average of examples, those that are named left out. */
export function* rankByAverage(views: Views, node: RecommendNode, asked: Asked): Sliced<Ranked> {
  const view = viewAt(views, 0);
  const space = spaceOf(view, asked.using);
  const named: number[] = [];
  const vectorOf = (target: QueryTarget): DenseVector => {
    // a vector that is given counts by its length
    if (target.kind === "vector") return requireDense(target.vector);
    const { vector, row } = targetVector(view, space, target, views);
    if (row !== undefined) named.push(row);
    return vector;
  };
  const vector = average(node.positive.map(vectorOf), node.negative.map(vectorOf));
  const matching = yield* without(view, asked.matching, named);
  return yield* rankNearest(views, { kind: "nearest", target: { kind: "vector", vector } }, { ...asked, matching });
}
