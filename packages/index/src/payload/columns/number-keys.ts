import { isPlanted } from "../../planted.js";
import { datetimeOf } from "../datetime.js";
import type { Json } from "../json.js";
import { canonicalInteger, canonicalNumber, compareNumbers } from "../number.js";
import type { RangeBounds } from "../payload-index.js";

// Numbers as integers of 64 bits, so that equal numbers have equal keys and keys have the order of numbers. Integers are their own keys. Of a
// float the key is made of its bits: those of a negative one, but for the sign, are turned over.

/** Least and greatest key. */
export const keyMin = -(2n ** 63n);
export const keyMax = 2n ** 63n - 1n;

/** Keys from `low` to `high`, both inclusive. */
export interface KeyRange {
  readonly low: bigint;
  readonly high: bigint;
}

/** How the numbers of a column are held. */
export interface NumberKeys {
  /** The canonical form of a number that is held. */
  keyOf(value: Json): number | bigint | undefined;
  /** The canonical form of a number that has a place among them and is not held. */
  unheldOf(value: Json): number | bigint | undefined;
  /** Writes the key of a held number to two words. */
  write(held: number | bigint, words: Uint32Array, at: number): void;
  /** The number of a key, in canonical form. */
  valueOf(low: number, high: number): number | bigint;
  /** The keys of all held numbers within the bounds; `undefined`: there is none. */
  rangeOf(bounds: RangeBounds): KeyRange | undefined;
}

const bits = new DataView(new ArrayBuffer(8));

function clamped(low: bigint, high: bigint): KeyRange | undefined {
  const range = { low: low < keyMin ? keyMin : low, high: high > keyMax ? keyMax : high };
  return range.low > range.high ? undefined : range;
}

/** The greatest integer up to a bound, or a bound of all integers here. */
function floor(bound: number | bigint): bigint {
  if (typeof bound === "bigint") return bound;
  if (!Number.isFinite(bound)) return bound < 0 ? keyMin - 1n : keyMax + 1n;
  return BigInt(Math.floor(bound));
}

function ceil(bound: number | bigint): bigint {
  return typeof bound === "bigint" || !Number.isFinite(bound) ? floor(bound) : BigInt(Math.ceil(bound));
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** Integers of 64 bits; others are not held. */
export const integerKeys: NumberKeys = {
  unheldOf: (value) => (integerKeys.keyOf(value) === undefined ? canonicalInteger(value) : undefined),
  keyOf(value) {
    const canonical = canonicalInteger(value);
    return typeof canonical === "bigint" && BigInt.asIntN(64, canonical) !== canonical ? undefined : canonical;
  },
  write(held, words, at) {
    if (typeof held === "number") {
      words[at] = held;
      words[at + 1] = Math.floor(held / 2 ** 32);
      return;
    }
    words[at] = Number(BigInt.asUintN(32, held));
    words[at + 1] = Number(BigInt.asUintN(32, held >> 32n));
  },
  valueOf(low, high) {
    const value = (high | 0) * 2 ** 32 + low;
    if (Number.isSafeInteger(value)) return value;
    return (BigInt(high | 0) << 32n) | BigInt(low);
  },
  rangeOf({ lt, gt, lte, gte }) {
    let [low, high] = [keyMin, keyMax];
    if (gte !== undefined) low = larger(low, ceil(gte));
    if (gt !== undefined) low = larger(low, floor(gt) + 1n);
    if (lte !== undefined) high = smaller(high, floor(lte));
    if (lt !== undefined) high = smaller(high, ceil(lt) - 1n);
    return clamped(low, high);
  },
};

function floatKey(value: number): bigint {
  bits.setFloat64(0, value + 0); // −0 becomes 0
  const key = bits.getBigInt64(0);
  return key < 0n ? key ^ keyMax : key;
}

/** The key of the greatest float up to a bound. */
function floatKeyUpTo(bound: number | bigint): bigint {
  const nearest = Number(bound);
  return nearest <= bound ? floatKey(nearest) : floatKey(nearest) - 1n;
}

/** The key of the least float from a bound on. */
function floatKeyFrom(bound: number | bigint): bigint {
  const nearest = Number(bound);
  return nearest >= bound ? floatKey(nearest) : floatKey(nearest) + 1n;
}

/** Numbers that a float of 64 bits is equal to; others, integers beyond 2^53, are not held. */
export const floatKeys: NumberKeys = {
  unheldOf: (value) => (floatKeys.keyOf(value) === undefined ? canonicalNumber(value) : undefined),
  keyOf(value) {
    const canonical = canonicalNumber(value);
    if (typeof canonical !== "bigint") return canonical;
    const float = Number(canonical);
    return compareNumbers(float, canonical) === 0 ? float : undefined;
  },
  write(held, words, at) {
    bits.setFloat64(0, (held as number) + 0);
    const high = bits.getUint32(0);
    const turn = high >>> 31 === 1;
    words[at] = turn ? ~bits.getUint32(4) : bits.getUint32(4);
    words[at + 1] = turn ? high ^ 0x7fff_ffff : high;
  },
  valueOf(low, high) {
    const turn = high >>> 31 === 1;
    bits.setUint32(0, turn ? high ^ 0x7fff_ffff : high);
    bits.setUint32(4, turn ? ~low : low);
    return canonicalNumber(bits.getFloat64(0)) as number | bigint;
  },
  rangeOf({ lt, gt, lte, gte }) {
    let [low, high] = [keyMin, keyMax];
    if (gte !== undefined) low = larger(low, floatKeyFrom(gte));
    if (gt !== undefined) low = larger(low, floatKeyUpTo(gt) + 1n);
    if (lte !== undefined) high = smaller(high, floatKeyUpTo(lte));
    if (lt !== undefined) high = smaller(high, floatKeyFrom(lt) - 1n);
    return clamped(low, high);
  },
};

/** Datetimes, in microseconds since 1970: all of them fit. */
export const datetimeKeys: NumberKeys = {
  ...integerKeys,
  keyOf(value) {
    if (isPlanted("zone-ignored") && typeof value === "string") return datetimeOf(value.replace(/[+-]\d\d:?\d\d$/, ""));
    return datetimeOf(value);
  },
  unheldOf: () => undefined,
};
