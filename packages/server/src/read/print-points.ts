import {
  type PointId,
  type PointRecord,
  printJson,
  type ScoredRecord,
  type ScrolledRecord,
  type Selection,
  type Sliced,
  type Vector,
} from "@murmuration/index";
import { shortestFloat32 } from "../http/float32.js";
import { unnamedVector } from "../http/schemas/vectors.js";
import type { AnswerText } from "./answer-text.js";

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

export const printId = (id: PointId): string => (typeof id === "string" ? `"${id}"` : `${id}`);

function printNumbers(vector: Float32Array): string {
  let text = "";
  for (let i = 0; i < vector.length; i++)
    text += i === 0 ? printFloat32(vector[i] as number) : `,${printFloat32(vector[i] as number)}`;
  return text;
}

function* valuesParts(vector: Float32Array): Generator<string, void, void> {
  yield "[";
  for (let from = 0; from < vector.length; from += PART_NUMBERS) {
    yield (from === 0 ? "" : ",") + printNumbers(vector.subarray(from, from + PART_NUMBERS));
  }
  yield "]";
}

function* indicesParts(indices: Uint32Array): Generator<string, void, void> {
  yield "[";
  for (let from = 0; from < indices.length; from += PART_NUMBERS) {
    yield (from === 0 ? "" : ",") + indices.subarray(from, from + PART_NUMBERS).join();
  }
  yield "]";
}

/** A dense one as an array, a sparse one by its indices and values, a multivector as an array of its parts. */
function* vectorParts(vector: Vector): Generator<string, void, void> {
  if (vector instanceof Float32Array) return yield* valuesParts(vector);
  const { values } = vector;
  if (vector.kind === "sparse") {
    yield '{"indices":';
    yield* indicesParts(vector.indices);
    yield ',"values":';
    yield* valuesParts(values);
    return yield "}";
  }
  const { dimensions } = vector;
  for (let from = 0; from < values.length; from += dimensions) {
    yield from === 0 ? "[" : ",";
    yield* valuesParts(values.subarray(from, from + dimensions));
  }
  yield "]";
}

/** Numbers that are printed of a vector. */
function sizeOf(vector: Vector): number {
  if (vector instanceof Float32Array) return vector.length;
  return vector.kind === "sparse" ? 2 * vector.values.length : vector.values.length;
}

/** The unnamed vector alone is an array, others are an object. */
function* vectorsParts(vectors: { readonly [name: string]: Vector }): Generator<string, void, void> {
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

/** The vectors of a point in one piece, as an upsert takes them. */
export const printVectors = (vectors: { readonly [name: string]: Vector }): string =>
  [...vectorsParts(vectors)].join("");

/** A vector in one piece. */
export const printVector = (vector: Vector): string => [...vectorParts(vector)].join("");

/** How a point is printed around what is selected of it. */
export interface PointPrinter<Found extends PointRecord> {
  readonly begin: (found: Found) => string;
  readonly end: (found: Found) => string;
}

const beginRecord = ({ id }: PointRecord) => `{"id":${printId(id)}`;

export const recordPrinter: PointPrinter<PointRecord> = { begin: beginRecord, end: () => "}" };

const printOrderValue = ({ orderValue }: ScrolledRecord): string =>
  orderValue === undefined ? "}" : `,"order_value":${printJson(orderValue)}}`;

export const scrolledPrinter: PointPrinter<ScrolledRecord> = {
  begin: beginRecord,
  end: printOrderValue,
};

export const scoredPrinter: PointPrinter<ScoredRecord> = {
  begin: ({ id, version, score }) => `{"id":${printId(id)},"version":${version},"score":${printFloat32(score)}`,
  end: printOrderValue,
};

/** What is selected of a point, in parts that cost about as much each: an asked-for payload is always there. */
function* selectedParts({ payload, vectors }: PointRecord, selection: Selection): Generator<string, void, void> {
  if (selection.payload !== false) {
    yield ',"payload":';
    yield payload ?? "{}";
  }
  if (selection.vectors === false) return;
  yield ',"vector":';
  yield* vectorsParts(vectors ?? {});
}

/** JSON text of what is found. */
export function printPoint<Found extends PointRecord>(
  found: Found,
  selection: Selection,
  { begin, end }: PointPrinter<Found>,
): string {
  let text = begin(found);
  if (selection.payload !== false || selection.vectors !== false) {
    for (const part of selectedParts(found, selection)) text += part;
  }
  return text + end(found);
}

/** The same in parts that cost about as much each. */
export function* pointParts<Found extends PointRecord>(
  found: Found,
  selection: Selection,
  { begin, end }: PointPrinter<Found>,
): Generator<string, void, void> {
  yield begin(found);
  yield* selectedParts(found, selection);
  yield end(found);
}

/** Is a point so large that it is printed in slices? */
export function isLarge({ payload, vectors }: PointRecord): boolean {
  let numbers = (payload?.length ?? 0) / CHARACTERS_PER_NUMBER;
  for (const name in vectors) numbers += sizeOf(vectors[name] as Vector);
  return numbers > PART_NUMBERS;
}

/** Puts parts to an answer, with pauses in between. */
export function* putInSlices(text: AnswerText, parts: Iterable<string>): Sliced<void> {
  for (const part of parts) {
    text.put(part);
    yield "pause";
  }
}
