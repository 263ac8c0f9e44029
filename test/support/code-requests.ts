import type { ApiRequest } from "@murmuration/dashboard";

const c = "/collections/{collection_name}";
const near = [1, 0.5, 0, 0];
const inBerlin = {
  must: [{ key: "city", match: { value: "Berlin" } }],
  must_not: [{ key: "big", match: { value: 2n ** 64n - 1n } }],
};
const shown = { with_payload: true, with_vector: true, limit: 3 };

/** The collection that `codeRequests` ask about, with what fills it. */
export const codeCollection = {
  name: "it's a `collection` & $more",
  settings: { vectors: { size: 4, distance: "Euclid" } },
  points: Array.from({ length: 30 }, (_, i) => ({
    id: i + 1,
    vector: [1, i / 10, (i * 7) % 5, 0.5],
    payload: { city: i % 2 === 0 ? "Berlin" : "O'Hare\n$HOME `x` \\", number: i },
  })),
  index: { field_name: "city", field_schema: "keyword" },
};

function read(route: string, body: object, query: Record<string, string> = {}): ApiRequest {
  const parameters = { collection_name: codeCollection.name };
  return { method: "POST", route: `${c}${route}`, parameters, query, body: body as ApiRequest["body"] };
}

/** Reads of all kinds, whose answers are the same however they are asked for. */
export const codeRequests: readonly ApiRequest[] = [
  read(
    "/points/query",
    { query: near, filter: inBerlin, ...shown, params: { exact: true }, score_threshold: 100 },
    { timeout: "5" },
  ),
  read("/points/query", { query: 7, ...shown, offset: 2 }),
  read("/points/query", {
    query: { recommend: { positive: [1], negative: [2, near], strategy: "best_score" } },
    ...shown,
  }),
  read("/points/query", {
    prefetch: [{ query: near, filter: inBerlin, limit: 20 }, { query: 3 }],
    query: { fusion: "rrf" },
    limit: 5,
  }),
  read("/points/query", { query: near, limit: 2 }, { settled: "true" }),
  read("/points/query/batch", {
    searches: [
      { query: near, limit: 2 },
      { query: 2, filter: inBerlin },
    ],
  }),
  read("/points/query/groups", { query: near, group_by: "city", group_size: 2, limit: 2 }),
  read("/points/search", { vector: near, limit: 3, filter: inBerlin }),
  read("/points/search", { vector: near, ...shown, offset: 1 }),
  read("/points/search/matrix/pairs", { sample: 30, limit: 2, filter: inBerlin }),
  read("/points/recommend", { positive: [1, 2], negative: [near], limit: 4 }),
  read("/points/discover", { target: 1, context: [{ positive: 2, negative: 3 }], limit: 4 }),
  read("/points/scroll", { filter: inBerlin, limit: 5, with_payload: ["city"], with_vector: true }),
  read("/points/scroll", { offset: 11, limit: 2 }),
  read("/points/count", { filter: inBerlin, exact: true }),
  read("/points", { ids: [3, 1, 2n ** 64n - 1n], with_payload: true, with_vector: true }),
  read("/facet", { key: "city", limit: 5, filter: inBerlin }),
];
