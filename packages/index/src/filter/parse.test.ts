import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorCode, MurmurationError } from "../errors.js";
import type { Condition } from "./condition.js";
import { filterConditionsMax, filterDepthMax, hasIdIdsMax } from "./filter-limits.js";
import { emptyFilter, parseFilter } from "./parse.js";

function must(condition: unknown): Condition | undefined {
  return parseFilter({ must: [condition] }, "filter").must[0];
}

function assertRefused(json: unknown, code: ErrorCode, field: string): void {
  assert.throws(
    () => parseFilter(json, "filter"),
    (error) => {
      assert.ok(error instanceof MurmurationError, String(error));
      assert.deepEqual([error.code, error.field], [code, field]);
      return true;
    },
  );
}

function nestedIn(depth: number): unknown {
  let json: unknown = { must: [] };
  for (let i = 1; i < depth; i++) json = { must: [json] };
  return json;
}

function place(lon: number, lat: number): { lon: number; lat: number } {
  return { lon, lat };
}

describe("parseFilter", () => {
  it("takes null, nothing and the empty object for the filter that matches all", () => {
    for (const json of [null, undefined, {}, { must: null }, { must: [], should: [] }]) {
      assert.deepEqual(parseFilter(json, "filter"), emptyFilter);
    }
  });

  it("takes one condition or an array of them in each clause", () => {
    const condition = { is_null: { key: "a" } };
    const parsed: Condition = { kind: "is-null", key: "a" };
    assert.deepEqual(parseFilter({ must: condition, should: [condition, condition], must_not: condition }, "filter"), {
      must: [parsed],
      should: [parsed, parsed],
      mustNot: [parsed],
    });
    assert.deepEqual(parseFilter({ min_should: { conditions: [condition], min_count: 1 } }, "filter"), {
      ...emptyFilter,
      minShould: { conditions: [parsed], minCount: 1 },
    });
  });

  it("reads every condition that is served", () => {
    const big = 2n ** 60n;
    const triangle = { points: [place(0, 0), place(5, 0), place(0, 5), place(0, 0)] };
    const uuid = "550e8400-e29b-41d4-a716-446655440000";
    const cases: [unknown, Condition][] = [
      [
        { key: "a.b", match: { value: "x" } },
        { kind: "match-value", key: "a.b", value: "x" },
      ],
      [
        { key: "a", match: { value: big } },
        { kind: "match-value", key: "a", value: big },
      ],
      [
        { key: "a", match: { value: false } },
        { kind: "match-value", key: "a", value: false },
      ],
      [
        { key: "a", match: { any: ["x", "y"] } },
        { kind: "match-any", key: "a", values: ["x", "y"] },
      ],
      [
        { key: "a", match: { any: [] } },
        { kind: "match-any", key: "a", values: [] },
      ],
      [
        { key: "a", match: { except: [1, big] } },
        { kind: "match-except", key: "a", values: [1, big] },
      ],
      [
        { key: "a", range: { gt: 1.5, lte: big, lt: null } },
        { kind: "range", key: "a", gt: 1.5, lte: big },
      ],
      [
        { key: "a", range: null, match: { value: 1 } },
        { kind: "match-value", key: "a", value: 1 },
      ],
      [{ is_empty: { key: "a" } }, { kind: "is-empty", key: "a" }],
      [
        { key: "a", is_empty: true },
        { kind: "is-empty", key: "a" },
      ],
      [
        { key: "a", is_null: false },
        { kind: "filter", filter: { ...emptyFilter, mustNot: [{ kind: "is-null", key: "a" }] } },
      ],
      [{ has_id: [1, uuid.toUpperCase()] }, { kind: "has-id", ids: [1, uuid] }],
      [{ has_vector: "" }, { kind: "has-vector", vector: "" }],
      [
        { nested: { key: "a", filter: { must: [{ is_null: { key: "b" } }] } } },
        { kind: "nested", key: "a", filter: { ...emptyFilter, must: [{ kind: "is-null", key: "b" }] } },
      ],
      [
        { key: "a", match: { text: "x y" } },
        { kind: "match-text", key: "a", how: "all", text: "x y" },
      ],
      [
        { key: "a", match: { text_any: "x y" } },
        { kind: "match-text", key: "a", how: "any", text: "x y" },
      ],
      [
        { key: "a", match: { phrase: "x y" } },
        { kind: "match-text", key: "a", how: "phrase", text: "x y" },
      ],
      [
        { key: "a", match: { prefix: "x" } },
        { kind: "match-prefix", key: "a", prefix: "x" },
      ],
      [
        { key: "a", range: { gt: "1970-01-01 00:00:01", lte: null } },
        { kind: "datetime-range", key: "a", gt: 1_000_000 },
      ],
      [
        { key: "a", geo_radius: { center: { lon: 1, lat: 2 }, radius: 3 } },
        { kind: "geo-radius", key: "a", center: { lon: 1, lat: 2 }, radius: 3 },
      ],
      [
        { key: "a", geo_bounding_box: { top_left: { lon: 170, lat: 2 }, bottom_right: { lon: -170, lat: 1 } } },
        { kind: "geo-box", key: "a", topLeft: { lon: 170, lat: 2 }, bottomRight: { lon: -170, lat: 1 } },
      ],
      [
        { key: "a", geo_polygon: { exterior: triangle, interiors: null } },
        { kind: "geo-polygon", key: "a", exterior: triangle.points, interiors: [] },
      ],
      [
        { key: "a", values_count: { gt: 1, lt: 5n } },
        { kind: "values-count", key: "a", gt: 1, lt: 5n },
      ],
      [{ slice: { total: 2, index: 1 } }, { kind: "slice", total: 2, index: 1 }],
      [{}, { kind: "filter", filter: emptyFilter }],
      [{ should: [] }, { kind: "filter", filter: emptyFilter }],
    ];
    for (const [json, expected] of cases) assert.deepEqual(must(json), expected);
  });

  it("refuses malformed conditions and names the path of the fault", () => {
    const cases: [unknown, string][] = [
      ["x", ""],
      [null, ""],
      [{ key: 5, match: { value: 1 } }, ".key"],
      [{ key: "a[", match: { value: 1 } }, ".key"],
      [{ key: "a", match: { value: 1 }, range: { gt: 1 } }, ""],
      [{ key: "a", match: {} }, ".match"],
      [{ key: "a", match: 5 }, ".match"],
      [{ key: "a", match: { value: 1.5 } }, ".match.value"],
      [{ key: "a", match: { value: ["x"] } }, ".match.value"],
      [{ key: "a", match: { any: "x" } }, ".match.any"],
      [{ key: "a", match: { any: ["x", 1] } }, ".match.any[1]"],
      [{ key: "a", match: { except: [true] } }, ".match.except[0]"],
      [{ key: "a", match: { valeu: 1 } }, ".match.valeu"],
      [{ key: "a", range: { above: 1 } }, ".range.above"],
      [{ key: "a", range: { gt: Number.POSITIVE_INFINITY } }, ".range.gt"],
      [{ key: "a", range: { gt: "soon" } }, ".range.gt"],
      [{ key: "a", range: { gt: 1, lt: "2024-01-01" } }, ".range.gt"],
      [{ key: "a", match: { text: 5 } }, ".match.text"],
      [{ key: "a", match: { prefix: null } }, ".match"],
      [{ key: "a", geo_radius: {} }, ".geo_radius.radius"],
      [{ key: "a", geo_radius: { center: place(0, 91), radius: 1 } }, ".geo_radius.center"],
      [{ key: "a", geo_radius: { center: { lon: 1 }, radius: 1 } }, ".geo_radius.center.lat"],
      [{ key: "a", geo_bounding_box: { top_left: place(0, 0) } }, ".geo_bounding_box.bottom_right"],
      [{ key: "a", geo_polygon: {} }, ".geo_polygon.exterior"],
      [
        { key: "a", geo_polygon: { exterior: { points: [place(0, 0), place(1, 0), place(0, 0)] } } },
        ".geo_polygon.exterior.points",
      ],
      [
        { key: "a", geo_polygon: { exterior: { points: [place(0, 0), place(1, 0), place(1, 1), place(0, 1)] } } },
        ".geo_polygon.exterior.points",
      ],
      [
        {
          key: "a",
          geo_polygon: { exterior: { points: [place(0, 0), place(1, 0), place(1, 1), place(0, 0)] }, interiors: [5] },
        },
        ".geo_polygon.interiors[0]",
      ],
      [{ key: "a", values_count: { gt: -1 } }, ".values_count.gt"],
      [{ key: "a", values_count: { gt: 1.5 } }, ".values_count.gt"],
      [{ slice: { total: 2 } }, ".slice.index"],
      [{ slice: { total: 2, index: 0, seed: 1 } }, ".slice.seed"],
      [{ key: "a", is_empty: 1 }, ".is_empty"],
      [{ key: "a", is_nil: true }, ".is_nil"],
      [{ is_null: null }, ""],
      [{ is_null: { key: "a", more: 1 } }, ".is_null.more"],
      [{ has_id: 5 }, ".has_id"],
      [{ has_id: [1, -1] }, ".has_id[1]"],
      [{ has_id: ["x"] }, ".has_id[0]"],
      [{ has_vector: 1 }, ".has_vector"],
      [{ has_id: [1], has_vector: "x" }, ""],
      [{ nested: { key: "a" } }, ".nested.filter"],
      [{ nested: { key: "a", filter: { must: [{ has_id: [1] }] } } }, ".nested.filter.must[0].has_id"],
      [{ nested: { key: "a", filter: {}, more: 1 } }, ".nested.more"],
      [{ must: [{ unknown: 1 }] }, ".must[0].unknown"],
      [JSON.parse('{"__proto__": {"key": "a"}}'), ".__proto__"],
    ];
    for (const [json, path] of cases) assertRefused({ must: [json] }, "format", `filter.must[0]${path}`);
    assertRefused([], "format", "filter");
    assertRefused({ must: [{ slice: { total: 0, index: 0 } }] }, "validation", "filter.must[0].slice.total");
    assertRefused({ must: [{ slice: { total: 2, index: 2 } }] }, "validation", "filter.must[0].slice.index");
    const negative = { center: place(0, 0), radius: -1 };
    assertRefused({ must: [{ key: "a", geo_radius: negative }] }, "validation", "filter.must[0].geo_radius.radius");
    assertRefused({ must: [{ key: "a" }] }, "validation", "filter.must[0]");
    assertRefused({ should: { key: "a", match: null, range: null } }, "validation", "filter.should");
    assertRefused({ musst: [] }, "format", "filter.musst");
    assertRefused({ must_not: { key: "a" } }, "validation", "filter.must_not");
    assertRefused({ min_should: { conditions: [], min_count: -1 } }, "format", "filter.min_should.min_count");
    assertRefused({ min_should: { conditions: [], min_count: 1.5 } }, "format", "filter.min_should.min_count");
    assertRefused({ min_should: { min_count: 1 } }, "format", "filter.min_should.conditions");
    assertRefused({ min_should: { conditions: [], min_count: 0 } }, "validation", "filter.min_should.min_count");
  });

  it("takes filters up to each limit and refuses them beyond it", () => {
    parseFilter(nestedIn(filterDepthMax), "filter");
    const inner = `filter${".must[0]".repeat(filterDepthMax)}`;
    assertRefused(nestedIn(filterDepthMax + 1), "validation", inner);

    const condition = { is_null: { key: "a" } };
    const conditions = new Array(filterConditionsMax - 1).fill(condition);
    parseFilter({ must: [{ must_not: conditions }] }, "filter");
    assertRefused({ must: [{ must_not: conditions }], should: condition }, "validation", "filter.should");

    parseFilter({ must: [{ has_id: new Array(hasIdIdsMax).fill(1) }] }, "filter");
    assertRefused({ must: [{ has_id: new Array(hasIdIdsMax + 1).fill(1) }] }, "validation", "filter.must[0].has_id");
  });
});
