import { MurmurationError } from "../errors.js";

/**
 * Name of a point, in its canonical form: an unsigned 64-bit integer (as a `number` up to 2^53 − 1, above that as a
 * `bigint`) or a UUID (as a lower-case hyphenated string). Canonical ids can be compared with `===` and used as Map keys.
 */
export type PointId = number | bigint | string;

const U64_MAX = 2n ** 64n - 1n;
const UUID_PATTERN = /^(?:urn:uuid:)?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i;

function canonicalInteger(value: bigint): PointId | undefined {
  if (value < 0n || value > U64_MAX) return undefined;
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

/** The canonical id for a JSON value, or `undefined` when it names no point. */
export function toPointId(value: unknown): PointId | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  if (typeof value === "bigint") return canonicalInteger(value);
  if (typeof value !== "string") return undefined;
  const parts = UUID_PATTERN.exec(value);
  return parts === null ? undefined : parts.slice(1).join("-").toLowerCase();
}

/** The canonical id for text in a URL path. Throws `wrong-input` when the text names no point. */
export function pointIdFromText(text: string): PointId {
  const id = /^\d{1,20}$/.test(text) ? canonicalInteger(BigInt(text)) : toPointId(text);
  if (id === undefined) throw new MurmurationError("wrong-input", `Can not recognize "${text}" as point id`, "id");
  return id;
}

/** Total order of ids: integers ascending, then UUIDs ascending. */
export function comparePointIds(a: PointId, b: PointId): number {
  const aIsText = typeof a === "string";
  const bIsText = typeof b === "string";
  if (aIsText !== bIsText) return aIsText ? 1 : -1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** An id as four words of 32 bits: an integer's low and high one and two of 0, or those of a UUID from the first digit on. */
export function pointIdWords(id: PointId): readonly [number, number, number, number] {
  if (typeof id === "number") return [id >>> 0, Math.floor(id / 2 ** 32), 0, 0];
  if (typeof id === "bigint") return [Number(id & 0xffff_ffffn), Number(id >> 32n), 0, 0];
  const digits = id.replaceAll("-", "");
  const wordAt = (place: number): number => Number.parseInt(digits.slice(place, place + 8), 16);
  return [wordAt(0), wordAt(8), wordAt(16), wordAt(24)];
}
