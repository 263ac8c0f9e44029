import { assert, MurmurationError } from "../errors.js";

// Vectors as plain data, so that they can be posted to another thread: a `Float32Array` is dense, every other kind says what it is.

/** One number for each dimension of its space. */
export type DenseVector = Float32Array;

/** Values at some of 2^32 indices; it is 0 at all others. */
export interface SparseVector {
  readonly kind: "sparse";
  /** Ascending, none twice. */
  readonly indices: Uint32Array;
  /** One for each index; finite. A 0 is kept as it was given. */
  readonly values: Float32Array;
}

/** Several dense vectors of the same dimensions, in an order that has no meaning. */
export interface MultiVector {
  readonly kind: "multi";
  readonly dimensions: number;
  /** Parts, one after the other: f32[count × dimensions], at least one. */
  readonly values: Float32Array;
}

/** A vector of any kind. */
export type Vector = DenseVector | SparseVector | MultiVector;

/** The kinds, by the names that spaces have. */
export type VectorKind = "dense" | "sparse" | "multi";

/** Which kind it is. */
export function kindOfVector(vector: Vector): VectorKind {
  return vector instanceof Float32Array ? "dense" : vector.kind;
}

/** Is it a dense one? */
export function isDense(vector: Vector): vector is DenseVector {
  return vector instanceof Float32Array;
}

/** Is it a sparse one? */
export function isSparse(vector: Vector): vector is SparseVector {
  return !(vector instanceof Float32Array) && vector.kind === "sparse";
}

/**
 * A sparse vector of pairs in any order, which are sorted. Throws `validation` naming `field` where there is not one value for each index, where an
 * index comes twice, and where it is no u32.
 */
export function sparseVector(indices: readonly number[], values: readonly number[], field: string): SparseVector {
  const at = (part: string) => (field === "" ? part : `${field}.${part}`);
  if (values.length !== indices.length)
    throw new MurmurationError("validation", "must be the same length as indices", at("values"));
  const order = Array.from(indices, (index, i) => {
    if (!Number.isInteger(index) || index < 0 || index > INDEX_MAX) {
      const problem = `value ${index} invalid, must be from 0 to ${INDEX_MAX}`;
      throw new MurmurationError("validation", problem, at(`indices[${i}]`));
    }
    return i;
  });
  order.sort((a, b) => (indices[a] as number) - (indices[b] as number));
  const sorted = Uint32Array.from(order, (i) => indices[i] as number);
  for (let i = 1; i < sorted.length; i++)
    if (sorted[i] === sorted[i - 1]) throw new MurmurationError("validation", "must be unique", at("indices"));
  return { kind: "sparse", indices: sorted, values: Float32Array.from(order, (i) => values[i] as number) };
}

/** The most numbers that all parts of one vector have together. What is written has less. */
export const multiLimits = { valuesMax: 1 << 20 } as const;

/** Throws `validation` naming `field` where all parts of a vector have so many numbers together that it is not written. */
export function checkMultiSize(size: number, field: string): void {
  if (size < multiLimits.valuesMax) return;
  const problem = `Total size of all vectors (${size}) must be less than ${multiLimits.valuesMax}`;
  throw new MurmurationError("validation", problem, field);
}

/**
 * A multivector of these parts. Throws `validation` naming `field` without parts, for an empty one, for too many numbers, and for a part of other
 * dimensions than the first.
 */
export function multiVector(parts: readonly Float32Array[], field: string): MultiVector {
  const dimensions = parts[0]?.length ?? 0;
  if (dimensions === 0 || parts.some((part) => part.length === 0))
    throw new MurmurationError("validation", "all vectors must be non-empty", field);
  checkMultiSize(
    parts.reduce((sum, part) => sum + part.length, 0),
    field,
  );
  const other = parts.find((part) => part.length !== dimensions);
  if (other !== undefined) {
    const problem = `all vectors must have the same dimension, found vector with dimension ${other.length}`;
    throw new MurmurationError("validation", problem, field);
  }
  const values = new Float32Array(parts.length * dimensions);
  for (const [i, part] of parts.entries()) values.set(part, i * dimensions);
  return { kind: "multi", dimensions, values };
}

const INDEX_MAX = 0xffffffff;

/** The same numbers to the bit: 0 and −0 are told apart, so that what is kept is what would have been written. */
export function sameVector(a: Vector, b: Vector): boolean {
  if (isDense(a) || isDense(b)) return isDense(a) && isDense(b) && sameBits(a, b);
  if (a.kind === "multi" || b.kind === "multi") {
    return a.kind === "multi" && b.kind === "multi" && a.dimensions === b.dimensions && sameBits(a.values, b.values);
  }
  return (
    a.indices.length === b.indices.length &&
    a.indices.every((index, i) => index === b.indices[i]) &&
    sameBits(a.values, b.values)
  );
}

function sameBits(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}

/** All that it consists of as bytes, for digests: two equal vectors of one space have the same. Views. */
export function* piecesOfVector(vector: Vector): IterableIterator<Uint8Array> {
  if (!isDense(vector) && vector.kind === "sparse") yield bytesOf(vector.indices);
  yield bytesOf(isDense(vector) ? vector : vector.values);
}

/** How many bytes its numbers take. */
export function bytesOfVector(vector: Vector): number {
  if (isDense(vector)) return vector.byteLength;
  return vector.values.byteLength + (vector.kind === "sparse" ? vector.indices.byteLength : 0);
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A vector as the dialect writes it: numbers, indices and values, or a list of parts. */
export type PlainVector =
  | readonly number[]
  | { readonly indices: readonly number[]; readonly values: readonly number[] }
  | readonly (readonly number[])[];

/** As the dialect writes it. */
export function plainOfVector(vector: Vector): PlainVector {
  if (isDense(vector)) return [...vector];
  if (vector.kind === "sparse") return { indices: [...vector.indices], values: [...vector.values] };
  const { dimensions, values } = vector;
  return Array.from({ length: values.length / dimensions }, (_, i) => [
    ...values.subarray(i * dimensions, (i + 1) * dimensions),
  ]);
}

/** A vector of which is known that it is dense. */
export function denseOf(vector: Vector): DenseVector {
  assert(isDense(vector), "the vector is a dense one");
  return vector;
}
