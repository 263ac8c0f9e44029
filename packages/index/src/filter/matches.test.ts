import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Payload } from "../payload/json.js";
import type { PointId } from "../point/point-id.js";
import { compilePredicate } from "./matches.js";
import { parseFilter } from "./parse.js";
import { sliceHash } from "./slice.js";

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

describe("range of datetimes", () => {
  const range = { key: "a", range: { gte: "2024-02-29", lt: "2024-02-29T12:00:00.000001+02:00" } };

  it("compares texts that are datetimes, to the microsecond and in UTC", () => {
    assert.equal(conditionHolds(range, { a: "2024-02-29" }), true);
    assert.equal(conditionHolds(range, { a: "2024-02-28T23:59:59.999999Z" }), false);
    assert.equal(conditionHolds(range, { a: "2024-02-29T10:00:00Z" }), true);
    assert.equal(conditionHolds(range, { a: "2024-02-29 10:00:00.000001" }), false);
    assert.equal(conditionHolds(range, { a: ["nothing", "2024-02-29T01:00:00+01:00"] }), true);
  });

  it("does not hold for other texts and for numbers, nor do ranges of numbers for datetimes", () => {
    assert.equal(conditionHolds(range, { a: "soon" }), false);
    assert.equal(conditionHolds(range, { a: 1_709_164_800_000_000 }), false);
    assert.equal(conditionHolds({ key: "a", range: { gte: 0 } }, { a: "2024-02-29" }), false);
  });
});

describe("match of texts without an index", () => {
  const holdsFor = (match: unknown, a: string | string[]) => conditionHolds({ key: "a", match }, { a });

  it("looks for the text in the value", () => {
    assert.equal(holdsFor({ text: "road t" }, "The Road to nowhere"), false);
    assert.equal(holdsFor({ text: "Road t" }, ["x", "The Road to nowhere"]), true);
    assert.equal(holdsFor({ phrase: "oad to" }, "The Road to nowhere"), true);
    assert.equal(holdsFor({ text_any: "nothing  here" }, "The Road to nowhere"), true);
    assert.equal(holdsFor({ text_any: " " }, "The Road to nowhere"), false);
    assert.equal(conditionHolds({ key: "a", match: { text: "5" } }, { a: 5 }), false);
  });

  it("with prefix asks how the value begins", () => {
    assert.equal(holdsFor({ prefix: "The" }, ["x", "The Road"]), true);
    assert.equal(holdsFor({ prefix: "the" }, "The Road"), false);
    assert.equal(holdsFor({ prefix: "" }, "The Road"), true);
    assert.equal(conditionHolds({ key: "a", match: { prefix: "" } }, { a: 5 }), false);
  });
});

describe("geo conditions", () => {
  const box = (west: number, north: number, east: number, south: number) => ({
    key: "a",
    geo_bounding_box: { top_left: { lon: west, lat: north }, bottom_right: { lon: east, lat: south } },
  });
  const at = (lon: number, lat: number) => ({ a: { lon, lat } });

  it("with a box hold within it and on its borders, also over the antimeridian and at the poles", () => {
    assert.equal(conditionHolds(box(13, 53, 14, 52), at(13.4, 52.5)), true);
    assert.equal(conditionHolds(box(13, 53, 14, 52), { a: [at(0, 0).a, at(14, 52).a] }), true);
    assert.equal(conditionHolds(box(13, 53, 14, 52), at(14.000001, 52)), false);
    assert.equal(conditionHolds(box(170, 10, -170, -10), at(180, 0)), true);
    assert.equal(conditionHolds(box(170, 10, -170, -10), at(-180, 0)), true);
    assert.equal(conditionHolds(box(170, 10, -170, -10), at(0, 0)), false);
    assert.equal(conditionHolds(box(-180, 90, 180, 80), at(5, 90)), true);
    assert.equal(conditionHolds(box(-180, 80, 180, 90), at(5, 85)), false);
  });

  it("with a radius hold by the distance on a sphere", () => {
    const radius = (lon: number, lat: number, metres: number) => ({
      key: "a",
      geo_radius: { center: { lon, lat }, radius: metres },
    });
    // Berlin to Paris: 877.5 km
    assert.equal(conditionHolds(radius(13.404954, 52.520008, 877_400), at(2.352222, 48.856613)), false);
    assert.equal(conditionHolds(radius(13.404954, 52.520008, 877_600), at(2.352222, 48.856613)), true);
    assert.equal(conditionHolds(radius(179.999, 0, 300), at(-179.999, 0)), true);
    assert.equal(conditionHolds(radius(0, 89.999, 300), at(180, 89.999)), true);
    assert.equal(conditionHolds(radius(0, 0, 20_100_000), at(180, 0)), true);
    assert.equal(conditionHolds(radius(5, 5, 0), at(5, 5)), false);
  });

  it("with a polygon hold inside of it and outside of its holes", () => {
    const ring = (...corners: [number, number][]) => ({ points: corners.map(([lon, lat]) => ({ lon, lat })) });
    const polygon = {
      key: "a",
      geo_polygon: {
        exterior: ring([0, 0], [10, 0], [10, 10], [5, 2], [0, 10], [0, 0]),
        interiors: [ring([1, 1], [2, 1], [2, 2], [1, 2], [1, 1])],
      },
    };
    assert.equal(conditionHolds(polygon, at(0.5, 0.5)), true);
    assert.equal(conditionHolds(polygon, at(5, 5)), false);
    assert.equal(conditionHolds(polygon, at(1.5, 1.5)), false);
    assert.equal(conditionHolds(polygon, at(0, 5)), false);
    assert.equal(conditionHolds(polygon, at(9.9, 9)), true);
  });

  it("do not hold for what is no place", () => {
    const everywhere = box(-180, 90, 180, -90);
    for (const a of [{ lon: 181, lat: 0 }, { lon: 0 }, { lon: "1", lat: 1 }, [1, 2], "1,2", null]) {
      assert.equal(conditionHolds(everywhere, { a }), false);
    }
  });
});

describe("values_count", () => {
  const count = (bounds: unknown, payload: Payload) => conditionHolds({ key: "a", values_count: bounds }, payload);

  it("counts elements of an array, one for anything else, none for null and nothing", () => {
    assert.equal(count({ gte: 2, lte: 2 }, { a: [1, null] }), true);
    assert.equal(count({ gte: 1, lt: 2 }, { a: "x" }), true);
    assert.equal(count({ lt: 1 }, { a: null }), true);
    assert.equal(count({ lt: 1 }, { a: [] }), true);
    assert.equal(count({ lt: 1 }, {}), true);
    assert.equal(count({ gt: 0 }, {}), false);
    assert.equal(count({}, {}), true);
  });

  it("holds where one of the things that a path leads to has so many", () => {
    const condition = { key: "b[].a", values_count: { gte: 2 } };
    assert.equal(conditionHolds(condition, { b: [{ a: [1] }, { a: [1, 2] }] }), true);
    assert.equal(conditionHolds(condition, { b: [{ a: [1] }, { a: 2 }] }), false);
  });
});

describe("slice", () => {
  const slices = (id: PointId, total: number) =>
    Array.from({ length: total }, (_, index) => index).filter((index) => {
      const predicate = compilePredicate(parseFilter({ must: { slice: { total, index } } }, "filter"));
      return predicate({ id, payload: {}, hasVector: () => false });
    });

  it("puts each id into one part of as many as are asked for, the same for good", () => {
    const uuid = "550e8400-e29b-41d4-a716-446655440000";
    assert.deepEqual([0, 1, 2 ** 40, 2n ** 63n, uuid].map(sliceHash), [
      ...[2_167_721_464, 2_451_737_883, 3_373_716_977, 3_151_856_498, 3_538_736_615],
    ]);
    const counts = [0, 0, 0];
    for (let id = 0; id < 3_000; id++) {
      const [only, ...others] = slices(id, 3);
      assert.deepEqual(others, []);
      counts[only as number] = (counts[only as number] ?? 0) + 1;
    }
    for (const count of counts) assert.ok(count > 900, `${counts}`);
  });
});
