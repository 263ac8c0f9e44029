import fc from "fast-check";
import type { Body, Example, Form, Model, ModelPoint, Pair } from "./reference.js";
import type { ModelMetric, ModelVector } from "./reference-vectors.js";

/** Sizes of the vectors of a collection, by name: dense ones, and multivectors. `words` are sparse. */
export const dimensions = { "": 3, other: 2, parts: 2 } as const;
const names = ["", "other", "parts", "words"] as const;
type Name = (typeof names)[number];

/** Numbers of which every sum and product that is asked for is a float32, in whichever order it is added up. */
const component = fc.integer({ min: -6, max: 6 });
const dense = (size: number) => fc.array(component, { minLength: size, maxLength: size });
const sparse = fc
  .uniqueArray(fc.nat({ max: 7 }), { maxLength: 4 })
  .chain((indices) =>
    fc.record({ indices: fc.constant(indices.sort((a, b) => a - b)), values: dense(indices.length) }),
  );
const parts = fc.array(dense(dimensions.parts), { minLength: 1, maxLength: 3 });

/** As it is stored. */
function vectorOf(name: Name): fc.Arbitrary<ModelVector> {
  if (name === "words") return sparse;
  return name === "parts" ? parts : dense(dimensions[name]);
}

const point = fc.record({
  vector: vectorOf(""),
  other: fc.option(vectorOf("other"), { nil: undefined, freq: 4 }),
  parts: fc.option(vectorOf("parts"), { nil: undefined, freq: 4 }),
  words: fc.option(vectorOf("words"), { nil: undefined, freq: 6 }),
  tag: fc.constantFrom("red", "blue", "green"),
  n: fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 2 }),
  m: fc.option(fc.integer({ min: -3, max: 3 }), { nil: undefined }),
});

const metric = fc.constantFrom<ModelMetric>("Dot", "Euclid", "Manhattan");

/** A collection: its points, some of which were written again. */
export const model: fc.Arbitrary<Model> = fc
  .record({
    metrics: fc.record({
      "": metric,
      other: metric,
      parts: fc.constantFrom<ModelMetric>("MaxSimDot", "MaxSimEuclid", "MaxSimManhattan"),
      words: fc.constantFrom<ModelMetric>("Sparse", "Idf"),
    }),
    points: fc.array(point, { minLength: 4, maxLength: 30 }),
    order: fc.array(fc.nat({ max: 1_000 }), { minLength: 30, maxLength: 30 }),
  })
  .map(({ metrics, points, order }) => {
    const ids = points
      .map((_, i) => i + 1)
      .sort((a, b) => (order[a - 1] as number) - (order[b - 1] as number) || a - b);
    return {
      metrics,
      points: ids.map((id, place): ModelPoint => {
        const { vector, tag, n, m, ...others } = points[id - 1] as (typeof points)[number];
        const vectors: { [name: string]: ModelVector } = { "": vector };
        for (const [name, one] of Object.entries(others)) if (one !== undefined) vectors[name] = one;
        const written = Object.fromEntries(names.map((name) => [name, place]));
        return { id, vectors, written, tag, n, m };
      }),
    };
  });

/** Points that have a vector of this name, at least one. */
const having = ({ points }: Model, name: Name) =>
  points.filter(({ vectors }) => vectors[name] !== undefined).map(({ id }) => id);

function exampleOf(of: Model, name: Name): fc.Arbitrary<Example> {
  const ids = having(of, name);
  // one part stands for a multivector
  const one: fc.Arbitrary<Example> = name === "parts" ? dense(dimensions.parts) : vectorOf(name);
  const vector: fc.Arbitrary<Example> = fc.oneof({ weight: 3, arbitrary: vectorOf(name) }, one);
  return ids.length === 0 ? vector : fc.oneof(vector, fc.constantFrom(...ids));
}

/** One, two or four examples: their mean is a float32. */
const someOf = (example: fc.Arbitrary<Example>, least: 0 | 1) =>
  fc
    .tuple(
      fc.constantFrom(...([0, 1, 2, 4] as const).filter((count) => count >= least)),
      fc.array(example, { minLength: 4, maxLength: 4 }),
    )
    .map(([count, examples]) => examples.slice(0, count));

const quarter = fc.integer({ min: -8, max: 8 }).map((x) => x / 4);

const term = fc.letrec<{ term: unknown }>((tie) => ({
  term: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof(
      quarter,
      fc.constantFrom("$score", "$score[1]", "m"),
      fc.constantFrom("red", "blue").map((value) => ({ key: "tag", match: { value } })),
    ),
    fc.record({ sum: fc.array(tie("term"), { maxLength: 3 }) }),
    fc.record({ mult: fc.array(tie("term"), { maxLength: 3 }) }),
    fc.record({ neg: tie("term") }),
    fc.record({ abs: tie("term") }),
    fc.record({ div: fc.record({ left: tie("term"), right: tie("term"), by_zero_default: quarter }) }),
    fc
      .tuple(
        fc.constantFrom("lin_decay", "exp_decay", "gauss_decay"),
        tie("term"),
        tie("term"),
        fc.constantFrom(0.5, 2, 10),
      )
      .map(([kind, x, target, scale]) => ({ [kind]: { x, target, scale, midpoint: 0.25 } })),
  ),
})).term;

function pairOf(example: fc.Arbitrary<Example>): fc.Arbitrary<Pair> {
  return fc.record({ positive: example, negative: example });
}

/** Forms that compare points with vectors of this name. */
function vectorForm(of: Model, name: Name): fc.Arbitrary<Form> {
  const example = exampleOf(of, name);
  const context = fc.array(pairOf(example), { minLength: 1, maxLength: 3 });
  const strategy = fc.constantFrom("average_vector", "best_score", "sum_scores");
  const recommend = fc
    .record({ positive: someOf(example, 1), negative: someOf(example, 0), strategy })
    .map((recommended) => ({ recommend: recommended }));
  const feedback = fc.array(fc.record({ example, score: quarter }), { maxLength: 3 });
  const naive = fc.record({ a: quarter, b: fc.constantFrom(0, 0.5, 1, 2), c: quarter });
  return fc.oneof(
    example,
    fc.record({
      nearest: example,
      mmr: fc.record({
        diversity: fc.constantFrom(0, 0.25, 0.5, 1),
        candidates_limit: fc.integer({ min: 1, max: 12 }),
      }),
    }),
    recommend as fc.Arbitrary<Form>,
    fc.record({ target: example, context }).map((discover) => ({ discover })),
    context.map((pairs) => ({ context: pairs })),
    fc
      .record({ target: example, feedback, strategy: fc.record({ naive }) })
      .map((given) => ({ relevance_feedback: given })),
  );
}

const order = fc
  .constantFrom("asc", "desc")
  .map((direction) => ({ order_by: { key: "n", direction } })) as fc.Arbitrary<Form>;

function fusionOf(count: number): fc.Arbitrary<Form> {
  const weights = fc.array(fc.constantFrom(1, 3, 0.5, 0, -1), { minLength: count, maxLength: count });
  return fc.oneof(
    fc.constantFrom<Form>({ fusion: "rrf" }, { fusion: "dbsf" }),
    fc.record({ k: fc.constantFrom(1, 2, 60), weights }).map((rrf) => ({ rrf })),
    term.map((formula) => ({ formula })),
  );
}

const limits = fc.integer({ min: 1, max: 12 });
const filter = fc.constantFrom("red", "blue").map((value) => ({ must: [{ key: "tag", match: { value } }] }) as const);
const sometimes = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });

/** Queries of a collection, with prefetches down to this depth. */
export function bodyOf(of: Model, depth: number): fc.Arbitrary<Body> {
  const inner = depth === 0 ? fc.constant([]) : fc.array(bodyOf(of, depth - 1), { maxLength: 3 });
  return fc.tuple(inner, fc.constantFrom(...names)).chain(([prefetch, using]) => {
    const compared = vectorForm(of, using).map((query) => ({ query, using }));
    const ordered = order.map((query) => ({ query }));
    const form: fc.Arbitrary<Pick<Body, "query" | "using" | "score_threshold">> =
      prefetch.length === 0
        ? fc.oneof({ weight: 6, arbitrary: compared }, ordered, fc.constant({}))
        : fc.oneof(compared, ordered, { weight: 2, arbitrary: fusionOf(prefetch.length).map((query) => ({ query })) });
    return fc.record({ form, limit: limits, filter: sometimes(filter), threshold: sometimes(quarter) }).map(
      ({ form: { query, ...rest }, limit, filter: given, threshold }): Body => ({
        ...rest,
        limit,
        ...(query === undefined ? {} : { query }),
        ...(prefetch.length === 0 ? {} : { prefetch }),
        ...(given === undefined ? {} : { filter: given }),
        ...(threshold === undefined || query === undefined || isOrder(query) ? {} : { score_threshold: threshold }),
      }),
    );
  });
}

function isOrder(query: Form): boolean {
  return typeof query === "object" && "order_by" in query;
}
