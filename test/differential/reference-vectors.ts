// Vectors of a collection, and how they are compared.

export type Numbers = readonly number[];
/** Sorted by index. */
export interface Sparse {
  readonly indices: Numbers;
  readonly values: Numbers;
}
/** Of one kind in each space; a list of numbers stands for a multivector of one part, too. */
export type ModelVector = Numbers | readonly Numbers[] | Sparse;

/** How dense vectors and parts of multivectors are compared. */
export type PartMetric = "Dot" | "Euclid" | "Manhattan";
/** Of dense vectors, of multivectors by their parts, and of sparse ones, without and with the modifier. */
export type ModelMetric = PartMetric | `MaxSim${PartMetric}` | "Sparse" | "Idf";

export const f = Math.fround;
export const isDistance = (metric: ModelMetric) => metric.endsWith("Euclid") || metric.endsWith("Manhattan");
export const isMulti = (metric: ModelMetric) => metric.startsWith("MaxSim");
/** Of multivectors: of their parts. */
export const partMetricOf = (metric: ModelMetric) => metric.replace("MaxSim", "") as PartMetric;
const isSparse = (metric: ModelMetric) => metric === "Sparse" || metric === "Idf";
const partsOf = (vector: ModelVector) => (Array.isArray((vector as Numbers)[0]) ? vector : [vector]) as Numbers[];

const sumOf = (of: (x: number, y: number) => number) => (a: Numbers, b: Numbers) =>
  a.reduce((sum, x, i) => sum + of(x, b[i] as number), 0);
const sums: { readonly [metric in PartMetric]: (a: Numbers, b: Numbers) => number } = {
  Dot: sumOf((x, y) => x * y),
  Euclid: sumOf((x, y) => (x - y) ** 2),
  Manhattan: sumOf((x, y) => Math.abs(x - y)),
};

/** Larger for nearer ones: distances are negated, and by Euclid the squares of those that are answered. */
export function similarityOf(metric: ModelMetric, asked: ModelVector, there: ModelVector): number | undefined {
  const value = rawValueOf(metric, asked, there);
  return value !== undefined && isDistance(metric) ? 0 - value : value;
}

/** What is answered for a similarity. */
export function scoreOf(metric: ModelMetric, similarity: number): number {
  const value = isDistance(metric) ? 0 - similarity : similarity;
  return metric.endsWith("Euclid") ? f(Math.sqrt(value)) : value;
}

/** Of what is asked to what stands there; `undefined`: they have no index in common. */
function rawValueOf(metric: ModelMetric, asked: ModelVector, there: ModelVector): number | undefined {
  if (isMulti(metric)) {
    const of = partMetricOf(metric);
    const nearest = (part: Numbers, sum: (a: Numbers, b: Numbers) => number) => {
      const all = partsOf(there).map((other) => sum(part, other));
      return of === "Dot" ? Math.max(...all) : Math.min(...all);
    };
    return f(partsOf(asked).reduce((sum, part) => sum + nearest(part, sums[of]), 0));
  }
  if (isSparse(metric)) {
    const [one, other] = [asked as Sparse, there as Sparse];
    const shared = one.indices.filter((index) => other.indices.includes(index));
    const valueAt = ({ indices, values }: Sparse, index: number) => values[indices.indexOf(index)] as number;
    if (shared.length === 0) return undefined;
    return shared.reduce((sum, index) => f(sum + f(valueAt(one, index) * valueAt(other, index))), 0);
  }
  const [a, b] = [asked as Numbers, there as Numbers];
  return f(sums[metric as PartMetric](a, b));
}

/** mean(positive), or 2 · mean(positive) − mean(negative); of multivectors all parts, those of negative ones turned around. */
export function averageOf(
  metric: ModelMetric,
  plus: readonly ModelVector[],
  minus: readonly ModelVector[],
): ModelVector {
  const parts = (vectors: readonly ModelVector[]) => vectors.flatMap(partsOf);
  if (isMulti(metric)) return [...parts(plus), ...parts(minus).map((part) => part.map((x) => 0 - x))];
  const mean = (vectors: readonly ModelVector[], at: (vector: ModelVector) => number) =>
    vectors.reduce((sum, vector) => sum + at(vector), 0) / vectors.length;
  const average = (at: (vector: ModelVector) => number) =>
    f(minus.length === 0 ? mean(plus, at) : 2 * mean(plus, at) - mean(minus, at));
  if (!isSparse(metric))
    return (plus[0] as Numbers).map((_, i) => average((vector) => (vector as Numbers)[i] as number));
  const indices = [...new Set([...plus, ...minus].flatMap((vector) => (vector as Sparse).indices))].sort(
    (a, b) => a - b,
  );
  const valueAt = ({ indices: all, values }: Sparse, index: number) => values[all.indexOf(index)] ?? 0;
  return { indices, values: indices.map((index) => average((vector) => valueAt(vector as Sparse, index))) };
}
