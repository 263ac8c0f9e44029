import { MurmurationError } from "@murmuration/index";
import { z } from "zod";
import { inputSchemaOf, integer, number, optional, parsedBy, unsigned, within } from "./fields.js";
import { validate } from "./validate.js";

/** An object whose keys are names of vectors. */
function byVector<Schema extends z.ZodType>(schema: Schema) {
  return parsedBy(
    (value): { readonly [name: string]: z.output<Schema> } => {
      if (typeof value !== "object" || value === null || Array.isArray(value))
        throw new MurmurationError("format", "expected object");
      return Object.fromEntries(
        Object.entries(value).map(([name, child]) => [name, within(name, () => validate(schema, child))]),
      );
    },
    () => ({ type: "object", additionalProperties: inputSchemaOf(schema) }),
  );
}

/** Limits of a collection; those that are left out do not limit. All of them hold only while `enabled` is true. */
export const strictModeConfig = z.object({
  enabled: optional(z.boolean()),
  max_query_limit: optional(unsigned(64, 1)),
  max_timeout: optional(unsigned(64, 1)),
  unindexed_filtering_retrieve: optional(z.boolean()),
  unindexed_filtering_update: optional(z.boolean()),
  search_max_hnsw_ef: optional(unsigned(64, 0)),
  search_allow_exact: optional(z.boolean()),
  search_max_oversampling: optional(number()),
  upsert_max_batchsize: optional(unsigned(64, 0)),
  search_max_batchsize: optional(unsigned(64, 0)),
  max_collection_vector_size_bytes: optional(unsigned(64, 0)),
  read_rate_limit: optional(unsigned(32, 1)),
  write_rate_limit: optional(unsigned(32, 1)),
  max_collection_payload_size_bytes: optional(unsigned(64, 0)),
  max_points_count: optional(unsigned(64, 1)),
  filter_max_conditions: optional(unsigned(64, 0)),
  condition_max_size: optional(unsigned(64, 0)),
  multivector_config: optional(byVector(z.object({ max_vectors: optional(unsigned(64, 1)) }))),
  sparse_config: optional(byVector(z.object({ max_length: optional(unsigned(64, 1)) }))),
  max_payload_index_count: optional(unsigned(64, 0)),
  max_resident_memory_percent: optional(integer(1, 100)),
});
export type StrictModeConfig = z.output<typeof strictModeConfig>;
