import type { NamedVectors } from "@murmuration/core";
import { MurmurationError, multiVector, type SparseVector, sparseVector, type Vector } from "@murmuration/index";
import { documentSchema, isInference, readDocument, type VectorUse } from "./documents.js";
import { type JsonSchema, shown } from "./fields.js";

/** The name of the vector that is not named. */
export const unnamedVector = "";

export const denseVectorSchema: JsonSchema = { type: "array", items: { type: "number", format: "float" }, minItems: 1 };

export const multiVectorSchema: JsonSchema = { type: "array", items: denseVectorSchema, minItems: 1 };

export const sparseVectorSchema: JsonSchema = {
  type: "object",
  properties: {
    indices: { type: "array", items: { type: "integer", minimum: 0, maximum: 0xffffffff } },
    values: { type: "array", items: { type: "number", format: "float" } },
  },
  required: ["indices", "values"],
};

/** A vector of any kind. */
export const vectorSchema: JsonSchema = {
  oneOf: [denseVectorSchema, multiVectorSchema, sparseVectorSchema, documentSchema],
};

export const vectorStructSchema: JsonSchema = {
  oneOf: [denseVectorSchema, multiVectorSchema, { type: "object", additionalProperties: vectorSchema }],
};

function refuseElement(value: unknown, field: string): never {
  if (typeof value === "number" || typeof value === "bigint") {
    throw new MurmurationError("validation", `value ${value} invalid, must be a finite 32-bit float`, field);
  }
  throw new MurmurationError("format", `expected number, got ${shown(value)}`, field);
}

/**
 * A dense vector, rounded to float32. One pass without a schema: vectors are most of what is ever sent.
 * Throws `format` for an element that is no number, `validation` for an empty vector or a number beyond float32.
 */
export function readDenseVector(value: readonly unknown[], field: string): Float32Array {
  const size = value.length;
  if (size === 0) throw new MurmurationError("validation", "value [] invalid, must not be empty", field);
  const vector = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const element = value[i];
    if (typeof element === "number") vector[i] = element;
    else if (typeof element === "bigint") vector[i] = Number(element);
    else refuseElement(element, `${field}[${i}]`);
    if (!Number.isFinite(vector[i])) refuseElement(element, `${field}[${i}]`);
  }
  return vector;
}

/** Throws `format` for what is no vector. */
export function refuseOtherVector(value: unknown, field: string): never {
  if (value === undefined) throw new MurmurationError("format", "missing field", field);
  throw new MurmurationError("format", `expected vector, got ${shown(value)}`, field);
}

function numbersOf(value: unknown, field: string): number[] {
  if (value === undefined) throw new MurmurationError("format", "missing field", field);
  if (!Array.isArray(value))
    throw new MurmurationError("format", `expected array of numbers, got ${shown(value)}`, field);
  return value.map((element: unknown, i) => {
    if (typeof element === "number") return element;
    return typeof element === "bigint" ? Number(element) : refuseElement(element, `${field}[${i}]`);
  });
}

/** A sparse vector, sorted by index. Throws `format` for what has no lists of numbers, `validation` for those that are no sparse vector. */
function readSparseVector(value: object, field: string): SparseVector {
  const { indices, values } = value as { readonly indices?: unknown; readonly values?: unknown };
  const at = (name: string) => (field === "" ? name : `${field}.${name}`);
  const given = numbersOf(values, at("values"));
  const vector = sparseVector(numbersOf(indices, at("indices")), given, field);
  const far = given.findIndex((one) => !Number.isFinite(Math.fround(one)));
  return far < 0 ? vector : refuseElement(given[far], `${at("values")}[${far}]`);
}

/** A dense vector, or a multivector where the elements are arrays. */
function readNumbers(value: readonly unknown[], field: string): Vector {
  if (!Array.isArray(value[0])) return readDenseVector(value, field);
  const parts = value.map((part: unknown, i) => {
    const at = `${field}[${i}]`;
    if (!Array.isArray(part)) throw new MurmurationError("format", `expected array of numbers, got ${shown(part)}`, at);
    return part.length === 0 ? new Float32Array(0) : readDenseVector(part, at);
  });
  return multiVector(parts, field);
}

/** A vector of any kind, or what the built-in model makes of a document. Throws as those of each kind do, and for what is no vector. */
export function readVector(value: unknown, field: string, use: VectorUse): Vector {
  if (Array.isArray(value)) return readNumbers(value, field);
  if (typeof value !== "object" || value === null) return refuseOtherVector(value, field);
  if ("indices" in value || "values" in value) return readSparseVector(value, field);
  return isInference(value) ? readDocument(value, field, use) : refuseOtherVector(value, field);
}

/** The vectors of one point: an array is the unnamed one, an object has them by name and may be empty. */
export function readVectors(value: unknown, field: string): NamedVectors {
  if (Array.isArray(value)) return { [unnamedVector]: readNumbers(value, field) };
  if (typeof value !== "object" || value === null) return refuseOtherVector(value, field);
  if ("model" in value && typeof value.model === "string")
    return { [unnamedVector]: readDocument(value, field, "document") };
  const vectors: { [name: string]: Vector } = {};
  for (const [name, child] of Object.entries(value as object))
    vectors[name] = readVector(child, `${field}.${name}`, "document");
  return vectors;
}
