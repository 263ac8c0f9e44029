import { type Filter, type PayloadSelector, parseFilter } from "@murmuration/index";
import { efSearchMax, vectorSizeMax } from "../http-limits.js";
import type { QueryBody, SearchBody, SearchParams } from "./query.js";
import { readPayloadSelector } from "./selection.js";

/*
 * Most queries hold nothing but what is read here, in one pass over their fields. Whatever is not plain, faults above all, is read by the
 * schemas of `query.ts`, which say what is wrong: what is read here they would read the same way.
 */

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** A dense vector of finite float32 numbers; `undefined` for anything else. */
function plainVector(value: unknown): Float32Array | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > vectorSizeMax) return undefined;
  const vector = new Float32Array(value.length);
  for (let i = 0; i < value.length; i++) {
    const element: unknown = value[i];
    if (typeof element !== "number") return undefined;
    vector[i] = element;
    if (!Number.isFinite(vector[i])) return undefined;
  }
  return vector;
}

const isCount = (value: unknown, minimum: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= minimum;

function plainFilter(value: unknown): Filter | undefined {
  if (value === null || value === undefined) return undefined;
  try {
    return parseFilter(value, "filter");
  } catch {
    return undefined;
  }
}

function plainParams(value: unknown): SearchParams | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const params: Mutable<SearchParams> = {
    hnsw_ef: undefined,
    exact: false,
    quantization: undefined,
    indexed_only: undefined,
    acorn: undefined,
    idf: undefined,
  };
  for (const [key, field] of Object.entries(value)) {
    if (key === "hnsw_ef" && isCount(field, 1) && field <= efSearchMax) params.hnsw_ef = field;
    else if (key === "exact" && typeof field === "boolean") params.exact = field;
    else return undefined;
  }
  return params;
}

function plainSelector(value: unknown): PayloadSelector | undefined {
  try {
    return readPayloadSelector(value);
  } catch {
    return undefined;
  }
}

type Common = Pick<
  QueryBody,
  "filter" | "params" | "offset" | "limit" | "score_threshold" | "with_payload" | "with_vector"
>;

const plainDefaults: Common = {
  filter: undefined,
  params: undefined,
  score_threshold: undefined,
  limit: 10,
  offset: 0,
  with_payload: false,
  with_vector: false,
};

/** Takes one of the fields that all queries have. Returns false for one that is not plain. */
function takeCommon(into: Mutable<Common>, key: string, value: unknown): boolean {
  switch (key) {
    case "limit":
      if (!isCount(value, 1)) return false;
      into.limit = value;
      return true;
    case "offset":
      if (!isCount(value, 0)) return false;
      into.offset = value;
      return true;
    case "with_payload": {
      const selector = plainSelector(value);
      if (selector === undefined) return false;
      into.with_payload = selector;
      return true;
    }
    case "with_vector":
      if (typeof value !== "boolean") return false;
      into.with_vector = value;
      return true;
    case "score_threshold":
      if (typeof value !== "number") return false;
      into.score_threshold = value;
      return true;
    case "filter":
      into.filter = plainFilter(value);
      return into.filter !== undefined;
    case "params":
      into.params = plainParams(value);
      return into.params !== undefined;
    default:
      return false;
  }
}

/** The body of a query by a vector; `undefined` unless it is plain. */
export function plainQuery(value: unknown): QueryBody | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const body: Mutable<QueryBody> = {
    query: undefined,
    using: "",
    lookup_from: undefined,
    prefetch: undefined,
    ...plainDefaults,
  };
  for (const [key, field] of Object.entries(value)) {
    if (key === "query") {
      const target = plainVector(field);
      if (target === undefined) return undefined;
      body.query = { kind: "nearest", target };
    } else if (!takeCommon(body, key, field)) return undefined;
  }
  return body.query === undefined ? undefined : body;
}

/** The body of a legacy search by the unnamed vector; `undefined` unless it is plain. */
export function plainSearch(value: unknown): SearchBody | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const vector = "vector" in value ? plainVector(value.vector) : undefined;
  if (vector === undefined || !("limit" in value)) return undefined;
  const body: Mutable<SearchBody> = { vector: { using: "", vector }, ...plainDefaults };
  for (const [key, field] of Object.entries(value)) {
    if (key !== "vector" && !takeCommon(body, key, field)) return undefined;
  }
  return body;
}
