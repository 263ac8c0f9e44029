import fc from "fast-check";
import { oddNumbers } from "../odd-values.js";

/** Where the parts of conditions come from. */
export interface ConditionParts {
  readonly key: fc.Arbitrary<string>;
  readonly value: fc.Arbitrary<string>;
  readonly vector: fc.Arbitrary<string>;
  readonly id: fc.Arbitrary<unknown>;
}

/** Datetimes as people write them, at the bounds of what there is, and what only looks like one. */
const datetimes = fc.constantFrom(
  ...["2024-02-29", "2024-02-30", "2024-02-29T24:00:00Z", "2024-06-30T23:59:60Z", "0000-01-01", "9999-12-31T23:59:59Z"],
  ...[
    "+292277026596-12-04T15:30:07Z",
    "-292277022657-01-27",
    "2024-02-29 01:00",
    "2024-02-29T01:00:00.123456789+14:00",
  ],
  ...[
    "2024-02-29T01:00:00+25:00",
    "2024-1-1",
    "1e3",
    "",
    "\u0662\u0660\u0662\u0664-01-01",
    `2024-01-01T00:00:00.${"9".repeat(300)}Z`,
  ],
);

/** Degrees over the poles, the antimeridian, and beyond what there is. */
const degrees = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(-180, -179.999, -90, -0, 0, 45, 90, 179.999, 180) },
  fc.constantFrom(-180.0001, 90.0001, 181, 360, 5e-324, 1e308),
  oddNumbers,
);
const place = fc.record({ lon: degrees, lat: degrees });
/** Closed and not, of too few corners, of the same ones, and crossing itself. */
const ring = fc.oneof(
  fc.array(place, { maxLength: 6 }).map((corners) => ({ points: [...corners, ...corners.slice(0, 1)] })),
  fc.array(place, { maxLength: 5 }).map((points) => ({ points })),
  fc.tuple(place, fc.constantFrom(4, 600)).map(([corner, times]) => ({ points: new Array(times).fill(corner) })),
);
const someBounds = <T>(bound: fc.Arbitrary<T>) =>
  fc.record({ lt: bound, gt: bound, lte: bound, gte: bound }, { requiredKeys: [] });

/** Texts that take long to be taken apart, or of which nothing is found. */
const hostileTexts = fc.constantFrom(
  ...[
    "",
    " ",
    "\u0301",
    "\u{1f426}",
    "a".repeat(300),
    "\u4eac".repeat(600),
    "x ".repeat(1_000),
    "(a+)+$",
    ".*",
    "\\",
    "'",
  ],
);

/** Conditions of every kind that a filter takes, with values that are odd where values may be. */
export function conditionsOn({ key, value, vector, id }: ConditionParts): fc.Arbitrary<unknown> {
  const scalar = fc.oneof(
    { weight: 3, arbitrary: value as fc.Arbitrary<unknown> },
    fc.constantFrom<unknown>(1, true, 2n ** 60n),
  );
  const values = fc.array(value, { minLength: 1, maxLength: 3 });
  const text = fc.oneof({ weight: 2, arbitrary: value }, hostileTexts);
  const match = fc.oneof(
    scalar.map((one) => ({ value: one })),
    values.map((any) => ({ any })),
    values.map((except) => ({ except })),
    fc.constantFrom("text", "text_any", "phrase", "prefix").chain((how) => text.map((one) => ({ [how]: one }))),
  );
  const matched = fc.record({ key, match });
  const geo = fc.oneof(
    fc.record({ geo_bounding_box: fc.record({ top_left: place, bottom_right: place }) }),
    fc.record({ geo_radius: fc.record({ center: place, radius: oddNumbers }) }),
    fc.record({
      geo_polygon: fc.record(
        { exterior: ring, interiors: fc.array(ring, { maxLength: 2 }) },
        { requiredKeys: ["exterior"] },
      ),
    }),
  );
  return fc.oneof(
    { weight: 4, arbitrary: matched },
    fc.record({ key, range: someBounds(fc.oneof(fc.integer(), oddNumbers)) }),
    fc.record({ key, range: someBounds(datetimes) }),
    fc.tuple(key, geo).map(([at, what]) => ({ key: at, ...what })),
    fc.record({ key, values_count: someBounds(fc.nat(4)) }),
    key.map((one) => ({ is_empty: { key: one } })),
    key.map((one) => ({ is_null: { key: one } })),
    fc.array(id, { maxLength: 3 }).map((has_id) => ({ has_id })),
    vector.map((has_vector) => ({ has_vector })),
    fc.record({ slice: fc.record({ total: fc.integer({ min: 0, max: 5 }), index: fc.nat(5) }) }),
    matched.map((inner) => ({ nested: { key: inner.key, filter: { must: [inner] } } })),
    matched.map((inner) => ({ should: [inner], must_not: [inner] })),
    matched.map((inner) => ({ min_should: { conditions: [inner, inner], min_count: 2 } })),
  );
}
