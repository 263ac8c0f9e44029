import type { JsonSchema } from "../http/schemas/fields.js";
import { pointIdSchema } from "../http/schemas/fields.js";

// What the routes of the first tier answer with, as JSON Schema: what clients may rely on, for the OpenAPI document and the tests.

const object = (properties: JsonSchema, required: readonly string[]): JsonSchema => ({
  type: "object",
  properties,
  required,
});
const array = (items: JsonSchema): JsonSchema => ({ type: "array", items });
const count = { type: "integer", minimum: 0 };
const flag = { type: "boolean" };
const text = { type: "string" };
const number = { type: "number" };
const anything = { type: "object" };

const written = object(
  { operation_id: count, status: { type: "string", enum: ["acknowledged", "completed", "wait_timeout"] } },
  ["operation_id", "status"],
);

const dense = array(number);
const vector: JsonSchema = {
  oneOf: [
    dense,
    { ...array(dense), minItems: 1 },
    object({ indices: array(count), values: dense }, ["indices", "values"]),
  ],
};
const vectors: JsonSchema = { anyOf: [vector, { type: "object", additionalProperties: vector }] };

const record = object({ id: pointIdSchema, payload: anything, vector: vectors }, ["id"]);
const scored = object({ id: pointIdSchema, version: count, score: number, payload: anything, vector: vectors }, [
  "id",
  "version",
  "score",
]);
const points = object({ points: array(scored) }, ["points"]);
const aliases = object(
  { aliases: array(object({ alias_name: text, collection_name: text }, ["alias_name", "collection_name"])) },
  ["aliases"],
);
const groups = object(
  {
    groups: array(object({ id: { type: ["string", "integer"] }, hits: array(scored), lookup: record }, ["id", "hits"])),
  },
  ["groups"],
);

const info = object(
  {
    status: { type: "string", enum: ["green", "yellow", "grey", "red"] },
    optimizer_status: { anyOf: [{ const: "ok" }, object({ error: text }, ["error"])] },
    indexed_vectors_count: count,
    points_count: count,
    segments_count: count,
    config: object(
      {
        params: object(
          { vectors: anything, shard_number: count, replication_factor: count, on_disk_payload: flag },
          [],
        ),
        hnsw_config: object(
          { m: count, ef_construct: count, full_scan_threshold: count, max_indexing_threads: count, on_disk: flag },
          ["m", "ef_construct", "full_scan_threshold", "max_indexing_threads", "on_disk"],
        ),
        optimizer_config: object({ default_segment_number: count, flush_interval_sec: count }, [
          "default_segment_number",
          "flush_interval_sec",
        ]),
      },
      ["params", "hnsw_config", "optimizer_config"],
    ),
    payload_schema: {
      type: "object",
      additionalProperties: object({ data_type: text, params: anything, points: count }, ["data_type", "points"]),
    },
  },
  ["status", "optimizer_status", "segments_count", "config", "payload_schema"],
);

const c = "/collections/{collection_name}";

/** Schemas of `result` by method and path; a route that has none may answer with anything. */
export const resultSchemas: { readonly [route: string]: JsonSchema } = {
  "GET /collections": object({ collections: array(object({ name: text }, ["name"])) }, ["collections"]),
  [`GET ${c}`]: info,
  [`GET ${c}/exists`]: object({ exists: flag }, ["exists"]),
  [`PUT ${c}`]: flag,
  [`PATCH ${c}`]: flag,
  [`DELETE ${c}`]: flag,
  "POST /collections/aliases": flag,
  "GET /aliases": aliases,
  [`GET ${c}/aliases`]: aliases,
  [`PUT ${c}/index`]: written,
  [`DELETE ${c}/index/{field_name}`]: written,
  [`PUT ${c}/points`]: written,
  [`POST ${c}/points`]: array(record),
  [`GET ${c}/points/{id}`]: record,
  [`POST ${c}/points/delete`]: written,
  [`PUT ${c}/points/vectors`]: written,
  [`POST ${c}/points/vectors/delete`]: written,
  [`POST ${c}/points/payload`]: written,
  [`PUT ${c}/points/payload`]: written,
  [`POST ${c}/points/payload/delete`]: written,
  [`POST ${c}/points/payload/clear`]: written,
  [`POST ${c}/points/batch`]: array(written),
  [`POST ${c}/points/scroll`]: object(
    { points: array(record), next_page_offset: { anyOf: [pointIdSchema, { type: "null" }] } },
    ["points", "next_page_offset"],
  ),
  [`POST ${c}/points/count`]: object({ count }, ["count"]),
  [`POST ${c}/points/query`]: points,
  [`POST ${c}/points/query/batch`]: array(points),
  [`POST ${c}/points/query/groups`]: groups,
  [`POST ${c}/points/search`]: array(scored),
  [`POST ${c}/points/search/batch`]: array(array(scored)),
  [`POST ${c}/facet`]: object(
    { hits: array(object({ value: { type: ["string", "integer", "boolean"] }, count }, ["value", "count"])) },
    ["hits"],
  ),
  [`GET ${c}/cluster`]: object(
    {
      peer_id: count,
      shard_count: count,
      local_shards: array(anything),
      remote_shards: array(anything),
      shard_transfers: array(anything),
    },
    ["peer_id", "shard_count", "local_shards", "remote_shards", "shard_transfers"],
  ),
  "GET /cluster": object({ status: { const: "disabled" } }, ["status"]),
  "GET /issues": object({ issues: array(anything) }, ["issues"]),
};
