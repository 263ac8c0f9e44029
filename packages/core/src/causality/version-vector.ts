import { assert } from "@murmuration/index";
import { type Dot, isOrigin, isSequence } from "./dot.js";

/**
 * Origin → highest sequence up to which every operation of that origin is held. An absent origin stands for 0, and 0 is
 * never stored, so that equal vectors are equal maps. A map, because it crosses threads as it is.
 */
export type VersionVector = ReadonlyMap<number, number>;
/** A vector that its owner advances in place. */
export type MutableVersionVector = Map<number, number>;

/** How two vectors relate: `before` is strictly covered by the other, `after` strictly covers it. */
export type CausalOrder = "equal" | "before" | "after" | "concurrent";

/** The vector that holds nothing. */
export const emptyVersionVector: VersionVector = new Map();

/** Highest contiguous sequence held of `origin`, 0 for none. */
export function sequenceOf(vector: VersionVector, origin: number): number {
  return vector.get(origin) ?? 0;
}

/** Is the operation of this name among those that the vector holds? */
export function includesDot(vector: VersionVector, dot: Dot): boolean {
  return dot.sequence <= sequenceOf(vector, dot.origin);
}

/** Adds the next operation of an origin, in place. */
export function advance(vector: MutableVersionVector, dot: Dot): void {
  assert(isOrigin(dot.origin) && isSequence(dot.sequence), "a version vector holds dots");
  assert(dot.sequence === sequenceOf(vector, dot.origin) + 1, "a version vector advances without gaps");
  vector.set(dot.origin, dot.sequence);
}

/** Raises `target` to the pointwise maximum, in place. */
export function mergeInto(target: MutableVersionVector, source: VersionVector): void {
  for (const [origin, sequence] of source) {
    if (sequence > sequenceOf(target, origin)) target.set(origin, sequence);
  }
}

/** The pointwise maximum: everything that either holds. */
export function mergeVersionVectors(a: VersionVector, b: VersionVector): MutableVersionVector {
  const merged = new Map(a);
  mergeInto(merged, b);
  return merged;
}

/** Does `vector` hold everything that `other` holds? */
export function covers(vector: VersionVector, other: VersionVector): boolean {
  for (const [origin, sequence] of other) {
    if (sequence > sequenceOf(vector, origin)) return false;
  }
  return true;
}

/** How many operations `other` covers and `vector` does not. */
export function missingFrom(vector: VersionVector, other: VersionVector): number {
  let missing = 0;
  for (const [origin, sequence] of other) missing += Math.max(0, sequence - sequenceOf(vector, origin));
  return missing;
}

/** How two vectors relate, by pointwise comparison. */
export function compareVersionVectors(a: VersionVector, b: VersionVector): CausalOrder {
  const aCovers = covers(a, b);
  const bCovers = covers(b, a);
  if (aCovers) return bCovers ? "equal" : "after";
  return bCovers ? "before" : "concurrent";
}

/** The entries of `vector` that are higher than in `base`. Merged into `base`, they give back all that `vector` holds. */
export function versionVectorDelta(vector: VersionVector, base: VersionVector): MutableVersionVector {
  const delta = new Map<number, number>();
  for (const [origin, sequence] of vector) {
    if (sequence > sequenceOf(base, origin)) delta.set(origin, sequence);
  }
  return delta;
}

/** Entries by ascending origin. */
export function sortedEntries(vector: VersionVector): [origin: number, sequence: number][] {
  return [...vector].sort((a, b) => a[0] - b[0]);
}

/** For JSON: decimal origins, ascending. */
export function versionVectorToJson(vector: VersionVector): { [origin: string]: number } {
  return Object.fromEntries(sortedEntries(vector));
}

/** The vector of a value made by `versionVectorToJson`, or `undefined` when it is none. */
export function versionVectorFromJson(value: unknown): MutableVersionVector | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const vector = new Map<number, number>();
  for (const [text, sequence] of Object.entries(value)) {
    const origin = Number(text);
    if (!isOrigin(origin) || String(origin) !== text || !isSequence(sequence)) return undefined;
    vector.set(origin, sequence);
  }
  return vector;
}
