import type { NamedVectors } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { type JsonSchema, shown } from "./fields.js";

/** The name of the vector that is not named. */
export const unnamedVector = "";

export const denseVectorSchema: JsonSchema = { type: "array", items: { type: "number", format: "float" }, minItems: 1 };

export const vectorStructSchema: JsonSchema = {
  oneOf: [denseVectorSchema, { type: "object", additionalProperties: denseVectorSchema }],
};

function refuseElement(value: unknown, field: string): never {
  if (Array.isArray(value))
    throw new MurmurationError("unsupported", "multi-vectors are not supported yet", field.replace(/\[\d+\]$/, ""));
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

/** Throws for what is not a dense vector: `unsupported` for the other vector kinds of the dialect, else `format`. */
export function refuseOtherVector(value: unknown, field: string): never {
  if (typeof value === "object" && value !== null) {
    if ("indices" in value && "values" in value)
      throw new MurmurationError("unsupported", "sparse vectors are not supported yet", field);
    for (const model of ["text", "image", "object", "model"]) {
      if (model in value)
        throw new MurmurationError("unsupported", "inference (Document, Image, Object) is not supported yet", field);
    }
  }
  if (value === undefined) throw new MurmurationError("format", "missing field", field);
  throw new MurmurationError("format", `expected vector, got ${shown(value)}`, field);
}

function looksLikeInference(value: object): boolean {
  return "model" in value && typeof value.model === "string";
}

/** The vectors of one point: an array is the unnamed one, an object has them by name and may be empty. */
export function readVectors(value: unknown, field: string): NamedVectors {
  if (Array.isArray(value)) return { [unnamedVector]: readDenseVector(value, field) };
  if (typeof value !== "object" || value === null || looksLikeInference(value)) refuseOtherVector(value, field);
  const vectors: { [name: string]: Float32Array } = {};
  for (const [name, child] of Object.entries(value as object)) {
    const childField = `${field}.${name}`;
    vectors[name] = Array.isArray(child) ? readDenseVector(child, childField) : refuseOtherVector(child, childField);
  }
  return vectors;
}
