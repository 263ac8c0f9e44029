import { distances, vectorEncodings } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { z } from "zod";
import { vectorSizeMax } from "../limits.js";
import { anyObject, integer, number, oneOf, optional, parsedBy, unsupported, within } from "./fields.js";
import { validate } from "./validate.js";

const memory = oneOf(["cold", "cached", "pinned"]);

const links = parsedBy(
  (value) => {
    if (value === 0) throw new MurmurationError("unsupported", "collections without a graph are not supported yet");
    return validate(integer(2, 128), value);
  },
  { type: "integer", minimum: 2, maximum: 128, default: 16 },
);

/** `m` and `ef_construct` are honoured; the rest is kept to be shown again. */
export const hnswConfig = z.object({
  m: optional(links),
  ef_construct: optional(integer(4, 4096)),
  full_scan_threshold: optional(integer(10)),
  max_indexing_threads: optional(integer(0)),
  on_disk: optional(z.boolean()),
  memory: optional(memory),
  payload_m: optional(integer(0)),
  inline_storage: optional(z.boolean()),
});
export type HnswConfig = z.output<typeof hnswConfig>;

const scalarQuantization = z.object({
  type: oneOf(["int8"]),
  quantile: optional(number(0.5, 1)),
  always_ram: optional(z.boolean()),
  memory: optional(memory),
});

export type QuantizationConfig = "Disabled" | { readonly scalar: z.output<typeof scalarQuantization> };

function readQuantizationConfig(value: unknown): QuantizationConfig {
  if (value === "Disabled" || value === "none") return "Disabled";
  if (typeof value === "object" && value !== null) {
    if ("scalar" in value) return { scalar: within("scalar", () => validate(scalarQuantization, value.scalar)) };
    for (const kind of ["product", "binary", "turbo"]) {
      if (kind in value) throw new MurmurationError("unsupported", `${kind} quantization is not supported yet`, kind);
    }
  }
  throw new MurmurationError("format", 'expected {"scalar": {"type": "int8"}} or "Disabled"');
}

/** int8 is the default; `"Disabled"` (or `"none"`) walks the graph on the float32 vectors themselves. */
export const quantizationConfig = parsedBy(readQuantizationConfig, {
  oneOf: [
    {
      type: "object",
      properties: { scalar: { type: "object", properties: { type: { const: "int8" } }, required: ["type"] } },
      required: ["scalar"],
    },
    { type: "string", enum: ["Disabled", "none"] },
  ],
});

const datatype = parsedBy(
  (value): "float32" | "float16" => {
    const type = validate(oneOf(["float32", "uint8", "float16", "turbo4"]), value);
    if (type === "uint8" || type === "turbo4")
      throw new MurmurationError("unsupported", `datatype ${type} is not supported yet`);
    return type;
  },
  { type: "string", enum: ["float32", "float16"] },
);

/** How vectors travel between replicas and are kept in the log; our own. */
const encoding = oneOf(vectorEncodings);

export const vectorParams = z.object({
  size: integer(1, vectorSizeMax),
  distance: oneOf(distances),
  hnsw_config: optional(hnswConfig),
  quantization_config: optional(quantizationConfig),
  on_disk: optional(z.boolean()),
  memory: optional(memory),
  datatype: optional(datatype),
  encoding: optional(encoding),
  multivector_config: unsupported("multi-vectors are"),
});
export type VectorParams = z.output<typeof vectorParams>;

function readEach<T>(value: unknown, read: (value: unknown) => T): { [name: string]: T } {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new MurmurationError("format", "expected object");
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, within(name, () => read(child))]));
}

function isOneVector(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return ["size", "distance"].some(
    (key) => key in value && typeof (value as Record<string, unknown>)[key] !== "object",
  );
}

const vectorParamsSchema = z.toJSONSchema(vectorParams, { io: "input", unrepresentable: "any" });
delete vectorParamsSchema.$schema;

/** One unnamed vector, or vectors by name. */
const vectorsConfig = parsedBy(
  (value): { readonly [name: string]: VectorParams } => {
    const read = (params: unknown) => validate(vectorParams, params);
    return isOneVector(value) ? { "": read(value) } : readEach(value, read);
  },
  { oneOf: [vectorParamsSchema, { type: "object", additionalProperties: vectorParamsSchema }] },
);

const optimizersConfig = z.object({
  deleted_threshold: optional(number(0, 1)),
  vacuum_min_vector_number: optional(integer(100)),
  default_segment_number: optional(integer(0)),
  max_segment_size: optional(integer(0)),
  memmap_threshold: optional(integer(0)),
  indexing_threshold: optional(integer(0)),
  flush_interval_sec: optional(integer(0)),
  max_optimization_threads: optional(
    parsedBy((value) => (value === "auto" ? value : validate(integer(0), value)), {
      oneOf: [{ type: "integer", minimum: 0 }, { const: "auto" }],
    }),
  ),
  prevent_unoptimized: optional(z.boolean()),
});

const walConfig = z.object({
  wal_capacity_mb: optional(integer(1)),
  wal_segments_ahead: optional(integer(0)),
  wal_retain_closed: optional(integer(1)),
});

const strictModeConfig = parsedBy(
  (value) => {
    const config = validate(anyObject, value);
    if (config.enabled === true)
      throw new MurmurationError("unsupported", "strict mode is not supported yet", "enabled");
    return config;
  },
  { type: "object", properties: { enabled: { const: false } } },
);

const shardingMethod = parsedBy(
  (value) => {
    const method = validate(oneOf(["auto", "custom"]), value);
    if (method === "custom") throw new MurmurationError("unsupported", "custom sharding is not supported yet");
    return method;
  },
  { type: "string", enum: ["auto"] },
);

const collectionParams = {
  replication_factor: optional(integer(1)),
  write_consistency_factor: optional(integer(1)),
  on_disk_payload: optional(z.boolean()),
  payload: optional(anyObject),
};

const configs = {
  hnsw_config: optional(hnswConfig),
  optimizers_config: optional(optimizersConfig),
  quantization_config: optional(quantizationConfig),
  strict_mode_config: optional(strictModeConfig),
  metadata: optional(anyObject),
};

export const createCollectionBody = z.object({
  vectors: optional(vectorsConfig),
  sparse_vectors: unsupported("sparse vectors are"),
  shard_number: optional(integer(1)),
  sharding_method: optional(shardingMethod),
  ...collectionParams,
  ...configs,
  wal_config: optional(walConfig),
});
export type CreateCollectionBody = z.output<typeof createCollectionBody>;

const vectorParamsDiff = z.object({
  hnsw_config: optional(hnswConfig),
  quantization_config: optional(quantizationConfig),
  on_disk: optional(z.boolean()),
  memory: optional(memory),
});

export const updateCollectionBody = z.object({
  vectors: optional(
    parsedBy((value) => readEach(value, (diff) => validate(vectorParamsDiff, diff)), {
      type: "object",
      additionalProperties: { type: "object" },
    }),
  ),
  sparse_vectors: unsupported("sparse vectors are"),
  params: optional(
    z.object({
      ...collectionParams,
      read_fan_out_factor: optional(integer(0)),
      read_fan_out_delay_ms: optional(integer(0)),
    }),
  ),
  ...configs,
});
export type UpdateCollectionBody = z.output<typeof updateCollectionBody>;
