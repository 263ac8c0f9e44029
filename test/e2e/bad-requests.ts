/** A request that must be refused, and how. */
export interface BadRequest {
  /** Method and path below the collection `/collections/victim`, or a whole path when it begins with `/collections`. */
  readonly to: `${string} ${string}`;
  /** A string is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly status: number;
  readonly message: RegExp;
  readonly headers?: Readonly<Record<string, string>>;
}

const format = /^Format error in JSON body: /;
const notSupported = /^Bad request: .*not supported/;
const wrongDimension = /^Wrong input: Vector dimension error: expected dim: 4, got 3/;
const unknownVector = /^Wrong input: Not existing vector name error: /;

const ok = [1, 2, 3, 4];
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

/** The collection that all of this is aimed at has the vectors `a` (4, Cosine) and `b` (2, Dot) and an index on `n`. */
function badPoint(point: string, status: number, message: RegExp): BadRequest[] {
  return [
    { to: "PUT /points", body: `{"points":[{"id":1,"vector":{"a":[9,9,9,9]}},${point}]}`, status, message },
    { to: "PUT /points", body: `{"points":[${point}]}`, status, message },
  ];
}

const vectorOf = (vector: string) => `{"id":2,"vector":{"a":${vector}}}`;
const idOf = (id: string) => `{"id":${id},"vector":{"a":[1,2,3,4]}}`;

const points: readonly BadRequest[] = [
  ...badPoint(vectorOf("[1,2,3]"), 400, wrongDimension),
  ...badPoint(vectorOf("[]"), 422, /must not be empty/),
  ...badPoint(vectorOf("[1,2,3,NaN]"), 400, format),
  ...badPoint(vectorOf("[1,2,3,Infinity]"), 400, format),
  ...badPoint(vectorOf('[1,2,3,"NaN"]'), 400, /^Format error in JSON body: points.*expected number, got "NaN"/),
  ...badPoint(vectorOf('[1,2,3,"4"]'), 400, /^Format error in JSON body: points.*expected number, got "4"/),
  ...badPoint(vectorOf("[1,2,3,null]"), 400, /^Format error in JSON body: points.*expected number, got null/),
  ...badPoint(vectorOf("[1,2,3,1e39]"), 422, /^Validation error in JSON body: \[points.*finite/),
  ...badPoint(vectorOf("[1,2,3,1e999]"), 400, format),
  ...badPoint(vectorOf('"abcd"'), 400, format),
  ...badPoint(vectorOf("null"), 400, format),
  ...badPoint(vectorOf("[[1,2,3,4]]"), 400, notSupported),
  ...badPoint(vectorOf('{"indices":[1],"values":[1]}'), 400, notSupported),
  ...badPoint(vectorOf('{"text":"x","model":"m"}'), 400, notSupported),
  ...badPoint('{"id":2,"vector":{"c":[1,2,3,4]}}', 400, unknownVector),
  ...badPoint('{"id":2,"vector":[1,2,3,4]}', 400, unknownVector),
  ...badPoint('{"id":2}', 400, format),
  ...badPoint('{"vector":{"a":[1,2,3,4]}}', 400, format),
  ...badPoint(idOf("-1"), 400, /not a valid point ID/),
  ...badPoint(idOf("1.5"), 400, /not a valid point ID/),
  ...badPoint(idOf("18446744073709551616"), 400, /not a valid point ID/),
  ...badPoint(idOf('"no-uuid"'), 400, /not a valid point ID/),
  ...badPoint(idOf('"550e8400-e29b-41d4-a716-44665544000"'), 400, /not a valid point ID/),
  ...badPoint(idOf("null"), 400, /not a valid point ID/),
  ...badPoint('{"id":2,"vector":{},"payload":[1]}', 400, format),
  ...badPoint('{"id":2,"vector":{},"payload":"x"}', 400, format),
  ...badPoint('{"id":2,"vector":{},"payload":{"__proto__":{"x":1}}}', 400, format),
  ...badPoint("7", 400, format),
  { to: "PUT /points", body: { points: [] }, status: 400, message: /^Bad request: Empty update request/ },
  { to: "PUT /points", body: {}, status: 400, message: format },
  { to: "PUT /points", body: { points: "x" }, status: 400, message: format },
  { to: "PUT /points", body: { batch: { ids: [1, 2], vectors: { a: [ok] } } }, status: 422, message: /same length/ },
  {
    to: "PUT /points",
    body: { batch: { ids: [1], vectors: { a: [ok] }, payloads: [{}, {}] } },
    status: 422,
    message: /same length/,
  },
  {
    to: "PUT /points",
    body: { batch: { ids: [1], vectors: { a: [[1, 2, 3]] } } },
    status: 400,
    message: wrongDimension,
  },
  {
    to: "PUT /points",
    body: { points: [{ id: 1, vector: {} }], update_mode: "replace" },
    status: 400,
    message: format,
  },
  { to: "PUT /points", body: { points: [{ id: 1, vector: {} }], shard_key: "x" }, status: 400, message: notSupported },
  {
    to: "PUT /points?wait=perhaps",
    body: { points: [{ id: 1, vector: {} }] },
    status: 400,
    message: /^Deserialize error in query parameters: /,
  },
  {
    to: "PUT /points?timeout=0",
    body: { points: [{ id: 1, vector: {} }] },
    status: 422,
    message: /^Validation error in query parameters: .*must be 1 or larger/,
  },
  {
    to: "PUT /points?ordering=best",
    body: { points: [{ id: 1, vector: {} }] },
    status: 400,
    message: /^Deserialize error in query parameters: /,
  },
  { to: "POST /points", body: { ids: ["x"] }, status: 400, message: format },
  { to: "POST /points", body: {}, status: 400, message: format },
  { to: "POST /points", body: { ids: [1], with_payload: 5 }, status: 400, message: format },
  { to: "POST /points?consistency=0", body: { ids: [1] }, status: 422, message: /must be 1 or larger/ },
  { to: "GET /points/x", status: 400, message: /^Wrong input: Can not recognize "x" as point id/ },
  { to: "GET /points/-1", status: 400, message: /^Wrong input: Can not recognize "-1" as point id/ },
  { to: "GET /points/9999", status: 404, message: /^Not found: Point with id 9999 does not exists!/ },
  { to: "POST /points/delete", body: {}, status: 400, message: format },
  { to: "POST /points/delete", body: { points: [1, -1] }, status: 400, message: format },
  { to: "POST /points/delete", body: { points: 1 }, status: 400, message: format },
  { to: "POST /points/delete", body: { filter: { must: [{ nonsense: 1 }] } }, status: 400, message: format },
];

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

const reads: readonly BadRequest[] = [
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

const writes: readonly BadRequest[] = [
  { to: "POST /points/payload", body: { points: [1] }, status: 400, message: format },
  { to: "POST /points/payload", body: { payload: {} }, status: 400, message: format },
  { to: "POST /points/payload", body: { payload: [1], points: [1] }, status: 400, message: format },
  { to: "POST /points/payload", body: { payload: { a: 1 }, points: [1], key: "a[" }, status: 400, message: /key/ },
  { to: "POST /points/payload", body: { payload: { a: 1 }, points: [-1] }, status: 400, message: format },
  {
    to: "POST /points/payload",
    body: { payload: { a: 1 }, points: [1, 9_999] },
    status: 404,
    message: /^Not found: No point with id 9999 found/,
  },
  { to: "PUT /points/payload", body: { payload: null, points: [1] }, status: 400, message: format },
  { to: "POST /points/payload/delete", body: { points: [1] }, status: 400, message: format },
  { to: "POST /points/payload/delete", body: { keys: "a", points: [1] }, status: 400, message: format },
  { to: "POST /points/payload/delete", body: { keys: ["a..b"], points: [1] }, status: 400, message: /keys/ },
  { to: "POST /points/payload/clear", body: {}, status: 400, message: format },
  { to: "PUT /points/vectors", body: { points: [] }, status: 400, message: /^Bad request: Empty update request/ },
  {
    to: "PUT /points/vectors",
    body: { points: [{ id: 9_999, vector: { a: ok } }] },
    status: 404,
    message: /^Not found: No point with id 9999 found/,
  },
  {
    to: "PUT /points/vectors",
    body: { points: [{ id: 1, vector: { a: [1] } }] },
    status: 400,
    message: /^Wrong input: Vector dimension error: expected dim: 4, got 1/,
  },
  { to: "PUT /points/vectors", body: { points: [{ id: 1, vector: { c: [1] } }] }, status: 400, message: unknownVector },
  { to: "POST /points/vectors/delete", body: { points: [1], vector: ["c"] }, status: 400, message: unknownVector },
  { to: "POST /points/vectors/delete", body: { points: [1], vector: [] }, status: 422, message: /vector/ },
  { to: "POST /points/vectors/delete", body: { points: [1] }, status: 400, message: format },
  { to: "PUT /index", body: {}, status: 400, message: format },
  { to: "PUT /index", body: { field_name: "x", field_schema: "keywords" }, status: 400, message: format },
  { to: "PUT /index", body: { field_name: "x" }, status: 400, message: format },
  { to: "PUT /index", body: { field_name: "a[", field_schema: "keyword" }, status: 400, message: /field_name|path/ },
  ...["geo", "text", "datetime", "uuid"].map(
    (type): BadRequest => ({
      to: "PUT /index",
      body: { field_name: "x", field_schema: type },
      status: 400,
      message: new RegExp(`^Bad request: .*${type}.*not supported`),
    }),
  ),
  {
    to: "PUT /index",
    body: { field_name: "x", field_schema: { type: "integer", lookup: false, range: false } },
    status: 422,
    message: /can't be both disabled/,
  },
];

const create = (body: object, status: number, message: RegExp): BadRequest => ({
  to: "PUT /collections/new",
  body,
  status,
  message,
});
const v = { size: 4, distance: "Dot" };

const collections: readonly BadRequest[] = [
  create({ vectors: { size: 0, distance: "Dot" } }, 422, /size: value 0 invalid/),
  create({ vectors: { size: 65_537, distance: "Dot" } }, 422, /size: value 65537 invalid/),
  create({ vectors: { size: "4", distance: "Dot" } }, 400, format),
  create({ vectors: { size: 4 } }, 400, format),
  create({ vectors: { size: 4, distance: "Hamming" } }, 400, format),
  create({ vectors: { a: { size: 4, distance: "Dot" }, b: 1 } }, 400, format),
  create({ vectors: v, hnsw_config: { ef_construct: 1 } }, 422, /ef_construct: value 1 invalid/),
  create({ vectors: v, replication_factor: 0 }, 422, /replication_factor: value 0 invalid/),
  create({ vectors: v, hnsw_config: { m: 0 } }, 400, /^Bad request: .*hnsw_config\.m.*not supported/),
  create(
    { vectors: { ...v, multivector_config: { comparator: "max_sim" } } },
    400,
    /^Bad request: .*multivector_config.*not supported/,
  ),
  create({ vectors: { ...v, datatype: "float16" } }, 400, /^Bad request: .*datatype.*not supported/),
  create({ vectors: v, sparse_vectors: { s: {} } }, 400, /^Bad request: .*sparse_vectors.*not supported/),
  create(
    { vectors: v, quantization_config: { product: { compression: "x4" } } },
    400,
    /^Bad request: .*product.*not supported/,
  ),
  create({ vectors: v, quantization_config: { binary: {} } }, 400, /^Bad request: .*binary.*not supported/),
  create({ vectors: v, quantization_config: { scalar: { type: "int4" } } }, 400, format),
  create(
    { vectors: v, strict_mode_config: { enabled: true } },
    400,
    /^Bad request: .*strict_mode_config.*not supported/,
  ),
  create({ vectors: v, sharding_method: "custom" }, 400, /^Bad request: .*sharding_method.*not supported/),
  { to: "PUT /collections/victim", body: { vectors: v }, status: 409, message: /already exists/ },
  { to: "PUT /collections/alias", body: { vectors: v }, status: 400, message: /^Wrong input: / },
  {
    to: `PUT /collections/${"n".repeat(256)}`,
    body: { vectors: v },
    status: 422,
    message: /length must be from 1 to 255/,
  },
  { to: `GET /collections/${"n".repeat(5_000)}`, status: 422, message: /length must be from 1 to 255/ },
  { to: "PUT /collections/a%2Fb", body: { vectors: v }, status: 422, message: /./ },
  { to: "PUT /collections/%ff", body: { vectors: v }, status: 400, message: /./ },
  { to: "GET /collections/nowhere", status: 404, message: /^Not found: Collection `nowhere` doesn't exist!/ },
  { to: "PATCH /collections/victim", body: { vectors: { c: {} } }, status: 400, message: unknownVector },
  {
    to: "PATCH /collections/victim",
    body: { optimizers_config: { deleted_threshold: 2 } },
    status: 422,
    message: /deleted_threshold/,
  },
  {
    to: "PATCH /collections/victim",
    body: { hnsw_config: { m: 48 } },
    status: 400,
    message: /^Bad request: .*hnsw_config\.m/,
  },
  { to: "POST /collections/aliases", body: {}, status: 400, message: format },
  { to: "POST /collections/aliases", body: { actions: [{ make_alias: {} }] }, status: 400, message: format },
  {
    to: "POST /collections/aliases",
    body: { actions: [{ create_alias: { collection_name: "nowhere", alias_name: "x" } }] },
    status: 404,
    message: /^Not found: /,
  },
  {
    to: "POST /collections/aliases",
    body: { actions: [{ create_alias: { collection_name: "victim", alias_name: "victim" } }] },
    status: 409,
    message: /^Wrong input: /,
  },
];

/** Routes of the dialect that this version names as not supported. */
const unserved: readonly BadRequest[] = [
  "POST /points/batch",
  "POST /points/query/groups",
  "POST /facet",
  "POST /points/search/matrix/pairs",
  "POST /points/recommend",
  "POST /points/discover",
  "POST /snapshots",
  "GET /snapshots",
].map((to) => ({
  to: to as BadRequest["to"],
  ...(to.startsWith("POST") ? { body: {} } : {}),
  status: 400,
  message: notSupported,
}));

const routesWithBody = [
  "PUT /collections/new",
  "PUT /points",
  "POST /points",
  "POST /points/delete",
  "POST /points/query",
  "POST /points/query/batch",
  "POST /points/search",
  "POST /points/search/batch",
  "POST /points/scroll",
  "POST /points/payload",
  "PUT /points/payload",
  "POST /points/payload/delete",
  "POST /points/payload/clear",
  "PUT /points/vectors",
  "POST /points/vectors/delete",
  "PUT /index",
  "POST /collections/aliases",
] as const;

/** Wrong before anyone looks at what is meant. */
const bodies: readonly BadRequest[] = routesWithBody.flatMap((to): readonly BadRequest[] => [
  { to, body: "{", status: 400, message: format },
  { to, body: '{"a":1,}', status: 400, message: format },
  { to, body: "nonsense", status: 400, message: format },
  { to, body: '"text"', status: 400, message: format },
  { to, body: "[]", status: 400, message: format },
  { to, body: "null", status: 400, message: format },
  { to, body: "", status: 400, message: format },
  { to, body: nested(100_000), status: 400, message: /nested deeper/ },
  { to, body: `{"filter":${'{"must":['.repeat(1_000)}${"]}".repeat(1_000)}}`, status: 400, message: /nested deeper/ },
  {
    to,
    body: '{"points":[1]}',
    headers: { "content-type": "text/plain" },
    status: 415,
    message: /content type must be application\/json/,
  },
]);

const large: readonly BadRequest[] = [
  { to: "PUT /points", body: `{"points":[${" ".repeat(33 << 20)}]}`, status: 413, message: /./ },
  { to: "POST /points/query", body: `{"query":[${"1,".repeat(17 << 20)}1]}`, status: 413, message: /./ },
];

/** Everything that a server must survive, in order. */
export const badRequests: readonly BadRequest[] = [
  ...points,
  ...reads,
  ...writes,
  ...collections,
  ...unserved,
  ...bodies,
  ...large,
];
