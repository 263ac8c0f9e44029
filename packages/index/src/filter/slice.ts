import { type PointId, pointIdWords } from "../point/point-id.js";
import type { Meter } from "../sliced.js";
import type { Slice } from "./condition.js";
import type { Predicate } from "./predicate.js";

function rotated(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

/**
 * The hash of an id that `slice` divides by: MurmurHash3 x86 32 (Appleby) with seed 0 over the id's 16 bytes, an integer as its 8 bytes from the least on and
 * 8 of 0, a UUID as four words of 32 bits from the first on. The same in every replica and version.
 */
export function sliceHash(id: PointId): number {
  let hash = 0;
  for (const word of pointIdWords(id)) {
    const mixed = Math.imul(rotated(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
    hash = (Math.imul(rotated(hash ^ mixed, 13), 5) + 0xe6546b64) | 0;
  }
  hash ^= 16;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Predicate of `slice`. */
export function slicePredicate({ total, index }: Slice, meter: Meter): Predicate {
  return (subject) => {
    meter.steps++;
    return sliceHash(subject.id) % total === index;
  };
}
