import { MurmurationError, type PointId } from "@murmuration/index";
import { z } from "zod";
import { efSearchMax, queryBatchSizeMax } from "../http-limits.js";
import {
  integer,
  number,
  optional,
  parsedBy,
  pointIdSchema,
  readPointId,
  rowCount,
  shown,
  unsupported,
  withDefault,
  within,
} from "./fields.js";
import { filter } from "./filter.js";
import { name } from "./names.js";
import { selectionFields } from "./selection.js";
import { selectionSpellings, spelled } from "./spellings.js";
import { type IssueParameters, validate } from "./validate.js";
import { denseVectorSchema, readDenseVector, refuseOtherVector } from "./vectors.js";

/** What is searched with: a vector, or a stored point. */
export type QueryTarget = Float32Array | { readonly id: PointId };

/** Forms of `query` that the dialect knows beside `nearest`. */
const otherForms = [
  "recommend",
  "discover",
  "context",
  "order_by",
  "fusion",
  "rrf",
  "sample",
  "formula",
  "relevance_feedback",
];

function readVectorInput(value: unknown, field: string): QueryTarget {
  if (Array.isArray(value)) return readDenseVector(value, field);
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "string") {
    return within(field, () => ({ id: readPointId(value) }));
  }
  return refuseOtherVector(value, field);
}

function readQuery(value: unknown): QueryTarget {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return readVectorInput(value, "");
  const form = otherForms.find((known) => known in value);
  if (form !== undefined) throw new MurmurationError("unsupported", `${form} queries are not supported yet`, form);
  if (!("nearest" in value)) return readVectorInput(value, "");
  if ("mmr" in value && value.mmr !== null && value.mmr !== undefined) {
    throw new MurmurationError("unsupported", "mmr is not supported yet", "mmr");
  }
  return readVectorInput(value.nearest, "nearest");
}

const vectorInputSchema = { oneOf: [denseVectorSchema, pointIdSchema] };

const query = parsedBy(readQuery, {
  oneOf: [
    denseVectorSchema,
    pointIdSchema,
    { type: "object", properties: { nearest: vectorInputSchema }, required: ["nearest"] },
  ],
});

const searchParams = z.object({
  hnsw_ef: optional(integer(1, efSearchMax)),
  exact: withDefault(z.boolean(), false),
  quantization: optional(
    z.object({
      ignore: withDefault(z.boolean(), false),
      rescore: optional(z.boolean()),
      oversampling: optional(number(1, 1_000)),
    }),
  ),
  indexed_only: optional(z.boolean()),
  acorn: optional(z.object({ enable: optional(z.boolean()), max_selectivity: optional(number(0, 1)) })),
  idf: unsupported("sparse vectors are"),
});
export type SearchParams = z.output<typeof searchParams>;

const lookupFrom = z.object({
  collection: name,
  vector: optional(z.string()),
  shard_key: unsupported("shard keys are"),
});

const searchFields = {
  filter,
  params: optional(searchParams),
  score_threshold: optional(number()),
  offset: withDefault(rowCount(0), 0),
  ...selectionFields(false),
  shard_key: unsupported("shard keys are"),
};

/** 0 passes here and is refused by `refuseLimitZero`, under the name that the dialect gives the field there. */
const atLeastOne = rowCount(1);
const queryLimit = withDefault(
  parsedBy((value) => (value === 0 ? 0 : validate(atLeastOne, value)), { type: "integer", minimum: 1 }),
  10,
);

function refuseLimitZero(body: { readonly limit: number }, context: z.RefinementCtx): void {
  if (body.limit !== 0) return;
  const params: IssueParameters = { code: "validation" };
  context.addIssue({
    code: "custom",
    path: ["internal", "limit"],
    message: "value 0 invalid, must be 1 or larger",
    params: { ...params },
  });
}

function notEmpty(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

const queryFields = z.object({
  prefetch: parsedBy(notEmpty, { description: "Not supported yet." }).optional(),
  query: optional(query),
  using: withDefault(z.string(), ""),
  lookup_from: optional(lookupFrom),
  limit: queryLimit,
  ...searchFields,
});
export const queryBody = spelled(queryFields.superRefine(refuseLimitZero), selectionSpellings);
export type QueryBody = z.output<typeof queryBody>;

/** The vector of a legacy search, with the name of the vector it is compared with. */
export interface LegacyVector {
  readonly using: string;
  readonly vector: Float32Array;
}

function readLegacyVector(value: unknown): LegacyVector {
  if (Array.isArray(value)) return { using: "", vector: readDenseVector(value, "") };
  if (typeof value !== "object" || value === null || !("name" in value)) return refuseOtherVector(value, "");
  if (typeof value.name !== "string")
    throw new MurmurationError("format", `expected string, got ${shown(value.name)}`, "name");
  const vector = "vector" in value ? value.vector : undefined;
  return {
    using: value.name,
    vector: Array.isArray(vector) ? readDenseVector(vector, "vector") : refuseOtherVector(vector, "vector"),
  };
}

const searchRequest = z.object({
  vector: parsedBy(readLegacyVector, {
    oneOf: [
      denseVectorSchema,
      {
        type: "object",
        properties: { name: { type: "string" }, vector: denseVectorSchema },
        required: ["name", "vector"],
      },
    ],
  }),
  limit: rowCount(1),
  ...searchFields,
});
export const searchBody = spelled(searchRequest, { ...selectionSpellings, top: "limit" });
export type SearchBody = z.output<typeof searchBody>;

function batchOf<Body extends z.ZodType>(body: Body) {
  return z.object({ searches: z.array(body).max(queryBatchSizeMax) });
}

export const queryBatchBody = batchOf(queryBody);
export const searchBatchBody = batchOf(searchBody);
