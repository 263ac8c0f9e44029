import { distances } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { z } from "zod";
import { vectorSizeMax } from "../http-limits.js";
import {
  anyObject,
  inputSchemaOf,
  integer,
  number,
  oneOf,
  optional,
  parsedBy,
  unsigned,
  unsupported,
  within,
} from "./fields.js";
import { memory, type QuantizationConfig, quantizationConfig } from "./quantization.js";
import { quantizationSpellings, spelled } from "./spellings.js";
import { strictModeConfig } from "./strict-mode.js";
import { validate } from "./validate.js";

/** `m` and `ef_construct` of a new collection shape its graph, within the bounds of that; the rest is kept to be shown again. */
const hnswFields = z.object({
  m: optional(unsigned(64, 0)),
  ef_construct: optional(unsigned(64, 4)),
  full_scan_threshold: optional(unsigned(64, 10)),
  max_indexing_threads: optional(unsigned(64, 0)),
  on_disk: optional(z.boolean()),
  memory: optional(memory),
  payload_m: optional(unsigned(64, 0)),
  inline_storage: optional(z.boolean()),
});
export const hnswConfig = spelled(hnswFields, { full_scan_threshold_kb: "full_scan_threshold" });
export type HnswConfig = z.output<typeof hnswConfig>;

const datatype = oneOf(["float32", "uint8", "float16", "turbo4"]);

/** How vectors travel between replicas and are kept in the log; our own. */
const encoding = oneOf(["f32", "f16", "sq8"]);

const vectorFields = z.object({
  size: integer(1, vectorSizeMax),
  distance: oneOf(distances),
  hnsw_config: optional(hnswConfig),
  quantization_config: optional(quantizationConfig),
  on_disk: optional(z.boolean()),
  memory: optional(memory),
  datatype: optional(datatype),
  encoding: optional(encoding),
  multivector_config: optional(z.object({ comparator: oneOf(["max_sim"]) })),
});
export const vectorParams = spelled(vectorFields, quantizationSpellings);
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

/** One unnamed vector, or vectors by name. */
const vectorsConfig = parsedBy(
  (value): { readonly [name: string]: VectorParams } => {
    const read = (params: unknown) => validate(vectorParams, params);
    return isOneVector(value) ? { "": read(value) } : readEach(value, read);
  },
  () => {
    const one = inputSchemaOf(vectorParams);
    return { oneOf: [one, { type: "object", additionalProperties: one }] };
  },
);

const sparseIndexFields = z.object({
  full_scan_threshold: optional(unsigned(64, 0)),
  on_disk: optional(z.boolean()),
  memory: optional(memory),
  datatype: optional(oneOf(["float32", "float16", "uint8"])),
});

/** The index of sparse vectors is what it is: what is said of it is kept to be shown again. */
export const sparseVectorParams = z.object({
  index: optional(sparseIndexFields),
  modifier: optional(oneOf(["none", "idf"])),
});
export type SparseVectorParams = z.output<typeof sparseVectorParams>;

const denseNameFields = z.object({
  size: integer(1, vectorSizeMax),
  distance: oneOf(distances),
  datatype: optional(datatype),
  encoding: optional(encoding),
  multivector_config: optional(z.object({ comparator: oneOf(["max_sim"]) })),
});
const sparseNameFields = z.object({
  modifier: optional(oneOf(["none", "idf"])),
  datatype: optional(oneOf(["float32", "float16", "uint8"])),
});

/** A vector that is added to a collection that stands: what says how vectors are compared, and no more. */
export type VectorNameBody =
  | { readonly dense: z.output<typeof denseNameFields>; readonly sparse?: undefined }
  | { readonly dense?: undefined; readonly sparse: z.output<typeof sparseNameFields> };

const vectorNameSchema = () => ({
  oneOf: [
    { type: "object", properties: { dense: inputSchemaOf(denseNameFields) }, required: ["dense"] },
    { type: "object", properties: { sparse: inputSchemaOf(sparseNameFields) }, required: ["sparse"] },
  ],
});

export const vectorNameBody = parsedBy((value): VectorNameBody => {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const { dense, sparse } = value as { readonly dense?: unknown; readonly sparse?: unknown };
    if (dense !== undefined) return { dense: within("dense", () => validate(denseNameFields, dense)) };
    if (sparse !== undefined) return { sparse: within("sparse", () => validate(sparseNameFields, sparse)) };
  }
  throw new MurmurationError("format", "data did not match any variant of untagged enum VectorNameConfig");
}, vectorNameSchema);

const sparseVectorsConfig = parsedBy(
  (value) => readEach(value, (params) => validate(sparseVectorParams, params ?? {})),
  () => ({ type: "object", additionalProperties: inputSchemaOf(sparseVectorParams) }),
);

const optimizersFields = z.object({
  deleted_threshold: optional(number(0, 1)),
  vacuum_min_vector_number: optional(unsigned(64, 100)),
  default_segment_number: optional(unsigned(64, 0)),
  max_segment_size: optional(unsigned(64, 0)),
  memmap_threshold: optional(unsigned(64, 0)),
  indexing_threshold: optional(unsigned(64, 0)),
  flush_interval_sec: optional(unsigned(64, 0)),
  max_optimization_threads: optional(
    parsedBy((value) => (value === "auto" ? value : validate(unsigned(64, 0), value)), {
      oneOf: [{ type: "integer", minimum: 0 }, { const: "auto" }],
    }),
  ),
  prevent_unoptimized: optional(z.boolean()),
});
const optimizersConfig = spelled(optimizersFields, {
  max_segment_size_kb: "max_segment_size",
  memmap_threshold_kb: "memmap_threshold",
  indexing_threshold_kb: "indexing_threshold",
});

const walConfig = z.object({
  wal_capacity_mb: optional(unsigned(64, 1)),
  wal_segments_ahead: optional(unsigned(64, 0)),
  wal_retain_closed: optional(unsigned(64, 1)),
});

const customSharding = "a collection has one shard, which is whole on every replica: there is none for a key";

const shardingMethod = parsedBy(
  (value) => {
    const method = validate(oneOf(["auto", "custom"]), value);
    if (method === "custom") throw new MurmurationError("unsupported", customSharding);
    return method;
  },
  { type: "string", enum: ["auto"] },
);

const collectionParams = {
  replication_factor: optional(unsigned(32, 1)),
  write_consistency_factor: optional(unsigned(32, 1)),
  on_disk_payload: optional(z.boolean()),
  payload: optional(z.object({ memory: optional(memory) })),
};

const configSpellings = { ...quantizationSpellings, optimizer_config: "optimizers_config" };

const configs = {
  hnsw_config: optional(hnswConfig),
  optimizers_config: optional(optimizersConfig),
  quantization_config: optional(quantizationConfig),
  strict_mode_config: optional(strictModeConfig),
  metadata: optional(anyObject),
};

const createFields = z.object({
  vectors: optional(vectorsConfig),
  sparse_vectors: optional(sparseVectorsConfig),
  shard_number: optional(unsigned(32, 1)),
  sharding_method: optional(shardingMethod),
  ...collectionParams,
  ...configs,
  wal_config: optional(walConfig),
  init_from: unsupported("no collection is made from another one: recover a snapshot of it instead"),
});

export type { QuantizationConfig };
export const createCollectionBody = spelled(createFields, configSpellings);
export type CreateCollectionBody = z.output<typeof createCollectionBody>;

const vectorDiffFields = z.object({
  hnsw_config: optional(hnswConfig),
  quantization_config: optional(quantizationConfig),
  on_disk: optional(z.boolean()),
  memory: optional(memory),
});
const vectorParamsDiff = spelled(vectorDiffFields, quantizationSpellings);

const updateFields = z.object({
  vectors: optional(
    parsedBy((value) => readEach(value, (diff) => validate(vectorParamsDiff, diff)), {
      type: "object",
      additionalProperties: { type: "object" },
    }),
  ),
  sparse_vectors: optional(sparseVectorsConfig),
  params: optional(
    z.object({
      ...collectionParams,
      read_fan_out_factor: optional(unsigned(32, 0)),
      read_fan_out_delay_ms: optional(unsigned(64, 0)),
    }),
  ),
  ...configs,
});
export const updateCollectionBody = spelled(updateFields, configSpellings);
export type UpdateCollectionBody = z.output<typeof updateCollectionBody>;
