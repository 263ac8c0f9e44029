import { ask, path } from "../../api.js";
import type { Id } from "../../looking/link-to-point.js";

/** Numbers that one sample has at most: some 20 MB of JSON. */
const NUMBERS_MAX = 2_000_000;
/** Points whose payload is read whole, to see which fields there are. */
const LOOKED_AT = 20;
const FIELDS_MAX = 200;

/** Points of a collection with their vectors. */
export interface Sample {
  readonly ids: readonly Id[];
  readonly dimensions: number;
  /** f32[ids × dimensions] */
  readonly rows: Float32Array;
}

interface Found {
  readonly points: readonly {
    readonly id: Id;
    readonly vector?: unknown;
    readonly payload?: Readonly<Record<string, unknown>> | null;
  }[];
}

/** How many points of so many dimensions are asked for where `wanted` are. */
export const pointsOf = (wanted: number, dimensions: number): number =>
  Math.max(2, Math.min(wanted, Math.floor(NUMBERS_MAX / Math.max(1, dimensions))));

function numbersOf(vector: unknown, name: string): readonly number[] | undefined {
  const own: unknown = name === "" ? vector : (vector as Readonly<Record<string, unknown>> | undefined)?.[name];
  return Array.isArray(own) && own.every((value) => typeof value === "number") ? (own as number[]) : undefined;
}

/** Points at random, with one of their vectors; those that have none are left out. */
export async function loadSample(
  collection: string,
  vector: { readonly name: string; readonly size: number },
  wanted: number,
  signal: AbortSignal,
): Promise<Sample> {
  const { name, size } = vector;
  const body = {
    query: { sample: "random" },
    limit: pointsOf(wanted, size),
    filter: { must: [{ has_vector: name }] },
    with_payload: false,
    with_vector: name === "" ? true : [name],
  };
  const { points } = await ask<Found>("POST", path`/collections/${collection}/points/query`, { body, signal });
  const withVector = points.flatMap(({ id, vector: given }) => {
    const numbers = numbersOf(given, name);
    return numbers?.length === size ? [{ id, numbers }] : [];
  });
  const rows = new Float32Array(withVector.length * size);
  for (const [i, { numbers }] of withVector.entries()) rows.set(numbers, i * size);
  return { ids: withVector.map(({ id }) => id), dimensions: size, rows };
}

/** What stands at a field of the payload of each point; `undefined` where nothing does. */
export async function loadField(
  collection: string,
  ids: readonly Id[],
  field: string,
  signal: AbortSignal,
): Promise<unknown[]> {
  if (ids.length === 0) return [];
  const body = { ids, with_payload: [field], with_vector: false };
  const points = await ask<Found["points"]>("POST", path`/collections/${collection}/points`, { body, signal });
  const byId = new Map(points.map(({ id, payload }) => [String(id), payload]));
  return ids.map((id) => valueAt(byId.get(String(id)), field));
}

/** The value at a path such as `a.b`; a key that has dots in it counts first. Of lists, the first. */
function valueAt(payload: unknown, field: string): unknown {
  if (typeof payload !== "object" || payload === null) return undefined;
  if (Array.isArray(payload)) return valueAt(payload[0], field);
  const record = payload as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(record, field)) return record[field];
  const dot = field.indexOf(".");
  if (dot < 0) return undefined;
  const name = field.slice(0, dot).replace(/\[\]$/, "");
  return Object.hasOwn(record, name) ? valueAt(record[name], field.slice(dot + 1)) : undefined;
}

/** Fields that some points have, by name. */
export async function loadFields(collection: string, ids: readonly Id[], signal: AbortSignal): Promise<string[]> {
  if (ids.length === 0) return [];
  const body = { ids: ids.slice(0, LOOKED_AT), with_payload: true, with_vector: false };
  const points = await ask<Found["points"]>("POST", path`/collections/${collection}/points`, { body, signal });
  const names = new Set<string>();
  for (const { payload } of points) {
    for (const name of Object.keys(payload ?? {})) if (names.size < FIELDS_MAX) names.add(name);
  }
  return [...names].sort();
}
