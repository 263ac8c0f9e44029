import fc from "fast-check";
import type { Condition } from "./reference-filter.js";
import type { Value } from "./reference-values.js";

const keys = ["a", "b", "c.d", "e[].x", "e[].t"] as const;
const key = fc.constantFrom(...keys);

const word = fc.constantFrom("red", "Red", "green", "blue", "sea", "Café", "東京", "the");
const text = fc
  .array(fc.tuple(word, fc.constantFrom(" ", ", ", "-", "  ")), { maxLength: 4 })
  .map((parts) => parts.flat().join(""));
const micros = fc.constantFrom("", ".1", ".000001", ".1234567");
const datetime = fc.oneof(
  fc.constantFrom("2024-02-29", "2024-02-30", "2024-03-01 00:00", "1969-12-31T23:59:59.999999Z"),
  fc
    .tuple(fc.integer({ min: 0, max: 4 }), micros, fc.constantFrom("", "Z", "+00:00", "+0530", "-01:00"))
    .map(([hour, fraction, zone]) => `2024-02-29T0${hour}:30:00${fraction}${zone}`),
);
const uuid = fc.constantFrom(
  "550e8400-e29b-41d4-a716-446655440000",
  "550E8400-E29B-41D4-A716-446655440000",
  "00000000-0000-0000-0000-000000000001",
);
const place = fc.record({
  lon: fc.oneof(fc.double({ min: -180, max: 180, noNaN: true }), fc.constantFrom(-180, 180, 0, 179.5)),
  lat: fc.oneof(fc.double({ min: -90, max: 90, noNaN: true }), fc.constantFrom(-90, 90, 0)),
});
const number = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(0.5, -1.5, 1e10, 2 ** 53 - 1));
const scalar: fc.Arbitrary<Value> = fc.oneof(...[word, text, datetime, uuid, number, fc.boolean(), fc.constant(null)]);
const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 5, arbitrary: scalar },
  { weight: 2, arbitrary: place },
  { weight: 3, arbitrary: fc.array(fc.oneof(scalar, place), { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom<Value>([[]], [["red"]], {}, { lon: 181, lat: 0 }) },
);

/** A payload; now and then something stands where its keys lead elsewhere. */
export const payload: fc.Arbitrary<{ readonly [key: string]: Value }> = fc.record(
  {
    a: value,
    b: value,
    c: fc.oneof(
      { weight: 4, arbitrary: fc.record({ d: value }, { requiredKeys: [] }) },
      { weight: 1, arbitrary: value },
    ),
    e: fc.oneof(
      { weight: 5, arbitrary: fc.array(fc.record({ x: value, t: text }, { requiredKeys: [] }), { maxLength: 3 }) },
      { weight: 1, arbitrary: value },
    ),
  },
  { requiredKeys: [] },
);

function bounds<Bound>(bound: fc.Arbitrary<Bound>): fc.Arbitrary<object> {
  return fc.record({ lt: bound, gt: bound, lte: bound, gte: bound }, { requiredKeys: [] });
}
const validDatetime = datetime.filter((each) => each !== "2024-02-30");
/** Corners where no place lies on an edge: of a place on a border the reference says nothing. */
const corner = fc.record({
  lon: fc.integer({ min: -179, max: 178 }).map((degrees) => degrees + 0.1234567),
  lat: fc.integer({ min: -89, max: 88 }).map((degrees) => degrees + 0.7654321),
});
const ring = fc
  .array(corner, { minLength: 3, maxLength: 6 })
  .map((corners) => ({ points: [...corners, corners[0] as (typeof corners)[0]] }));
const strings = fc.array(fc.oneof(word, uuid, text), { maxLength: 3 });
const integers = fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 3 });

const check: fc.Arbitrary<object> = fc.oneof(
  fc.record({
    match: fc.record({ value: fc.oneof(word, text, uuid, datetime, fc.boolean(), fc.integer({ max: 3, min: -3 })) }),
  }),
  fc.record({ match: fc.oneof(fc.record({ any: strings }), fc.record({ any: integers })) }),
  fc.record({ match: fc.oneof(fc.record({ except: strings }), fc.record({ except: integers })) }),
  fc.record({
    match: fc
      .constantFrom("text", "text_any", "phrase", "prefix")
      .chain((kind) => text.map((each) => ({ [kind]: each }))),
  }),
  fc.record({ range: bounds(number) }),
  fc.record({ range: bounds(validDatetime) }),
  fc.record({ values_count: bounds(fc.nat(3)) }),
  fc.record({ geo_bounding_box: fc.record({ top_left: place, bottom_right: place }) }),
  fc.record({
    geo_radius: fc.record({ center: place, radius: fc.double({ min: 1, max: 20_000_000, noNaN: true }) }),
  }),
  fc.record({
    geo_polygon: fc.record(
      { exterior: ring, interiors: fc.array(ring, { maxLength: 1 }) },
      { requiredKeys: ["exterior"] },
    ),
  }),
  fc.record({ is_empty: fc.boolean() }),
  fc.record({ is_null: fc.boolean() }),
);

function clauses(condition: fc.Arbitrary<Condition>, maxLength: number): fc.Arbitrary<Condition> {
  const some = fc.oneof(condition, fc.array(condition, { maxLength }));
  const conditions = fc.array(condition, { minLength: 1, maxLength: 3 });
  return fc.record(
    {
      must: some,
      should: some,
      must_not: some,
      min_should: fc.record({ conditions, min_count: fc.integer({ min: 1, max: 3 }) }),
    },
    { requiredKeys: [] },
  );
}

function fieldConditions(keyed: fc.Arbitrary<string>): fc.Arbitrary<Condition>[] {
  return [
    fc.tuple(keyed, check).map(([key, what]) => ({ key, ...what })),
    fc.record({ is_empty: fc.record({ key: keyed }) }),
    fc.record({ is_null: fc.record({ key: keyed }) }),
  ];
}

const inNested = fc.oneof(...fieldConditions(fc.constantFrom("x", "t")));
const leaf: fc.Arbitrary<Condition> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.oneof(
      { weight: 8, arbitrary: fieldConditions(key)[0] as fc.Arbitrary<Condition> },
      ...fieldConditions(key)
        .slice(1)
        .map((arbitrary) => ({ weight: 1, arbitrary })),
    ),
  },
  { weight: 1, arbitrary: fc.record({ has_id: fc.array(fc.nat(150), { maxLength: 30 }) }) },
  { weight: 1, arbitrary: fc.record({ has_vector: fc.constantFrom("v", "w", "none") }) },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 1, max: 4 })
      .chain((total) => fc.nat(total - 1).map((index) => ({ slice: { total, index } }))),
  },
  {
    weight: 3,
    arbitrary: fc.record({ nested: fc.record({ key: fc.constantFrom("e", "e[]"), filter: clauses(inNested, 2) }) }),
  },
);

/** A filter of the dialect: one condition or its opposite, or everything that a filter can hold, filters inside of filters too. */
export const filter: fc.Arbitrary<Condition> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ must: leaf }) },
  { weight: 1, arbitrary: fc.record({ must_not: leaf }) },
  {
    weight: 4,
    arbitrary: clauses(fc.oneof({ weight: 5, arbitrary: leaf }, { weight: 1, arbitrary: clauses(leaf, 2) }), 2),
  },
);
