import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseJson, printJson } from "../json.js";
import { type ConditionDraft, conditionCount, conditionKinds, type FilterDraft, newCondition } from "./filter-draft.js";
import { readFilter } from "./read-filter.js";
import { writeFilter } from "./write-filter.js";

function draftOf(filter: unknown): FilterDraft {
  const read = readFilter(printJson(filter));
  assert.ok("draft" in read, JSON.stringify(read));
  return read.draft;
}

/** What the form makes of a filter, as JSON again. */
function throughForm(filter: unknown): unknown {
  const { json, problems } = writeFilter(draftOf(filter));
  assert.deepEqual(problems, []);
  return json;
}

const place = { lat: 52.5, lon: 13.25 };
const ring = { points: [place, { lat: 53, lon: 13.25 }, { lat: 53, lon: 14 }, place] };
const large = 18446744073709551615n;

/** Every kind of condition that the server takes, with the kind that the form shows it as. */
const conditions: readonly (readonly [ConditionDraft["kind"], object])[] = [
  ["match", { key: "a", match: { value: "red" } }],
  ["match", { key: "a", match: { value: large } }],
  ["match", { key: "a", match: { value: false } }],
  ["match", { key: "a", match: { any: ["red", ""] } }],
  ["match", { key: "a", match: { any: [] } }],
  ["match", { key: "a", match: { except: [1, large] } }],
  ["match", { key: "a", match: { text: "red sea" } }],
  ["match", { key: "a", match: { text_any: "red sea" } }],
  ["match", { key: "a", match: { phrase: "red\nsea" } }],
  ["match", { key: "a", match: { prefix: "" } }],
  ["range", { key: "a", range: { gte: -1.5, lt: 1e300 } }],
  ["range", { key: "a", range: {} }],
  ["range", { key: "a", range: { gt: "2024-02-29T00:30:00Z", lte: "2024-03-01" } }],
  ["values_count", { key: "a[]", values_count: { gt: 1 } }],
  ["geo_bounding_box", { key: "a", geo_bounding_box: { top_left: place, bottom_right: place } }],
  ["geo_radius", { key: "a", geo_radius: { center: place, radius: 0.5 } }],
  ["geo_polygon", { key: "a", geo_polygon: { exterior: ring } }],
  ["geo_polygon", { key: "a", geo_polygon: { exterior: ring, interiors: [ring] } }],
  ["is_empty", { is_empty: { key: "a" } }],
  ["is_null", { is_null: { key: "a" } }],
  ["is_empty", { key: "a", is_empty: false }],
  ["is_null", { key: "a", is_null: false }],
  ["has_id", { has_id: [1, large, "550e8400-e29b-41d4-a716-446655440000"] }],
  ["has_vector", { has_vector: "" }],
  ["slice", { slice: { total: 4, index: 3 } }],
  ["nested", { nested: { key: "a[]", filter: { must: [{ key: "b", match: { value: 1 } }] } } }],
  ["filter", { should: [{ has_vector: "v" }], must_not: [{ is_null: { key: "b" } }] }],
];

test("every kind of condition is shown by its own form, and written as it was", () => {
  for (const [kind, condition] of conditions) {
    const filter = { must: [condition], should: [condition], must_not: [condition] };
    assert.equal(draftOf(filter).must[0]?.kind, kind);
    assert.deepEqual(throughForm(filter), filter);
  }
  const minShould = { min_should: { conditions: conditions.map(([, each]) => each), min_count: 2 } };
  assert.deepEqual(throughForm(minShould), minShould);
  const shown = new Set(conditions.map(([kind]) => kind));
  assert.deepEqual(
    conditionKinds.map(([kind]) => kind).filter((kind) => kind !== "json" && !shown.has(kind)),
    [],
    "all kinds are tried",
  );
});

test("one condition in place of a list, and null in place of nothing, mean what they mean to the server", () => {
  const one = { has_vector: "v" };
  assert.deepEqual(throughForm({ must: one, should: null }), { must: [one] });
  assert.deepEqual(throughForm({ must: [{ key: "a", match: { value: 1, any: null }, range: null }] }), {
    must: [{ key: "a", match: { value: 1 } }],
  });
  assert.deepEqual(throughForm(null), {});
  assert.deepEqual(readFilter("  "), { draft: { must: [], should: [], mustNot: [] } });
});

test("what no form shows is kept as the JSON that it is", () => {
  const others = [
    ...[{ key: "a", matches: 1 }, { key: "a", match: { any: ["b", 1] } }, { key: "a", match: { value: 1.5 } }, {}],
    ...[
      { has_id: ["7"] },
      { has_id: ["a "] },
      { key: "a", match: { any: [true] } },
      { key: "a" },
      { key: 1, match: {} },
    ],
    ...[{ key: "a", range: { lt: "2024-01-01", gt: 1 } }, { slice: { total: -1.5, index: 0 } }, { has_id: [1, {}] }],
    { nested: { key: "a", filter: { must: [], more: 1 } } },
    JSON.parse('{"__proto__": {"key": "a"}}') as object,
  ];
  for (const other of others.filter((each) => Object.keys(each).length > 0)) {
    assert.equal(draftOf({ must: [other] }).must[0]?.kind, "json", JSON.stringify(other));
    assert.deepEqual(throughForm({ must: [other] }), { must: [other] });
  }
  for (const other of [1, "text", null, [1]]) assert.equal(draftOf({ must: [other] }).must[0]?.kind, "json");
});

test("what is no filter is told, and not made one", () => {
  for (const [text, problem] of [
    ["{", /no JSON/],
    ["[]", /is an object/],
    ['{"must": [], "most": []}', /no "most"/],
    ['{"min_should": {"conditions": []}}', /min_count/],
  ] as const) {
    const read = readFilter(text);
    assert.match("problem" in read ? read.problem : "", problem);
  }
});

test("what is typed wrongly is named by its place", () => {
  const wrong: readonly (readonly [ConditionDraft, string])[] = [
    [{ kind: "match", key: " ", how: "value", type: "text", values: [""] }, "must[0].key"],
    [{ kind: "match", key: "a", how: "any", type: "integer", values: ["1", "1.5"] }, "must[0].values[1]"],
    [{ kind: "match", key: "a", how: "value", type: "boolean", values: ["yes"] }, "must[0].values[0]"],
    [{ kind: "range", key: "a", type: "number", bounds: { gt: "", gte: "", lt: "1,5", lte: "" } }, "must[0].bounds.lt"],
    [{ kind: "values_count", key: "a", bounds: { gt: "-1", gte: "", lt: "", lte: "" } }, "must[0].bounds.gt"],
    [{ kind: "geo_radius", key: "a", center: { lat: "91", lon: "0" }, radius: "1" }, "must[0].center.lat"],
    [{ kind: "geo_radius", key: "a", center: { lat: "1", lon: "0" }, radius: "-1" }, "must[0].radius"],
    [{ kind: "geo_polygon", key: "a", exterior: [], interiors: [] }, "must[0].exterior"],
    [{ kind: "has_id", ids: ["1", ""] }, "must[0].ids[1]"],
    [{ kind: "slice", total: "2", index: "2" }, "must[0].index"],
    [{ kind: "json", text: "[1]" }, "must[0].text"],
    [{ kind: "json", text: "{" }, "must[0].text"],
  ];
  for (const [draft, path] of wrong) {
    const { problems } = writeFilter({ must: [draft], should: [], mustNot: [] });
    assert.deepEqual(
      problems.map((problem) => problem.path),
      [path],
      JSON.stringify(draft),
    );
  }
  const inner: ConditionDraft = {
    kind: "filter",
    filter: { must: [], should: [wrong[0]?.[0] as ConditionDraft], mustNot: [] },
  };
  const { problems } = writeFilter({
    must: [],
    should: [],
    mustNot: [],
    minShould: { conditions: [inner], minCount: "0" },
  });
  assert.deepEqual(
    problems.map(({ path }) => path),
    ["minShould.conditions[0].filter.should[0].key", "minShould.minCount"],
  );
});

test("a new condition of every kind stays of its kind, and is counted", () => {
  for (const [kind] of conditionKinds) assert.equal(newCondition(kind, "a").kind, kind);
  const nested = draftOf({
    must: [{ nested: { key: "a", filter: { must: [{ has_vector: "" }, { has_vector: "" }] } } }],
  });
  assert.equal(conditionCount(nested), 3);
});

test("any JSON is told to be no filter, or goes through the form and means the same", () => {
  const names = fc.constantFrom(
    ...["must", "should", "must_not", "min_should", "conditions", "min_count", "key", "match", "any", "value", "range"],
    ...["lt", "has_id", "nested", "filter", "is_empty", "slice", "total", "index", "__proto__", "x"],
  );
  const { json } = fc.letrec<{ json: unknown }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 5, depthSize: "large" },
      fc.constantFrom<unknown>(null, true, 0, 1, 1.5, 2n ** 63n, "a", "1"),
      fc.array(tie("json"), { maxLength: 3 }),
      fc.array(fc.tuple(names, tie("json")), { maxLength: 3 }).map((entries) => Object.fromEntries(entries) as unknown),
    ),
  }));
  let shown = 0;
  fc.assert(
    fc.property(json, (filter) => {
      const read = readFilter(printJson(filter));
      if ("problem" in read) return;
      shown++;
      const once = writeFilter(read.draft).json;
      // what is written is read as the same form, and that written as the same text
      const again = readFilter(printJson(once));
      assert.ok("draft" in again);
      assert.equal(printJson(writeFilter(again.draft).json), printJson(once));
      assert.deepEqual(parseJson(printJson(once)), once);
    }),
    { numRuns: 500 },
  );
  assert.ok(shown > 20, `${shown} were shown`);
});
