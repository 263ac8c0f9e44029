import { type BadRequest, format, unknownVector } from "./bad-request.js";

const create = (body: object, status: number, message: RegExp): BadRequest => ({
  to: "PUT /collections/new",
  body,
  status,
  message,
});
const v = { size: 4, distance: "Dot" };

/** Collections and aliases. */
export const collections: readonly BadRequest[] = [
  create({ vectors: { size: 0, distance: "Dot" } }, 422, /size: value 0 invalid/),
  create({ vectors: { size: 65_537, distance: "Dot" } }, 422, /size: value 65537 invalid/),
  create({ vectors: { size: "4", distance: "Dot" } }, 400, format),
  create({ vectors: { size: 4 } }, 400, format),
  create({ vectors: { size: 4, distance: "Hamming" } }, 400, format),
  create({ vectors: { a: { size: 4, distance: "Dot" }, b: 1 } }, 400, format),
  create({ vectors: v, hnsw_config: { ef_construct: 1 } }, 422, /ef_construct: value 1 invalid/),
  create({ vectors: v, replication_factor: 0 }, 422, /replication_factor: value 0 invalid/),
  create({ vectors: { ...v, multivector_config: { comparator: "min_sim" } } }, 400, /multivector_config\.comparator/),
  create({ vectors: { ...v, datatype: "int4" } }, 400, /vectors\.datatype/),
  create({ vectors: { ...v, datatype: "turbo4", encoding: "f16" } }, 400, /vectors\.encoding: .*travel as turbo4/),
  create({ vectors: { ...v, encoding: "sq4" } }, 400, /encoding/),
  create({ vectors: { ...v, datatype: "float16", encoding: "sq8" } }, 400, /vectors\.encoding: .*travel as f16/),
  create({ vectors: v, sparse_vectors: { s: { modifier: "bm25" } } }, 400, /sparse_vectors\.s\.modifier/),
  create({ vectors: v, quantization_config: { product: { compression: "x5" } } }, 400, /product\.compression/),
  create({ vectors: v, quantization_config: { binary: { encoding: 1 } } }, 400, /binary\.encoding/),
  create({ vectors: v, quantization_config: { scalar: { type: "int4" } } }, 400, format),
  create({ vectors: v, sharding_method: "custom" }, 400, /^Bad request: sharding_method: a collection has one shard/),
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
  { to: "PUT /collections/%ff", body: { vectors: v }, status: 400, message: /"%ff" is not percent-encoded UTF-8/ },
  { to: "DELETE /index/a%ED%A0%80", status: 400, message: /^Deserialize error in path parameters: "a%ED%A0%80"/ },
  {
    to: "PUT /points?ordering=%ff",
    body: { points: [{ id: 1, vector: {} }] },
    status: 400,
    message: /^Deserialize error in query parameters: ordering: "%ff" is not percent-encoded UTF-8/,
  },
  {
    to: "POST /points/scroll",
    body: {},
    headers: { "x-murmur-token": "\u00e9" },
    status: 400,
    message: /^Deserialize error in headers: x-murmur-token: /,
  },
  { to: "GET /collections/nowhere", status: 404, message: /^Not found: Collection `nowhere` doesn't exist!/ },
  { to: "PATCH /collections/victim", body: { vectors: { c: {} } }, status: 400, message: unknownVector },
  {
    to: "PATCH /collections/victim",
    body: { optimizers_config: { deleted_threshold: 2 } },
    status: 422,
    message: /deleted_threshold/,
  },
  { to: "PATCH /collections/victim", body: { hnsw_config: { m: "48" } }, status: 400, message: /hnsw_config\.m/ },
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
