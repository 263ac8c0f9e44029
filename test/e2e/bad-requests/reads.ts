import { type BadRequest, format, notSupported, ok, unknownVector, wrongDimension } from "./bad-request.js";

/** Wrong in the same way on every route that takes a filter. */
const filters: readonly (readonly [unknown, number, RegExp])[] = [
  [[], 400, format],
  ["x", 400, format],
  [{ mst: [] }, 400, format],
  [{ must: 1 }, 400, format],
  [{ must: [{}, { unknown_condition: 1 }] }, 400, format],
  [{ must: [{ key: "n" }] }, 400, format],
  [{ must: [{ key: 1, match: { value: 1 } }] }, 400, format],
  [{ must: [{ key: "n", match: {} }] }, 400, format],
  [{ must: [{ key: "n", match: { value: 1.5 } }] }, 400, format],
  [{ must: [{ key: "n", match: { any: [1, "x"] } }] }, 400, format],
  [{ must: [{ key: "n", range: { above: 1 } }] }, 400, format],
  [{ must: [{ key: "n", range: { gt: "1" } }] }, 400, /./],
  [{ must: [{ key: "n[", match: { value: 1 } }] }, 400, format],
  [{ must: [{ has_id: [-1] }] }, 400, format],
  [{ must: [{ has_id: 1 }] }, 400, format],
  [{ min_should: { conditions: [], min_count: 0 } }, 422, /min_count/],
  [{ must: [{ key: "n", match: { text: "x" } }] }, 400, notSupported],
  [{ must: [{ key: "n", match: { phrase: "x" } }] }, 400, notSupported],
  [{ must: [{ key: "n", geo_radius: { center: { lon: 1, lat: 1 }, radius: 1 } }] }, 400, notSupported],
  [{ must: [{ key: "n", values_count: { gt: 1 } }] }, 400, notSupported],
  [{ must: [{ slice: { total: 2, index: 0 } }] }, 400, notSupported],
  [{ must: [{ key: "n", range: { gt: "2024-01-01" } }] }, 400, notSupported],
];

const filterRoutes = [
  "POST /points/query",
  "POST /points/scroll",
  "POST /points/count",
  "POST /points/delete",
] as const;

/** Wrong in the same way in a query and in a batch of queries. */
const queries: readonly (readonly [object, number, RegExp])[] = [
  [{ query: [1, 2, 3], using: "a" }, 400, wrongDimension],
  [{ query: ok, using: "c" }, 400, unknownVector],
  [{ query: ok }, 400, unknownVector],
  [{ query: [], using: "a" }, 422, /must not be empty/],
  [{ query: [1, 2, 3, null], using: "a" }, 400, format],
  [{ query: [1, 2, 3, "4"], using: "a" }, 400, format],
  [{ query: [[1, 2, 3, 4]], using: "a" }, 400, notSupported],
  [{ query: { indices: [1], values: [1] }, using: "a" }, 400, notSupported],
  [{ query: { text: "x", model: "m" }, using: "a" }, 400, notSupported],
  [{ query: -1, using: "a" }, 400, format],
  [{ query: 1.5, using: "a" }, 400, format],
  [{ query: "x", using: "a" }, 400, format],
  [{ query: true, using: "a" }, 400, format],
  [{ query: 9_999, using: "a" }, 404, /^Not found: No point with id 9999 found/],
  [{ query: ok, using: "a", limit: 0 }, 422, /internal\.limit: value 0 invalid, must be 1 or larger/],
  [{ query: ok, using: "a", limit: -1 }, 422, /limit/],
  [{ query: ok, using: "a", limit: 1.5 }, 400, format],
  [{ query: ok, using: "a", limit: "10" }, 400, format],
  [{ query: ok, using: "a", offset: -1 }, 422, /offset/],
  [{ query: ok, using: "a", params: { hnsw_ef: 0 } }, 422, /hnsw_ef/],
  [{ query: ok, using: "a", params: { exact: "yes" } }, 400, format],
  [{ query: ok, using: "a", params: { quantization: { oversampling: 0.5 } } }, 422, /oversampling/],
  [{ query: ok, using: "a", with_payload: 1 }, 400, format],
  [{ query: ok, using: "a", with_vector: 1 }, 400, format],
  [{ query: ok, using: "a", score_threshold: "x" }, 400, format],
  [{ score_threshold: 0.5 }, 400, /^Bad request: A query is needed to use the score_threshold\./],
  [{ prefetch: [{ query: ok, using: "a" }] }, 400, /^Bad request: A query is needed to merge the prefetches\./],
  [{ prefetch: { query: ok, using: "a" }, query: ok, using: "a" }, 400, /prefetch/],
  [{ query: ok, using: "a", lookup_from: { collection: "nowhere" } }, 404, /^Not found: Collection nowhere not found/],
  ...["recommend", "discover", "context", "order_by", "fusion", "rrf", "sample", "formula", "relevance_feedback"].map(
    (form) => [{ query: { [form]: {} } }, 400, new RegExp(`^Bad request: .*${form}.*not supported`)] as const,
  ),
  [{ query: { nearest: ok, mmr: { diversity: 0.5 } }, using: "a" }, 400, /^Bad request: .*mmr.*not supported/],
  [{ query: ok, using: "a", shard_key: "x" }, 400, /^Bad request: .*shard_key.*not supported/],
];

/** Filters, queries, scrolls and counts. */
export const reads: readonly BadRequest[] = [
  ...filters.flatMap(([filter, status, message]) =>
    filterRoutes.map((to) => ({ to, body: { filter }, status, message }) satisfies BadRequest),
  ),
  ...queries.flatMap(([body, status, message]): readonly BadRequest[] => [
    { to: "POST /points/query", body, status, message },
    { to: "POST /points/query/batch", body: { searches: [{ query: 1, using: "a" }, body] }, status, message },
  ]),
  { to: "POST /points/query/batch", body: {}, status: 400, message: format },
  { to: "POST /points/search", body: { vector: ok, limit: 1 }, status: 400, message: unknownVector },
  { to: "POST /points/search", body: { vector: { name: "a", vector: ok } }, status: 400, message: format },
  {
    to: "POST /points/search",
    body: { vector: { name: "a", vector: ok }, limit: 0 },
    status: 422,
    message: /limit: value 0 invalid, must be 1 or larger/,
  },
  {
    to: "POST /points/search",
    body: { vector: { name: "a", vector: [1, 2, 3] }, limit: 1 },
    status: 400,
    message: wrongDimension,
  },
  { to: "POST /points/search", body: { limit: 1 }, status: 400, message: format },
  { to: "POST /points/search/batch", body: { searches: [{ vector: "x", limit: 1 }] }, status: 400, message: format },
  {
    to: "POST /points/scroll",
    body: { limit: 0 },
    status: 422,
    message: /limit: value 0 invalid, must be 1 or larger/,
  },
  { to: "POST /points/scroll", body: { offset: "x" }, status: 400, message: format },
  {
    to: "POST /points/scroll",
    body: { order_by: "word" },
    status: 400,
    message: /^Wrong input: No range index for `order_by` key: `word`\./,
  },
  { to: "POST /points/scroll", body: { order_by: { key: "n", direction: "up" } }, status: 400, message: format },
  { to: "POST /points/scroll", body: { order_by: "n", offset: 1 }, status: 400, message: /offset/ },
  { to: "POST /points/count", body: { exact: "x" }, status: 400, message: format },
];
