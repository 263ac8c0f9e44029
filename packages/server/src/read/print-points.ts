import {
  type PointId,
  type PointRecord,
  printJson,
  type ScoredRecord,
  type ScrolledRecord,
  type Selection,
} from "@murmuration/index";
import { shortestFloat32 } from "../http/float32.js";
import { unnamedVector } from "../http/schemas/vectors.js";

/** Numbers of a vector that are printed in one go. */
const PART_NUMBERS = 4_096;
/** Characters of a payload that cost as much as a number. */
const CHARACTERS_PER_NUMBER = 256;

/** A float32 in the fewest digits, as JSON. */
export function printFloat32(x: number): string {
  const plain = shortestFloat32(x);
  // larger ones would be taken for integers of 64 bits
  return plain > -0x20000000000000 && plain < 0x20000000000000 ? `${plain}` : printJson(plain);
}

const printId = (id: PointId): string => (typeof id === "string" ? `"${id}"` : `${id}`);

function printNumbers(vector: Float32Array): string {
  let text = "";
  for (let i = 0; i < vector.length; i++)
    text += i === 0 ? printFloat32(vector[i] as number) : `,${printFloat32(vector[i] as number)}`;
  return text;
}

function* vectorParts(vector: Float32Array): Generator<string, void, void> {
  yield "[";
  for (let from = 0; from < vector.length; from += PART_NUMBERS) {
    yield (from === 0 ? "" : ",") + printNumbers(vector.subarray(from, from + PART_NUMBERS));
  }
  yield "]";
}

/** The unnamed vector alone is an array, others are an object. */
function* vectorsParts(vectors: { readonly [name: string]: Float32Array }): Generator<string, void, void> {
  const entries = Object.entries(vectors);
  const unnamed = vectors[unnamedVector];
  if (unnamed !== undefined && entries.length === 1) return yield* vectorParts(unnamed);
  let separator = "{";
  for (const [name, vector] of entries) {
    yield `${separator}${JSON.stringify(name)}:`;
    separator = ",";
    yield* vectorParts(vector);
  }
  yield entries.length === 0 ? "{}" : "}";
}

/** What stands of a point behind its id: an asked-for payload is always there. */
function* restParts({ payload, vectors }: PointRecord, selection: Selection): Generator<string, void, void> {
  if (selection.payload !== false) {
    yield ',"payload":';
    yield payload ?? "{}";
  }
  if (selection.vectors === false) return;
  yield ',"vector":';
  yield* vectorsParts(vectors ?? {});
}

/** JSON text of what is found, in parts that cost about as much each. */
export type Print<Found> = (found: Found, selection: Selection) => Generator<string, void, void>;

export const recordParts: Print<PointRecord> = function* (record, selection) {
  yield `{"id":${printId(record.id)}`;
  yield* restParts(record, selection);
  yield "}";
};

/** A point of a page in the place of a query: with version 0 and score 1. */
export const pageParts: Print<PointRecord> = function* (record, selection) {
  yield `{"id":${printId(record.id)}`;
  yield* restParts(record, selection);
  yield ',"version":0,"score":1}';
};

export const scrolledParts: Print<ScrolledRecord> = function* (record, selection) {
  yield `{"id":${printId(record.id)}`;
  yield* restParts(record, selection);
  yield record.orderValue === undefined ? "}" : `,"order_value":${printJson(record.orderValue)}}`;
};

export const scoredParts: Print<ScoredRecord> = function* (record, selection) {
  yield `{"id":${printId(record.id)},"version":${record.version},"score":${printFloat32(record.score)}`;
  yield* restParts(record, selection);
  yield "}";
};

/** Is a point so large that it is printed in slices? */
export function isLarge({ payload, vectors }: PointRecord): boolean {
  let numbers = (payload?.length ?? 0) / CHARACTERS_PER_NUMBER;
  for (const name in vectors) numbers += vectors[name]?.length ?? 0;
  return numbers > PART_NUMBERS;
}
