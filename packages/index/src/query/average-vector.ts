import { assert, MurmurationError } from "../errors.js";
import type { Sliced } from "../sliced.js";
import {
  type DenseVector,
  isDense,
  isSparse,
  type MultiVector,
  multiLimits,
  type SparseVector,
  type Vector,
} from "../vector/vector.js";
import { float32 } from "../vector-index/search-types.js";
import { rankNearest, targetOf } from "./nearest.js";
import type { QueryTarget, RecommendNode } from "./query-node.js";
import { without } from "./rank-by-examples.js";
import type { Asked, Ranked } from "./ranked.js";
import { spaceOf, type Views, viewAt } from "./read-view.js";
import { vectorOfSpace } from "./vector-of-space.js";

/** How many vectors there are of each kind. */
interface Counts {
  readonly plus: number;
  readonly minus: number;
}

/** mean(positive), or 2 · mean(positive) − mean(negative). Sums are f64, in the order given, and rounded once. */
function combined({ plus, minus }: Counts, plusSum: number, minusSum: number): number {
  return float32(minus === 0 ? plusSum / plus : 2 * (plusSum / plus) - minusSum / minus);
}

function averageOfDense(positive: readonly DenseVector[], negative: readonly DenseVector[]): DenseVector {
  const sumAt = (vectors: readonly DenseVector[], dimension: number): number => {
    let sum = 0;
    for (const vector of vectors) sum += vector[dimension] as number;
    return sum;
  };
  const [first] = positive;
  assert(first !== undefined, "an average has a positive example");
  const counts = { plus: positive.length, minus: negative.length };
  return first.map((_, dimension) => combined(counts, sumAt(positive, dimension), sumAt(negative, dimension)));
}

/** At every index that any of them has; a 0 that they come to is kept. */
function averageOfSparse(positive: readonly SparseVector[], negative: readonly SparseVector[]): SparseVector {
  const sums = new Map<number, [number, number]>();
  for (const [side, vectors] of [positive, negative].entries()) {
    for (const { indices, values } of vectors) {
      for (const [i, index] of indices.entries()) {
        const sum = sums.get(index) ?? [0, 0];
        sum[side] = (sum[side] as number) + (values[i] as number);
        sums.set(index, sum);
      }
      if (sums.size > averageMax) throw tooMany("indices");
    }
  }
  const counts = { plus: positive.length, minus: negative.length };
  const indices = Uint32Array.from(sums.keys()).sort();
  const values = Float32Array.from(indices, (index) => combined(counts, ...(sums.get(index) as [number, number])));
  return { kind: "sparse", indices, values };
}

/** Not a mean: the parts of all of them, those of negative ones with the opposite sign. */
function averageOfMulti(positive: readonly MultiVector[], negative: readonly MultiVector[]): MultiVector {
  const [first] = positive;
  assert(first !== undefined, "an average has a positive example");
  const length = [...positive, ...negative].reduce((sum, { values }) => sum + values.length, 0);
  if (length > averageMax) throw tooMany("numbers");
  const values = new Float32Array(length);
  let at = 0;
  for (const vector of positive) {
    values.set(vector.values, at);
    at += vector.values.length;
  }
  for (const vector of negative) {
    values.set(
      vector.values.map((value) => 0 - value),
      at,
    );
    at += vector.values.length;
  }
  return { ...first, values };
}

/** Indices, or numbers of parts, that the examples of one average have together. */
const averageMax = multiLimits.valuesMax;

function tooMany(what: string): MurmurationError {
  return new MurmurationError("wrong-input", `the examples have more than ${averageMax} ${what} together`, "query");
}

function average(positive: readonly Vector[], negative: readonly Vector[]): Vector {
  if (positive.every(isDense)) return averageOfDense(positive, negative.filter(isDense));
  if (positive.every(isSparse)) return averageOfSparse(positive, negative.filter(isSparse));
  return averageOfMulti(positive as readonly MultiVector[], negative as readonly MultiVector[]);
}

/** The nearest points to the average of examples, those that are named left out. */
export function* rankByAverage(views: Views, node: RecommendNode, asked: Asked): Sliced<Ranked> {
  const view = viewAt(views, 0);
  const space = spaceOf(view, asked.using);
  const named: number[] = [];
  const vectorOf = (target: QueryTarget): Vector => {
    // a vector that is given counts by its length
    if (target.kind === "vector") return vectorOfSpace(target.vector, space);
    const { vector, row } = targetOf(view, space, target, views);
    if (row !== undefined) named.push(row);
    return vector;
  };
  const vector = average(node.positive.map(vectorOf), node.negative.map(vectorOf));
  const matching = yield* without(view, asked.matching, named);
  return yield* rankNearest(views, { kind: "nearest", target: { kind: "vector", vector } }, { ...asked, matching });
}
