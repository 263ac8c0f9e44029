import { assert } from "@murmuration/index";
import { limits } from "../limits.js";

/** Names an operation: the `sequence`-th of replica `origin` in a shard. Both count from 1. */
export interface Dot {
  readonly origin: number;
  readonly sequence: number;
}

const SEQUENCE_BITS = 40n;
const SEQUENCE_MASK = (1n << SEQUENCE_BITS) - 1n;

/** Can this be a replica id: an integer from 1 to 2^24 − 1? */
export function isOrigin(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= limits.originMax;
}

/** Can this be a sequence: an integer from 1 to 2^40 − 1? */
export function isSequence(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= limits.sequenceMax;
}

/** The dot as one u64, `origin << 40 | sequence`: the key the graph engine stores and orders by. */
export function dotToKey(dot: Dot): bigint {
  assert(isOrigin(dot.origin), "a dot's origin is a replica id");
  assert(isSequence(dot.sequence), "a dot's sequence is in its range");
  return (BigInt(dot.origin) << SEQUENCE_BITS) | BigInt(dot.sequence);
}

/** The dot of a key made by `dotToKey`. */
export function dotFromKey(key: bigint): Dot {
  const dot = { origin: Number(key >> SEQUENCE_BITS), sequence: Number(key & SEQUENCE_MASK) };
  assert(isOrigin(dot.origin) && isSequence(dot.sequence), "the key names a dot");
  return dot;
}

/** Total order: by origin, then by sequence. The same as the order of keys. */
export function compareDots(a: Dot, b: Dot): number {
  return a.origin - b.origin || a.sequence - b.sequence;
}

/** `origin:sequence`, for people. */
export function dotText(dot: Dot): string {
  return `${dot.origin}:${dot.sequence}`;
}
