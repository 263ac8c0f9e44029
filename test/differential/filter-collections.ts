import fc from "fast-check";
import { payload } from "./filter-arbitraries.js";
import { type Condition, holds, type ReferencePoint } from "./reference-filter.js";

/** Points that each of the collections has at most. */
export const POINTS = 140;

/** Collections by name, with the indexes that each has. */
export const collections: { readonly [name: string]: { readonly [path: string]: unknown } } = {
  plain: {},
  equality: { a: "keyword", b: { type: "integer" }, "c.d": "uuid", "e[].x": "bool", "e[].t": "keyword" },
  order: { a: "datetime", b: "float", "c.d": "datetime", "e[].x": { type: "integer", lookup: false } },
  words: { a: "text", b: "text", "c.d": { type: "text", phrase_matching: true }, "e[].t": "text", "e[].x": "text" },
  places: { a: "geo", b: "geo", "c.d": "geo", "e[].x": "geo", "e[].t": "uuid" },
};

/** The vectors of each. */
export const vectors = { v: { size: 2, distance: "Dot" }, w: { size: 2, distance: "Euclid" } };

/** Points of a seed, over all ids again and again: `salt` tells one draw from another. */
export function drawn(count: number, seed: number, salt: number): ReferencePoint[] {
  const payloads = fc.sample(payload, { numRuns: count, seed: seed + salt });
  return payloads.map((one, i) => ({
    id: (i * 7 + salt) % POINTS,
    payload: one,
    vectors: ["v", "w"].filter((_, which) => ((i >> which) & 1) === 0),
  }));
}

/** The body that writes them. */
export function bodyOf(points: readonly ReferencePoint[]): object {
  return {
    points: points.map(({ id, payload: given, vectors: names }) => ({
      id,
      payload: given,
      vector: Object.fromEntries(names.map((name) => [name, [1, id]])),
    })),
  };
}

function textsOf(name: string): string[] {
  const isText = (schema: unknown) => schema === "text" || (schema as { readonly type?: string }).type === "text";
  return Object.entries(collections[name] ?? {}).flatMap(([path, schema]) => (isText(schema) ? [path] : []));
}

/** Ids that a filter finds in a collection, ascending. */
export function expectedIds(name: string, filter: Condition, points: Iterable<ReferencePoint>): number[] {
  const texts = textsOf(name);
  const found = [...points].filter((point) => holds(filter, point, texts));
  return found.map(({ id }) => id).sort((a, b) => a - b);
}
