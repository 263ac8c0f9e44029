import {
  isJsonObject,
  type Json,
  type JsonObject,
  MurmurationError,
  type PointId,
  pointIdFromText,
  toPointId,
  type Vector,
} from "@murmuration/index";
import { v5 } from "uuid";
import { shown } from "../http/schemas/fields.js";
import { readVector, readVectors } from "../http/schemas/vectors.js";
import type { CarriedPoint } from "./carried-point.js";
import type { VectorShape } from "./collection-body.js";
import type { Layout } from "./layout.js";
import { vectorOfText } from "./read-text-vector.js";
import type { Fields } from "./source.js";
import { jsonOfValue } from "./value-to-json.js";

/** Namespace of the UUIDs that texts become which are no ids themselves (RFC 9562, version 5). Never to be changed: a later import has to find them. */
export const idNamespace = "8d6f7c1e-52a4-5b0b-9d53-0c6c1f6a7e14";

/** The id that a value stands for: an unsigned integer or UUID is itself, any other text a UUID of version 5. Throws `format`. */
export function idOf(value: unknown, field: string): { readonly id: PointId; readonly isMade: boolean } {
  const id = toPointId(value);
  if (id !== undefined) return { id, isMade: false };
  if (typeof value === "string" && value !== "") {
    if (/^(?:0|[1-9]\d{0,19})$/.test(value) && BigInt(value) < 2n ** 64n)
      return { id: pointIdFromText(value), isMade: false };
    return { id: v5(value, idNamespace), isMade: true };
  }
  const what =
    value === undefined || value === null
      ? "missing"
      : `${shown(value)} is no id: an unsigned integer, a UUID or a text`;
  throw new MurmurationError("format", what, field);
}

/** What rows are made points by. */
export interface RowRules {
  readonly layout: Layout;
  readonly shapes: ReadonlyMap<string, VectorShape>;
  /** Id of the first row, where rows are numbered. */
  readonly firstId: number;
}

function checkShape(vector: Vector, shape: VectorShape | undefined, field: string): void {
  if (shape === undefined)
    throw new MurmurationError("wrong-input", "the collection has no vector of this name", field);
  const kind = vector instanceof Float32Array ? "dense" : vector.kind;
  // a dense vector is a multivector of one part
  if (kind !== shape.kind && !(kind === "dense" && shape.kind === "multi"))
    throw new MurmurationError("wrong-input", `expected a ${shape.kind} vector, got a ${kind} one`, field);
  if (kind === "sparse" || shape.size === undefined) return;
  const size = vector instanceof Float32Array ? vector.length : (vector as { readonly dimensions: number }).dimensions;
  if (size !== shape.size)
    throw new MurmurationError("wrong-input", `has ${size} numbers, the collection takes ${shape.size}`, field);
}

/** A dense vector of a binary format; others go through the checks of an upsert. */
function vectorOf(value: unknown, field: string): Vector {
  if (value instanceof Float32Array) {
    const bad = value.findIndex((number) => !Number.isFinite(number));
    if (bad < 0) return value;
    throw new MurmurationError(
      "validation",
      `value ${value[bad]} invalid, must be a finite 32-bit float`,
      `${field}[${bad}]`,
    );
  }
  return readVector(typeof value === "string" ? vectorOfText(value, field) : value, field, "document");
}

const isThere = (value: unknown) => value !== undefined && value !== null;

/** A vector of a row, by the column that it is from. */
export interface FoundVector {
  readonly name: string;
  readonly field: string;
  readonly vector: Vector;
}

/** The vectors of a row, whatever the collection takes. Throws `format` or `validation`, naming the column. */
export function vectorsOfRow(fields: Fields, layout: Layout): readonly FoundVector[] {
  const found: FoundVector[] = [];
  if (layout.allVectors !== undefined) {
    const field = layout.allVectors;
    const value = fields.get(field);
    if (!isThere(value)) throw new MurmurationError("format", "missing", field);
    for (const [name, vector] of Object.entries(readVectors(value, field)))
      found.push({ name, vector, field: name === "" ? field : `${field}.${name}` });
  }
  for (const [column, name] of layout.vectors) {
    const value = fields.get(column);
    if (isThere(value)) found.push({ name, field: column, vector: vectorOf(value, column) });
    else if (layout.isVectorNeeded) throw new MurmurationError("format", "missing", column);
  }
  return found;
}

function payloadOf(fields: Fields, layout: Layout): { [key: string]: Json } {
  if (layout.payload !== undefined) {
    const value = fields.get(layout.payload) as Json | undefined;
    if (!isThere(value)) return {};
    if (isJsonObject(value) && !ArrayBuffer.isView(value)) return { ...value };
    throw new MurmurationError("format", `expected object, got ${shown(value)}`, layout.payload);
  }
  const payload: { [key: string]: Json } = {};
  for (const [column, value] of fields) {
    if (value === undefined || column === layout.id || column === layout.allVectors || layout.vectors.has(column))
      continue;
    if (column === "__proto__") throw new MurmurationError("format", "the key `__proto__` is not allowed", column);
    // a list of float32 that is no vector
    payload[column] = (value instanceof Float32Array ? jsonOfValue(Array.from(value), column) : value) as Json;
  }
  return payload;
}

/**
 * The point that a row is; `number`: of the row, from 0. A text that an id was made of stays in the payload, under the column's name. Throws `format`,
 * `validation` or `wrong-input`, naming the column.
 */
export function pointOfRow(fields: Fields, number: number, rules: RowRules): CarriedPoint {
  const { layout, shapes, firstId } = rules;
  const { id, isMade } =
    layout.id === undefined ? { id: firstId + number, isMade: false } : idOf(fields.get(layout.id), layout.id);
  const vectors: { [name: string]: Vector } = {};
  for (const { name, field, vector } of vectorsOfRow(fields, layout)) {
    checkShape(vector, shapes.get(name), field);
    vectors[name] = vector;
  }
  const payload = payloadOf(fields, layout);
  if (isMade && layout.id !== undefined && payload[layout.id] === undefined)
    payload[layout.id] = fields.get(layout.id) as string;
  return { id, vectors, payload: payload as JsonObject };
}
