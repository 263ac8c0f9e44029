import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Payload } from "../payload/json.js";
import { compilePredicate } from "./matches.js";
import { parseFilter } from "./parse.js";

function holds(filter: unknown, payload: Payload, id = 7): boolean {
  const predicate = compilePredicate(parseFilter(filter, "filter"));
  return predicate({ id, payload, hasVector: (name) => name === "text" });
}

function conditionHolds(condition: unknown, payload: Payload): boolean {
  return holds({ must: [condition] }, payload);
}

const big = 2n ** 60n;

describe("match", () => {
  it("holds when any value of an array is equal", () => {
    assert.equal(conditionHolds({ key: "a", match: { value: "x" } }, { a: "x" }), true);
    assert.equal(conditionHolds({ key: "a", match: { value: "x" } }, { a: ["y", "x"] }), true);
    assert.equal(conditionHolds({ key: "a", match: { value: "x" } }, { a: [["x"]] }), false);
    assert.equal(conditionHolds({ key: "a[]", match: { value: "x" } }, { a: [["x"]] }), true);
    assert.equal(conditionHolds({ key: "a", match: { value: "x" } }, {}), false);
  });

  it("does not hold, and does not fail, for values of another type", () => {
    assert.equal(conditionHolds({ key: "a", match: { value: 1 } }, { a: "1" }), false);
    assert.equal(conditionHolds({ key: "a", match: { value: "1" } }, { a: 1 }), false);
    assert.equal(conditionHolds({ key: "a", match: { value: true } }, { a: 1 }), false);
    assert.equal(conditionHolds({ key: "a", match: { value: 1 } }, { a: { b: 1 } }), false);
    assert.equal(conditionHolds({ key: "a", match: { any: ["x"] } }, { a: null }), false);
  });

  it("compares integers of any size exactly", () => {
    assert.equal(conditionHolds({ key: "a", match: { value: big } }, { a: big }), true);
    assert.equal(conditionHolds({ key: "a", match: { value: big } }, { a: big + 1n }), false);
    assert.equal(conditionHolds({ key: "a", match: { any: [5n] } }, { a: 5 }), true);
  });

  it("with any holds for one of the values, and never for an empty list", () => {
    assert.equal(conditionHolds({ key: "a", match: { any: [1, 2] } }, { a: 2 }), true);
    assert.equal(conditionHolds({ key: "a", match: { any: [1, 2] } }, { a: 3 }), false);
    assert.equal(conditionHolds({ key: "a", match: { any: [] } }, { a: 3 }), false);
  });

  it("with except holds for some value that is not listed, of whatever type", () => {
    const except = { key: "a", match: { except: ["x"] } };
    assert.equal(conditionHolds(except, { a: "x" }), false);
    assert.equal(conditionHolds(except, { a: ["x", "y"] }), true);
    assert.equal(conditionHolds(except, { a: 5 }), true);
    assert.equal(conditionHolds(except, { a: null }), false);
    assert.equal(conditionHolds(except, { a: [] }), false);
    assert.equal(conditionHolds(except, {}), false);
  });

  it("with an empty except holds for all that have a value", () => {
    const except = { key: "a", match: { except: [] } };
    assert.equal(conditionHolds(except, { a: "x" }), true);
    assert.equal(conditionHolds(except, {}), false);
    assert.equal(conditionHolds(except, { a: null }), false);
  });
});

describe("range", () => {
  it("holds when one number of an array lies within all bounds", () => {
    const range = { key: "a", range: { gt: 1, lte: 2 } };
    assert.equal(conditionHolds(range, { a: 1 }), false);
    assert.equal(conditionHolds(range, { a: 2 }), true);
    assert.equal(conditionHolds(range, { a: [0, 3] }), false);
    assert.equal(conditionHolds(range, { a: [0, 1.5] }), true);
    assert.equal(conditionHolds(range, { a: "2" }), false);
    assert.equal(conditionHolds(range, { a: null }), false);
    assert.equal(conditionHolds({ key: "a", range: {} }, { a: -1 }), true);
    assert.equal(conditionHolds({ key: "a", range: { gt: big } }, { a: big + 1n }), true);
    assert.equal(conditionHolds({ key: "a", range: { gt: big } }, { a: big }), false);
  });
});

describe("is_empty and is_null", () => {
  it("tell missing, null, the empty array and an array of null apart", () => {
    const cases: [Payload, boolean, boolean][] = [
      [{}, true, false],
      [{ a: null }, true, true],
      [{ a: [] }, true, false],
      [{ a: [null] }, false, false],
      [{ a: 0 }, false, false],
      [{ a: "" }, false, false],
      [{ a: {} }, false, false],
    ];
    for (const [payload, isEmpty, isNull] of cases) {
      assert.equal(conditionHolds({ is_empty: { key: "a" } }, payload), isEmpty, JSON.stringify(payload));
      assert.equal(conditionHolds({ is_null: { key: "a" } }, payload), isNull, JSON.stringify(payload));
      assert.equal(conditionHolds({ key: "a", is_empty: false }, payload), !isEmpty);
      assert.equal(conditionHolds({ key: "a", is_null: true }, payload), isNull);
    }
  });

  it("look at each element that the path leads to", () => {
    const payload: Payload = { a: [{ b: 1 }, { b: null }, { c: [] }] };
    assert.equal(conditionHolds({ is_empty: { key: "a[].b" } }, payload), false);
    assert.equal(conditionHolds({ is_null: { key: "a[].b" } }, payload), true);
    assert.equal(conditionHolds({ is_empty: { key: "a[].c" } }, payload), true);
  });
});

describe("has_id and has_vector", () => {
  it("look at the point and not at its payload", () => {
    assert.equal(conditionHolds({ has_id: [7, 8] }, {}), true);
    assert.equal(conditionHolds({ has_id: [8] }, {}), false);
    assert.equal(conditionHolds({ has_id: [] }, {}), false);
    assert.equal(conditionHolds({ has_vector: "text" }, {}), true);
    assert.equal(conditionHolds({ has_vector: "" }, {}), false);
  });
});

describe("nested", () => {
  const payload: Payload = { diet: [{ food: "leaves", likes: false }, { food: "meat", likes: true }, "x"] };
  const both = (food: string, likes: boolean): unknown => ({
    nested: {
      key: "diet",
      filter: {
        must: [
          { key: "food", match: { value: food } },
          { key: "likes", match: { value: likes } },
        ],
      },
    },
  });

  it("holds when one element satisfies all conditions, not when several do together", () => {
    assert.equal(conditionHolds(both("meat", true), payload), true);
    assert.equal(conditionHolds(both("leaves", true), payload), false);
  });

  it("takes the key with or without brackets, and inside of another nested", () => {
    const inner = { must: [{ key: "x", match: { value: 1 } }] };
    assert.equal(conditionHolds({ nested: { key: "a[]", filter: inner } }, { a: [{ x: 1 }] }), true);
    const outer = { nested: { key: "a", filter: { must: { nested: { key: "b", filter: inner } } } } };
    assert.equal(conditionHolds(outer, { a: [{ b: [{ x: 2 }] }, { b: [{ x: 1 }] }] }), true);
    assert.equal(conditionHolds(outer, { a: { b: { x: 1 } } }), false);
  });

  it("passes over elements that are no objects, with negative conditions too", () => {
    const notX = { nested: { key: "a", filter: { must_not: [{ key: "x", match: { value: 1 } }] } } };
    assert.equal(conditionHolds(notX, { a: [1, null, [{}]] }), false);
    assert.equal(conditionHolds(notX, { a: [{ x: 1 }, { x: 2 }] }), true);
  });
});

describe("clauses", () => {
  const has = (key: string): unknown => ({ key, match: { except: [] } });

  it("must all hold", () => {
    const filter = { must: has("a"), should: [has("b"), has("c")], must_not: [has("d")] };
    assert.equal(holds(filter, { a: 1, c: 1 }), true);
    assert.equal(holds(filter, { c: 1 }), false);
    assert.equal(holds(filter, { a: 1 }), false);
    assert.equal(holds(filter, { a: 1, b: 1, d: 1 }), false);
  });

  it("with min_should hold when enough of its conditions do", () => {
    const filter = { min_should: { conditions: [has("a"), has("b"), has("c")], min_count: 2 } };
    assert.equal(holds(filter, { a: 1 }), false);
    assert.equal(holds(filter, { a: 1, c: 1 }), true);
    assert.equal(holds({ min_should: { conditions: [has("a")], min_count: 2 } }, { a: 1 }), false);
  });

  it("may be filters themselves", () => {
    assert.equal(holds({ must_not: [{ must: [has("a"), has("b")] }] }, { a: 1 }), true);
    assert.equal(holds({ must_not: [{ must: [has("a"), has("b")] }] }, { a: 1, b: 1 }), false);
    assert.equal(holds({}, {}), true);
  });
});
