/** Method, path behind the collection, and a body that the route takes. */
export type RightRequest = readonly [method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", path: string, body: unknown];

/** A vector of the collection. */
export const near = [1, 2, 3, 4];
const filter = {
  must: [{ key: "count", range: { gte: 1 } }, { has_id: [1, 2, 3] }],
  must_not: [{ is_null: { key: "a" } }],
  should: [{ key: "city", match: { any: ["Berlin", "London"] } }],
};
const points = [{ id: 1, vector: near, payload: { city: "Rome" } }];
const params = { hnsw_ef: 32, exact: false, quantization: { rescore: true, oversampling: 1.5 } };
const query = { query: near, filter, params, limit: 2, offset: 0, with_payload: ["city"], with_vector: true };

/** A request of each route that writes, and of those that read points. */
export const writeRequests: readonly RightRequest[] = [
  [
    "PATCH",
    "",
    {
      vectors: { "": { hnsw_config: { m: 8 }, on_disk: false } },
      params: { replication_factor: 2, on_disk_payload: true },
      hnsw_config: { m: 16, ef_construct: 64, on_disk: false },
      optimizers_config: { indexing_threshold: 100, max_optimization_threads: "auto" },
      quantization_config: { scalar: { type: "int8", quantile: 0.9, always_ram: true } },
      strict_mode_config: { enabled: false, max_query_limit: 100 },
      metadata: { a: 1 },
    },
  ],
  ["PUT", "/index", { field_name: "city", field_schema: { type: "keyword", is_tenant: false } }],
  ["PUT", "/points", { points, update_filter: filter, update_mode: "upsert" }],
  ["PUT", "/points", { batch: { ids: [1], vectors: [near], payloads: [{ a: 1 }] } }],
  ["POST", "/points", { ids: [1, 2], with_payload: true, with_vector: false }],
  ["POST", "/points/delete", { points: [77] }],
  ["POST", "/points/delete", { filter: { must: [{ has_id: [77] }] } }],
  ["POST", "/points/payload", { payload: { a: 1 }, points: [1], key: "b.c" }],
  ["PUT", "/points/payload", { payload: { city: "Berlin", count: 3 }, points: [1] }],
  ["POST", "/points/payload/delete", { keys: ["nothing"], points: [1] }],
  ["POST", "/points/payload/clear", { points: [77] }],
  ["PUT", "/points/vectors", { points: [{ id: 1, vector: near }], update_filter: filter }],
  ["POST", "/points/vectors/delete", { points: [77].slice(1), vector: [""] }],
  [
    "POST",
    "/points/batch",
    { operations: [{ set_payload: { payload: { a: 2 }, points: [1] } }, { delete: { points: [77] } }] },
  ],
  ["POST", "/points/scroll", { filter, limit: 2, offset: 1, with_payload: { include: ["city"] }, with_vector: false }],
  ["POST", "/points/count", { filter, exact: true }],
  ["POST", "/points/query", query],
  [
    "POST",
    "/points/query",
    { prefetch: [{ query: near, limit: 5, filter }], query: { fusion: "rrf" }, score_threshold: 0.1, limit: 3 },
  ],
  ["POST", "/points/query/batch", { searches: [{ query: near, limit: 1 }] }],
  ["POST", "/points/search", { vector: near, limit: 2, filter, params, with_payload: true, score_threshold: 0 }],
  ["POST", "/points/search/batch", { searches: [{ vector: near, limit: 2 }] }],
];

const examples = { positive: [1, near], negative: [2] };
const lookup = { collection: "things", with_payload: ["city"], with_vectors: false };
const groups = { group_by: "city", group_size: 2, limit: 2, with_lookup: lookup };
const pairs = [{ positive: 1, negative: [2, 1, 1, 1] }];
const wide = {
  must: [
    { key: "city", match: { text: "Berlin" } },
    { key: "city", match: { phrase: "in Berlin" } },
    { key: "when", range: { gte: "2024-02-29T01:00:00Z", lt: "2025-01-01" } },
    { key: "city", values_count: { gte: 1 } },
    { nested: { key: "list", filter: { must: [{ key: "a", match: { value: 1 } }] } } },
    { slice: { total: 3, index: 1 } },
  ],
  should: [
    { key: "place", geo_radius: { center: { lon: 13.4, lat: 52.5 }, radius: 1_000 } },
    { key: "place", geo_bounding_box: { top_left: { lon: 1, lat: 2 }, bottom_right: { lon: 2, lat: 1 } } },
    {
      key: "place",
      geo_polygon: {
        exterior: {
          points: [
            { lon: 0, lat: 0 },
            { lon: 1, lat: 0 },
            { lon: 1, lat: 1 },
            { lon: 0, lat: 0 },
          ],
        },
      },
    },
  ],
  min_should: { conditions: [{ has_vector: "" }, { is_empty: { key: "b" } }], min_count: 1 },
};
const formula = {
  sum: [
    "$score",
    { mult: [2, { key: "city", match: { any: ["Berlin"] } }] },
    { div: { left: 1, right: "count", by_zero_default: 0 } },
    { gauss_decay: { x: "count", target: 3, scale: 2, midpoint: 0.5 } },
    { geo_distance: { origin: { lon: 13.4, lat: 52.5 }, to: "place" } },
  ],
};

/** A request of every kind of query and of every aggregate, and of indexes of every kind. */
export const readRequests: readonly RightRequest[] = [
  ["POST", "/points/query", { query: { recommend: { ...examples, strategy: "best_score" } }, limit: 2 }],
  ["POST", "/points/query", { query: { discover: { target: near, context: pairs } }, using: "", limit: 2 }],
  ["POST", "/points/query", { query: { context: pairs }, filter: wide }],
  ["POST", "/points/query", { query: { nearest: near, mmr: { diversity: 0.5, candidates_limit: 5 } } }],
  ["POST", "/points/query", { query: { order_by: { key: "count", direction: "desc", start_from: 2 } } }],
  ["POST", "/points/query", { query: { sample: "random" }, limit: 1 }],
  [
    "POST",
    "/points/query",
    {
      query: {
        relevance_feedback: {
          target: near,
          feedback: [{ example: 1, score: 0.5 }],
          strategy: { naive: { a: 1, b: 1, c: 1 } },
        },
      },
    },
  ],
  [
    "POST",
    "/points/query",
    {
      prefetch: { query: near, limit: 3, lookup_from: { collection: "things", vector: "" } },
      query: { formula, defaults: { count: 1, place: { lon: 0, lat: 0 } } },
    },
  ],
  ["POST", "/points/query", { prefetch: [{ query: near }, { query: 1 }], query: { rrf: { k: 2, weights: [1, 2] } } }],
  ["POST", "/points/query/groups", { query: near, ...groups, filter }],
  ["POST", "/points/search/groups", { vector: near, ...groups, score_threshold: 0.1 }],
  ["POST", "/points/recommend", { ...examples, strategy: "average_vector", limit: 2, lookup_from: null }],
  ["POST", "/points/recommend/batch", { searches: [{ ...examples, limit: 2, filter }] }],
  ["POST", "/points/recommend/groups", { ...examples, ...groups }],
  ["POST", "/points/discover", { target: near, context: pairs, limit: 2, params }],
  ["POST", "/points/discover/batch", { searches: [{ target: 1, context: pairs, limit: 1 }] }],
  ["POST", "/facet", { key: "city", limit: 3, filter, exact: true }],
  ["POST", "/points/search/matrix/pairs", { sample: 3, limit: 2, filter, using: "" }],
  ["POST", "/points/search/matrix/offsets", { sample: 3, limit: 2 }],
  ["PUT", "/index", { field_name: "count", field_schema: { type: "integer", lookup: true, range: true } }],
  [
    "PUT",
    "/index",
    {
      field_name: "note",
      field_schema: {
        type: "text",
        tokenizer: "word",
        min_token_len: 1,
        max_token_len: 20,
        lowercase: true,
        ascii_folding: false,
        phrase_matching: true,
        stopwords: { languages: ["english"], custom: ["x"] },
        stemmer: { type: "snowball", language: "english" },
        on_disk: false,
      },
    },
  ],
  ["PUT", "/index", { field_name: "when", field_schema: { type: "datetime", is_principal: false, on_disk: false } }],
  ["PUT", "/index", { field_name: "place", field_schema: "geo" }],
];

/** The same of what looks into a collection; their paths are whole. */
export const insightRequests: readonly RightRequest[] = [
  ["POST", "/murmur/collections/{collection_name}/graph/walk", { query: near, using: "", filter, params, limit: 2 }],
  [
    "POST",
    "/murmur/collections/{collection_name}/quality",
    { using: "", samples: 2, seed: 1, limit: 2, hnsw_ef: [4, 8] },
  ],
];

/** A request that changes the catalogue, and what undoes it. */
export interface CatalogueRequest {
  readonly method: "PUT" | "PATCH" | "POST";
  /** As the document has it. */
  readonly path: string;
  readonly url: string;
  readonly body: unknown;
  readonly undo: readonly [method: "DELETE" | "POST" | "PATCH", url: string, body?: unknown];
}

const made = {
  method: "PUT",
  path: "/collections/{collection_name}",
  url: "/collections/made",
  undo: ["DELETE", "/collections/made"],
} as const;
const patched = {
  method: "PATCH",
  path: "/collections/{collection_name}",
  url: "/collections/things",
  undo: ["PATCH", "/collections/things", {}],
} as const;
const added = {
  method: "PUT",
  path: "/collections/{collection_name}/vectors/{vector_name}",
  url: "/collections/things/vectors/more",
  undo: ["DELETE", "/collections/things/vectors/more"],
} as const;

/** A request of each kind that makes a collection, an alias or a vector, with every option, or changes how one is kept. */
export const catalogueRequests: readonly CatalogueRequest[] = [
  {
    ...made,
    body: {
      vectors: {
        a: {
          size: 4,
          distance: "Dot",
          hnsw_config: { m: 8, ef_construct: 32, full_scan_threshold: 100, payload_m: 4, inline_storage: false },
          quantization_config: { product: { compression: "x16", always_ram: false, memory: "cold" } },
          on_disk: false,
          memory: "pinned",
          datatype: "float16",
        },
        b: { size: 2, distance: "Cosine", multivector_config: { comparator: "max_sim" } },
      },
      sparse_vectors: {
        s: { modifier: "idf", index: { full_scan_threshold: 5, on_disk: true, datatype: "float16" } },
      },
      shard_number: 2,
      replication_factor: 2,
      write_consistency_factor: 1,
      on_disk_payload: true,
      payload: { memory: "cached" },
      wal_config: { wal_capacity_mb: 1, wal_segments_ahead: 0, wal_retain_closed: 1 },
      optimizers_config: { deleted_threshold: 0.5, vacuum_min_vector_number: 100, flush_interval_sec: 1 },
      strict_mode_config: { enabled: false, sparse_config: { s: { max_length: 5 } } },
      metadata: { owner: "me" },
    },
  },
  { ...made, body: { vectors: { size: 4, distance: "Manhattan", datatype: "turbo4" }, sharding_method: "auto" } },
  {
    ...patched,
    body: { quantization_config: { binary: { encoding: "two_bits", query_encoding: "scalar8bits", memory: "cold" } } },
  },
  { ...patched, body: { vectors: { "": { quantization_config: { turbo: { bits: "bits1_5", always_ram: true } } } } } },
  { ...added, body: { dense: { size: 4, distance: "Euclid", datatype: "uint8" } } },
  { ...added, body: { sparse: { modifier: "none", datatype: "float32" } } },
  {
    method: "POST",
    path: "/collections/aliases",
    url: "/collections/aliases",
    body: {
      actions: [
        { create_alias: { collection_name: "things", alias_name: "one" } },
        { rename_alias: { old_alias_name: "one", new_alias_name: "two" } },
      ],
    },
    undo: ["POST", "/collections/aliases", { actions: [{ delete_alias: { alias_name: "two" } }] }],
  },
];
