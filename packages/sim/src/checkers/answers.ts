import type { ReadsHere, Shard } from "@murmuration/core";
import { type QueryNode, type QueryTarget, type Source, servesOrder, type Vector } from "@murmuration/index";
import { having } from "../commands.js";
import { multiOf, sparseOf } from "../data.js";

/** Seed of samples: any will do, but the same one everywhere. */
const SEED = 7;

const bare = { offset: 0, selection: { payload: false, vectors: false } } as const;
const target = (vector: Vector): QueryTarget => ({ kind: "vector", vector });

/** Kinds of query that compare with vectors. */
function comparingNodes(first: Vector, last: Vector): QueryNode[] {
  const [positive, negative] = [target(first), target(last)];
  const context = [{ positive, negative }];
  const feedback = [
    { example: positive, score: 0.25 },
    { example: negative, score: 0.75 },
  ];
  return [
    { kind: "recommend", strategy: "best-score", positive: [positive], negative: [negative] },
    { kind: "recommend", strategy: "average-vector", positive: [positive, negative], negative: [] },
    { kind: "recommend", strategy: "sum-scores", positive: [positive], negative: [negative] },
    { kind: "discover", target: positive, context },
    { kind: "context", context },
    { kind: "mmr", target: positive, diversity: 0.5, candidates: 20 },
    { kind: "relevance-feedback", target: positive, feedback, a: 1, b: 0.5, c: 0.5 },
  ];
}

/** Answers of every kind of query by the first vector. */
export function answersOf(reads: ReadsHere, queries: readonly Float32Array[], paths: readonly string[]): unknown[] {
  const rest = { using: "", limit: 8, parameters: {} } as const;
  const nearest = (vector: Float32Array): Source => ({ ...rest, node: { kind: "nearest", target: target(vector) } });
  const prefetch = queries.map(nearest);
  const byId: Source = { ...rest, node: { kind: "by-id" }, limit: 60 };
  const [first, last] = [queries[0], queries.at(-1)];
  if (first === undefined || last === undefined) return [];
  const nodes: QueryNode[] = [
    { kind: "rrf", k: 2 },
    { kind: "dbsf" },
    ...comparingNodes(first, last),
    { kind: "sample", seed: SEED },
    { kind: "formula", formula: { expression: { kind: "filter", filter: having("n", 3) }, defaults: {} } },
  ];
  const answers: unknown[] = nodes.map((node) => {
    const isOfPrefetches = node.kind === "rrf" || node.kind === "dbsf" || node.kind === "formula";
    return reads.query({ ...rest, ...bare, node, ...(isOfPrefetches ? { prefetch: [...prefetch, byId] } : {}) });
  });
  answers.push(reads.groups({ ...rest, ...bare, node: nearest(first).node, groupBy: "tag", groupSize: 3 }));
  answers.push(reads.matrix({ using: "", sample: 6, limit: 2, seed: SEED }));
  answers.push(paths.map((key) => reads.facet({ key, limit: 20 })));
  return answers;
}

/** Answers in the order of indexed numbers, and of sparse vectors and multivectors: by codes where there are more than a few. */
export function kindsAnswers(shard: Shard, reads: ReadsHere, queries: readonly Float32Array[]): unknown[] {
  const { collection } = shard;
  const [first, last] = [queries[0], queries.at(-1)];
  const answers: unknown[] = [];
  for (const [key, schema] of Object.entries(collection.payloadIndexes)) {
    // one that there was no room for is not there
    if (!servesOrder(schema) || reads.valuedOn(key) === undefined) continue;
    for (const direction of ["asc", "desc"] as const) {
      const node: QueryNode = { kind: "order-by", orderBy: { key, direction } };
      answers.push(reads.query({ ...bare, node, using: "", limit: 12, parameters: {} }));
    }
  }
  for (const [using, { kind }] of Object.entries(collection.vectors)) {
    if (first === undefined || last === undefined || (kind !== "sparse" && kind !== "multi")) continue;
    const [one, other] = [first, last].map((query) => (kind === "sparse" ? sparseOf(query) : multiOf(query))) as [
      Vector,
      Vector,
    ];
    const rest = { ...bare, using, limit: 5, parameters: { efSearch: 1 } };
    const nearest: QueryNode[] = [one, other].map((vector) => ({ kind: "nearest", target: target(vector) }));
    answers.push([...nearest, ...comparingNodes(one, other)].map((node) => reads.query({ ...rest, node })));
    for (const node of nearest) answers.push(reads.groups({ ...rest, node, groupBy: "tag", groupSize: 2 }));
    answers.push(reads.matrix({ using, sample: 6, limit: 3, seed: SEED }));
  }
  return answers;
}
