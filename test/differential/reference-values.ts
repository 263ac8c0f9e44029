// What stands at a payload's path and what kinds of values there are, written from the reference of the dialect alone: slow, plain, and with
// nothing of ours in it.

export type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value };

/** The steps of `a.b[].c`: keys, and `[]` for each element. */
function stepsOf(path: string): string[] {
  return path.split(".").flatMap((part) => (part.endsWith("[]") ? [part.slice(0, -2), "[]"] : [part]));
}

/** Everything that stands at the path, arrays as they are. */
export function standingAt(payload: Value, path: string): Value[] {
  let found: Value[] = [payload];
  for (const step of stepsOf(path)) {
    found = found.flatMap((value): readonly Value[] => {
      if (step === "[]") return Array.isArray(value) ? value : [];
      if (value === null || typeof value !== "object" || Array.isArray(value)) return [];
      return Object.hasOwn(value, step) ? [(value as { readonly [key: string]: Value })[step] as Value] : [];
    });
  }
  return found;
}

/** The values at the path: of an array that stands there, its elements. */
export function valuesAt(payload: Value, path: string): Value[] {
  return standingAt(payload, path).flatMap((value): readonly Value[] => (Array.isArray(value) ? value : [value]));
}

/** Microseconds since 1970 of a datetime, `undefined` for anything else. */
export function microsOf(value: Value): bigint | undefined {
  if (typeof value !== "string") return undefined;
  const [date = "", time = "00:00"] = value.replace(" ", "T").split("T");
  if (!/^\d{4}-\d\d-\d\d$/.test(date)) return undefined;
  const zone = /(Z|[+-]\d\d:?\d\d)$/.exec(time)?.[1] ?? "Z";
  const clock = time.endsWith(zone) ? time.slice(0, -zone.length) : time;
  const [, hour, minute, second = "0", fraction = ""] = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?$/.exec(clock) ?? [];
  if (hour === undefined) return undefined;
  const [year, month, day] = date.split("-").map(Number) as [number, number, number];
  const noon = new Date(Date.UTC(year, month - 1, day));
  if (noon.toISOString().slice(0, 10) !== date) return undefined;
  const digits = zone.replace(/[^\d]/g, "");
  const minutes = zone === "Z" ? 0 : Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  const offset = zone.startsWith("-") ? -minutes : minutes;
  const seconds = Number(hour) * 3_600 + Number(minute) * 60 + Number(second) - offset * 60;
  return BigInt(noon.getTime()) * 1_000n + BigInt(seconds) * 1_000_000n + BigInt(fraction.slice(0, 6).padEnd(6, "0"));
}

export interface Place {
  readonly lon: number;
  readonly lat: number;
}

export function placeOf(value: Value): Place | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  const { lon, lat } = value as { readonly lon?: Value; readonly lat?: Value };
  if (typeof lon !== "number" || typeof lat !== "number" || Math.abs(lon) > 180 || Math.abs(lat) > 90) return undefined;
  return { lon, lat };
}

/** Metres on a sphere of the earth's mean radius, by the angle between two directions. */
export function distance(a: Place, b: Place): number {
  const direction = ({ lon, lat }: Place): [number, number, number] => {
    const [x, y] = [(lon * Math.PI) / 180, (lat * Math.PI) / 180];
    return [Math.cos(y) * Math.cos(x), Math.cos(y) * Math.sin(x), Math.sin(y)];
  };
  const [p, q] = [direction(a), direction(b)];
  const cross = Math.hypot(p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]);
  return 6_371_008.8 * Math.atan2(cross, p[0] * q[0] + p[1] * q[1] + p[2] * q[2]);
}

/** Does a ray to the east leave the ring? */
export function isInRing({ lon, lat }: Place, ring: readonly Place[]): boolean {
  let crossings = 0;
  for (const [i, from] of ring.slice(0, -1).entries()) {
    const to = ring[i + 1] as Place;
    if (from.lat > lat === to.lat > lat) continue;
    if (lon < from.lon + ((lat - from.lat) / (to.lat - from.lat)) * (to.lon - from.lon)) crossings++;
  }
  return crossings % 2 === 1;
}

/** Words of a text as the tokenizer `word` finds them, in lower case. */
export function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^\p{Alphabetic}\p{N}]+/u)
    .filter((word) => word !== "");
}

/** Part of so many that an id falls into: MurmurHash3 (x86, 32 bits, seed 0) of the id as 8 bytes from the least on, and 8 of 0. */
export function sliceOf(id: number, total: number): number {
  const word = 2n ** 32n;
  const times = (a: bigint, b: bigint) => (a * b) % word;
  const turned = (a: bigint, by: bigint) => ((a << by) | (a >> (32n - by))) % word;
  let hash = 0n;
  for (const part of [BigInt(id) % word, BigInt(id) / word, 0n, 0n]) {
    hash ^= times(turned(times(part, 0xcc9e2d51n), 15n), 0x1b873593n);
    hash = (times(turned(hash, 13n), 5n) + 0xe6546b64n) % word;
  }
  hash ^= 16n;
  hash = times(hash ^ (hash >> 16n), 0x85ebca6bn);
  hash = times(hash ^ (hash >> 13n), 0xc2b2ae35n);
  return Number((hash ^ (hash >> 16n)) % BigInt(total));
}
