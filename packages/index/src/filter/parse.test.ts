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
      [{}, { kind: "filter", filter: emptyFilter }],
      [{ should: [] }, { kind: "filter", filter: emptyFilter }],
    ];
    for (const [json, expected] of cases) assert.deepEqual(must(json), expected);
  });

  it("names what the dialect has and this version does not serve", () => {
    const cases: [object, string][] = [
      [{ key: "a", match: { text: "x" } }, "match.text"],
      [{ key: "a", match: { text_any: "x" } }, "match.text_any"],
      [{ key: "a", match: { phrase: "x" } }, "match.phrase"],
      [{ key: "a", match: { prefix: "x" } }, "match.prefix"],
      [{ key: "a", range: { gt: "2024-01-01" } }, "range.gt"],
      [{ key: "a", geo_radius: {} }, "geo_radius"],
      [{ key: "a", geo_bounding_box: {} }, "geo_bounding_box"],
      [{ key: "a", geo_polygon: {} }, "geo_polygon"],
      [{ key: "a", values_count: { gt: 1 } }, "values_count"],
      [{ slice: { total: 2, index: 0 } }, "slice"],
    ];
    for (const [json, path] of cases) assertRefused({ must: [json] }, "unsupported", `filter.must[0].${path}`);
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
