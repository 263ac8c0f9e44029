import type { NamedVectors, PointInput, Target } from "@murmuration/core";
import { MurmurationError, type Payload, type PointId, type Vector, type VectorKind } from "@murmuration/index";
import { z } from "zod";
import {
  anyObject,
  distinctPointIds,
  itemsOf,
  type JsonSchema,
  oneOf,
  optional,
  parsedBy,
  pointIdSchema,
  readPointId,
  shown,
  withDefault,
  within,
} from "./fields.js";
import { filter } from "./filter.js";
import { shardKeyOfWrite } from "./shard-key.js";
import { spelled, underOwnNames } from "./spellings.js";
import { readVector, readVectors, vectorStructSchema } from "./vectors.js";

/** Of several points with one id only the last is kept. */
function lastOfEachId<Point extends { readonly id: PointId }>(points: readonly Point[]): readonly Point[] {
  const byId = new Map<PointId, Point>();
  for (const point of points) {
    // Taken out first, so that the order is that of the points kept.
    byId.delete(point.id);
    byId.set(point.id, point);
  }
  return byId.size === points.length ? points : [...byId.values()];
}

function readList<T>(value: unknown, what: string, read: (element: unknown, i: number) => T): readonly T[] {
  if (value === undefined) throw new MurmurationError("format", "missing field");
  if (!Array.isArray(value)) throw new MurmurationError("format", `expected array of ${what}, got ${shown(value)}`);
  return value.map(read);
}

function readPayload(value: unknown, field: string): Payload {
  if (value === undefined || value === null) return {};
  if (typeof value === "object" && !Array.isArray(value)) return value as Payload;
  throw new MurmurationError("format", `expected object, got ${shown(value)}`, field);
}

function readId(value: unknown, field: string): PointId {
  try {
    return readPointId(value);
  } catch (error) {
    throw new MurmurationError("format", (error as Error).message, field);
  }
}

/** Of a point, of an entry of an update, and of a delete of vectors. */
const vectorSpellings = { vectors: "vector" };

/** A point, its vectors under `vector`. */
function pointOf(value: unknown, field: string): { readonly [key: string]: unknown } {
  return within(field, () => underOwnNames(objectOf(value, ""), vectorSpellings));
}

function objectOf(value: unknown, field: string): { readonly [key: string]: unknown } {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as { readonly [key: string]: unknown };
  throw new MurmurationError("format", `expected point, got ${shown(value)}`, field);
}

/** A vector of a name, a kind and a size that no point before this one has. */
export interface VectorShape {
  readonly name: string;
  readonly kind: VectorKind;
  /** Dimensions; 0 for a sparse one. */
  readonly size: number;
  readonly id: PointId;
}

/** Points of a write, and what their vectors are like: a few shapes, however many points there are. */
export interface PointList<Point extends { readonly id: PointId; readonly vectors: NamedVectors }> {
  readonly points: readonly Point[];
  readonly shapes: readonly VectorShape[];
}

/** What decides whether a vector fits a space. */
export function shapeOf(vector: Vector): Pick<VectorShape, "kind" | "size"> {
  if (vector instanceof Float32Array) return { kind: "dense", size: vector.length };
  return { kind: vector.kind, size: vector.kind === "multi" ? vector.dimensions : 0 };
}

function listOf<Point extends { readonly id: PointId; readonly vectors: NamedVectors }>(
  points: readonly Point[],
): PointList<Point> {
  const known = new Map<string, VectorShape[]>();
  const shapes: VectorShape[] = [];
  for (const { id, vectors } of points) {
    for (const name in vectors) {
      const { kind, size } = shapeOf(vectors[name] as Vector);
      let seen = known.get(name);
      if (seen === undefined) known.set(name, (seen = []));
      if (seen.some((shape) => shape.size === size && shape.kind === kind)) continue;
      const shape = { name, kind, size, id };
      seen.push(shape);
      shapes.push(shape);
    }
  }
  return { points, shapes };
}

/** Points of an upsert. What only the collection knows (names, sizes) is checked by `checkVectors`. */
function readPoints(value: unknown): PointList<PointInput> {
  const points = readList(value, "points", (element, i) => {
    const given = pointOf(element, `[${i}]`);
    return {
      id: readId(given.id, `[${i}].id`),
      vectors: readVectors(given.vector, `[${i}].vector`),
      payload: readPayload(given.payload, `[${i}].payload`),
    };
  });
  return listOf(lastOfEachId(points));
}

export type PointVectors = { readonly id: PointId; readonly vectors: NamedVectors };

/** Entries of one id become one, which sets the vectors of all of them; of one name the last wins. */
function mergedById(points: readonly PointVectors[]): readonly PointVectors[] {
  const byId = new Map<PointId, PointVectors>();
  for (const { id, vectors } of points) byId.set(id, { id, vectors: { ...byId.get(id)?.vectors, ...vectors } });
  return byId.size === points.length ? points : [...byId.values()];
}

function readPointVectors(value: unknown): PointList<PointVectors> {
  const points = readList(value, "points", (element, i) => {
    const given = pointOf(element, `[${i}]`);
    const vectors = readVectors(given.vector, `[${i}].vector`);
    if (Object.keys(vectors).length === 0) {
      const message = "value invalid, must specify vectors to update for point";
      throw new MurmurationError("validation", message, `[${i}].vector`);
    }
    return { id: readId(given.id, `[${i}].id`), vectors };
  });
  return listOf(mergedById(points));
}

function checkSameLength(actual: number, expected: number, field: string): void {
  if (actual === expected) return;
  throw new MurmurationError(
    "validation",
    `value of length ${actual} invalid, must be the same length as ids (${expected})`,
    field,
  );
}

/** Vectors of a batch: one list for the unnamed vector, or one list for each name. */
function readBatchVectors(value: unknown, count: number): readonly NamedVectors[] {
  if (Array.isArray(value)) {
    checkSameLength(value.length, count, "vectors");
    return value.map((element, i) => readVectors(element, `vectors[${i}]`));
  }
  const vectors = Array.from({ length: count }, (): { [name: string]: Vector } => ({}));
  for (const [name, column] of Object.entries(objectOf(value, "vectors"))) {
    const field = `vectors.${name}`;
    const read = within(field, () =>
      readList(column, "vectors", (element, i) => readVector(element, `[${i}]`, "document")),
    );
    checkSameLength(read.length, count, field);
    for (const [i, vector] of read.entries()) (vectors[i] as { [name: string]: Vector })[name] = vector;
  }
  return vectors;
}

function readBatch(value: unknown): PointList<PointInput> {
  const batch = objectOf(value, "");
  const ids = within("ids", () => readList(batch.ids, "point ids", (element, i) => readId(element, `[${i}]`)));
  const vectors = readBatchVectors(batch.vectors, ids.length);
  const payloads =
    batch.payloads === undefined || batch.payloads === null
      ? undefined
      : within("payloads", () => readList(batch.payloads, "objects", (element, i) => readPayload(element, `[${i}]`)));
  if (payloads !== undefined) checkSameLength(payloads.length, ids.length, "payloads");
  const points = ids.map((id, i) => ({ id, vectors: vectors[i] ?? {}, payload: payloads?.[i] ?? {} }));
  return listOf(lastOfEachId(points));
}

const pointSchema: JsonSchema = {
  type: "object",
  properties: { id: pointIdSchema, vector: vectorStructSchema, payload: { type: "object" } },
  required: ["id", "vector"],
};

const updateMode = oneOf(["upsert", "insert_only", "update_only"]);

/** Either `points` or `batch`. */
export const upsertBody = z.object({
  points: optional(parsedBy(readPoints, { type: "array", items: pointSchema })),
  batch: optional(
    parsedBy(readBatch, {
      type: "object",
      properties: { ids: { type: "array", items: pointIdSchema }, vectors: {}, payloads: { type: "array" } },
      required: ["ids", "vectors"],
    }),
  ),
  update_filter: filter,
  update_mode: withDefault(updateMode, "upsert"),
  shard_key: shardKeyOfWrite,
});

export const updateVectorsBody = z.object({
  points: parsedBy(readPointVectors, { type: "array", items: pointSchema }),
  update_filter: filter,
  shard_key: shardKeyOfWrite,
});

const targetFields = { points: optional(distinctPointIds), filter, shard_key: shardKeyOfWrite };

export const deletePointsBody = z.object(targetFields);

const names = itemsOf(z.string(), 1).transform((given) => [...new Set(given)]);

export const deleteVectorsBody = spelled(z.object({ ...targetFields, vector: names }), vectorSpellings);

export const setPayloadBody = z.object({ ...targetFields, payload: anyObject, key: optional(z.string().min(1)) });

export const deletePayloadBody = z.object({ ...targetFields, keys: itemsOf(z.string()) });

export const clearPayloadBody = z.object(targetFields);

/** The points a write is about. Throws `format` when neither or both of `points` and `filter` are given. */
export function targetOf(body: z.output<typeof deletePointsBody>): Target {
  if (body.points !== undefined && body.filter !== undefined) {
    throw new MurmurationError("format", "give either `points` or `filter`, not both", "filter");
  }
  if (body.points !== undefined) return { ids: body.points };
  if (body.filter !== undefined) return { filter: body.filter };
  throw new MurmurationError("format", "either `points` or `filter` must be given", "points");
}
