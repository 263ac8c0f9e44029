import type { PointRecord, ScoredPoint, Selection, VectorSelector } from "@murmuration/core";
import type { PayloadSelector } from "@murmuration/index";
import type { WriteReceipt } from "../consistency/session.js";
import { plainVector, shortestFloat32 } from "../http/float32.js";
import { unnamedVector } from "../http/schemas/vectors.js";

type RenderedVectors = number[] | { readonly [name: string]: number[] };

function renderVectors(vectors: { readonly [name: string]: Float32Array }): RenderedVectors {
  const names = Object.keys(vectors);
  const unnamed = vectors[unnamedVector];
  if (unnamed !== undefined && names.length === 1) return plainVector(unnamed);
  return Object.fromEntries(Object.entries(vectors).map(([name, vector]) => [name, plainVector(vector)]));
}

/** The selection that the fields of a request ask for. */
export function selectionOf(body: {
  readonly with_payload: PayloadSelector;
  readonly with_vector: VectorSelector;
}): Selection {
  return { payload: body.with_payload, vectors: body.with_vector };
}

/** A point as JSON: an asked-for payload is always there, the unnamed vector is an array, named ones are an object. */
export function renderRecord(record: PointRecord, selection: Selection) {
  return {
    id: record.id,
    ...(selection.payload === false ? {} : { payload: record.payload ?? {} }),
    ...(selection.vectors === false ? {} : { vector: renderVectors(record.vectors ?? {}) }),
  };
}

export function renderScored(point: ScoredPoint, selection: Selection) {
  const { id, ...rest } = renderRecord(point, selection);
  return { id, version: point.version, score: shortestFloat32(point.score), ...rest };
}

/** The text of what `renderScored` gives, where only id, version and score are asked for, which is most often. */
export function printScored({ id, version, score }: ScoredPoint): string {
  const idText = typeof id === "string" ? `"${id}"` : id;
  return `{"id":${idText},"version":${version},"score":${shortestFloat32(score)}}`;
}

/**
 * The result of a write of points. Every write is awaited until it is durable and visible; without `wait` the dialect
 * merely calls it by another name. `wait_timeout`: too few members were heard to hold it in time.
 */
export function renderReceipt({ operationId, missed }: WriteReceipt, wait: boolean | undefined) {
  const status = missed === true ? "wait_timeout" : wait === true ? "completed" : "acknowledged";
  return { operation_id: operationId, status };
}
