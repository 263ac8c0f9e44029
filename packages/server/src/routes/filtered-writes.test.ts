import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testApp } from "../testing/test-app.js";

/** Every kind of condition, each of which some of the points satisfy. */
const conditions: readonly object[] = [
  { key: "word", match: { value: "red" } },
  { key: "n", match: { any: [1, 2] } },
  { key: "word", match: { except: ["red"] } },
  { key: "text", match: { text: "quick brown" } },
  { key: "text", match: { text_any: "quick cat" } },
  { key: "text", match: { phrase: "quick brown" } },
  { key: "word", match: { prefix: "bl" } },
  { key: "n", range: { gte: 2, lt: 5 } },
  { key: "day", range: { gt: "2024-01-02T00:00:00Z" } },
  { key: "place", geo_radius: { center: { lat: 0, lon: 0 }, radius: 200_000 } },
  { key: "place", geo_bounding_box: { top_left: { lat: 1, lon: -1 }, bottom_right: { lat: -1, lon: 1.5 } } },
  {
    key: "place",
    geo_polygon: {
      exterior: {
        points: [
          [-1, -1],
          [-1, 1.5],
          [1, 1.5],
          [1, -1],
          [-1, -1],
        ].map(([lat, lon]) => ({ lat, lon })),
      },
    },
  },
  { key: "tags", values_count: { gte: 2 } },
  { is_empty: { key: "tags" } },
  { is_null: { key: "none" } },
  { has_id: [2, 4, 99] },
  { has_vector: "b" },
  { slice: { total: 2, index: 0 } },
  {
    nested: {
      key: "parts",
      filter: {
        must: [
          { key: "x", match: { value: 1 } },
          { key: "y", match: { value: 2 } },
        ],
      },
    },
  },
  {
    should: [
      { key: "n", match: { value: 0 } },
      { key: "n", match: { value: 5 } },
    ],
  },
];

const points = Array.from({ length: 6 }, (_, n) => ({
  id: n,
  vector: n % 2 === 0 ? { a: [n, 1] } : { a: [n, 1], b: [1, n] },
  payload: {
    word: ["red", "blue", "black"][n % 3],
    n,
    text: n % 2 === 0 ? "the quick brown fox" : "a lazy dog",
    day: `2024-01-0${n + 1}`,
    place: { lat: 0, lon: n },
    tags: Array.from({ length: n % 3 }, (_, i) => `t${i}`),
    none: n % 2 === 0 ? null : 1,
    parts: [
      { x: 1, y: n },
      { x: n, y: 3 },
    ],
  },
}));

const vectors = { a: { size: 2, distance: "Dot" }, b: { size: 2, distance: "Dot" } };

describe("writes by filter", () => {
  for (const isIndexed of [false, true]) {
    it(`change exactly the points that a read finds, by every kind of condition${isIndexed ? ", indexed" : ""}`, async () => {
      const { ask } = await testApp();
      await ask("PUT", "/collections/c", { vectors });
      for (const [field_name, field_schema] of isIndexed
        ? ([
            ["word", "keyword"],
            ["n", "integer"],
            ["text", "text"],
            ["day", "datetime"],
            ["place", "geo"],
          ] as const)
        : []) {
        const made = await ask("PUT", "/collections/c/index?wait=true", { field_name, field_schema });
        assert.equal(made.statusCode, 200, made.error);
      }
      const scroll = async (filter: object) => {
        const { json } = await ask("POST", "/collections/c/points/scroll", { filter, limit: 100 });
        return (json.result as { points: { id: number }[] }).points.map(({ id }) => id);
      };
      for (const condition of conditions) {
        const what = JSON.stringify(condition);
        await ask("PUT", "/collections/c/points", { points });
        const filter = { must: [condition] };
        const expected = await scroll(filter);
        assert.ok(expected.length > 0 && expected.length < points.length, `${what} finds ${expected.join()}`);
        const set = await ask("POST", "/collections/c/points/payload", { payload: { marked: true }, filter });
        assert.equal(set.statusCode, 200, set.error);
        assert.deepEqual(await scroll({ must: [{ key: "marked", match: { value: true } }] }), expected, what);
        const changed = points.map((point) => ({ ...point, payload: { ...point.payload, again: true } }));
        await ask("PUT", "/collections/c/points", { points: changed, update_filter: filter });
        assert.deepEqual(await scroll({ must: [{ key: "again", match: { value: true } }] }), expected, what);
        await ask("PUT", "/collections/c/points", { points });
        await ask("POST", "/collections/c/points/delete", { filter });
        const left = points.map(({ id }) => id).filter((id) => !expected.includes(id));
        assert.deepEqual(await scroll({}), left, what);
      }
    });
  }
});
