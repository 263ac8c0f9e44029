// Vectors of a collection, and how they are compared.

export type Numbers = readonly number[];
/** Sorted by index. */
export interface Sparse {
  readonly indices: Numbers;
  readonly values: Numbers;
}
/** Of one kind in each space; a list of numbers stands for a multivector of one part, too. */
export type ModelVector = Numbers | readonly Numbers[] | Sparse;

/** Of dense vectors, of multivectors by dot, and of sparse ones, without and with the modifier. */
export type ModelMetric = "Dot" | "Euclid" | "Manhattan" | "MaxSim" | "Sparse" | "Idf";

export const f = Math.fround;
export const isDistance = (metric: ModelMetric) => metric === "Euclid" || metric === "Manhattan";
const isSparse = (metric: ModelMetric) => metric === "Sparse" || metric === "Idf";
const partsOf = (vector: ModelVector) => (Array.isArray((vector as Numbers)[0]) ? vector : [vector]) as Numbers[];

/** Of what is asked to what stands there; `undefined`: they have no index in common. */
export function scoreOf(metric: ModelMetric, asked: ModelVector, there: ModelVector): number | undefined {
  if (metric === "MaxSim") {
    const most = (part: Numbers) => Math.max(...partsOf(there).map((other) => scoreOf("Dot", part, other) as number));
    return partsOf(asked).reduce((sum, part) => f(sum + most(part)), 0);
  }
  if (isSparse(metric)) {
    const [one, other] = [asked as Sparse, there as Sparse];
    const shared = one.indices.filter((index) => other.indices.includes(index));
    const valueAt = ({ indices, values }: Sparse, index: number) => values[indices.indexOf(index)] as number;
    if (shared.length === 0) return undefined;
    return shared.reduce((sum, index) => f(sum + f(valueAt(one, index) * valueAt(other, index))), 0);
  }
  const [a, b] = [asked as Numbers, there as Numbers];
  const sum = (of: (x: number, y: number) => number) => a.reduce((s, x, i) => s + of(x, b[i] as number), 0);
  if (metric === "Euclid") return f(Math.sqrt(f(sum((x, y) => (x - y) ** 2))));
  if (metric === "Manhattan") return f(sum((x, y) => Math.abs(x - y)));
  return f(sum((x, y) => x * y));
}

/** mean(positive), or 2 · mean(positive) − mean(negative); of multivectors all parts, those of negative ones turned around. */
export function averageOf(
  metric: ModelMetric,
  plus: readonly ModelVector[],
  minus: readonly ModelVector[],
): ModelVector {
  const parts = (vectors: readonly ModelVector[]) => vectors.flatMap(partsOf);
  if (metric === "MaxSim") return [...parts(plus), ...parts(minus).map((part) => part.map((x) => 0 - x))];
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
