import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFilter } from "@murmuration/index";
import { Ajv2020 } from "ajv/dist/2020.js";
import { filterReference, filterSchemas } from "./filter-schema.js";

const place = { lat: 1, lon: 2 };
const ring = { points: [place, { lat: 2, lon: 2 }, { lat: 2, lon: 3 }, place] };
const key = "a";

/** A condition of every kind. */
const conditions: readonly object[] = [
  ...["x", 1, true].map((value) => ({ key, match: { value } })),
  ...[{ any: ["x"] }, { any: [1] }, { except: [] }, { text: "x" }, { text_any: "x" }, { phrase: "x" }].map((match) => ({
    key,
    match,
  })),
  ...[
    { key, match: { prefix: "x", value: null } },
    { key, range: { gt: 1.5 } },
    { key, range: { lte: "2024-01-01" } },
  ],
  { key, geo_bounding_box: { top_left: place, bottom_right: place } },
  { key, geo_radius: { center: place, radius: 1 } },
  { key, geo_polygon: { exterior: ring, interiors: [ring] } },
  ...[{ key, values_count: { lt: 3 } }, { key, is_empty: false }, { key, is_null: true }, { is_null: { key } }],
  ...[{ is_empty: { key } }, { has_id: [1, "550e8400-e29b-41d4-a716-446655440000"] }, { has_vector: "" }],
  ...[{ slice: { total: 2, index: 1 } }, { nested: { key, filter: { must: { is_null: { key } } } } }],
  { should: [{ has_vector: "v" }], min_should: { conditions: [{ has_vector: "v" }], min_count: 1 } },
];

/** What is no filter. */
const wrong: readonly unknown[] = [
  ...[
    1,
    "x",
    [],
    { must: 1 },
    { must: ["x"] },
    { min_should: { conditions: [] } },
    { min_should: { conditions: [], min_count: 0 } },
  ],
  ...[{ must: { key, match: { value: [] } } }, { must: { key, match: { any: [1, "x"] } } }],
  ...[{ must: { key, range: { lt: true } } }, { must: { key, geo_radius: { center: place } } }],
  ...[{ must: { slice: { total: 0, index: 0 } } }, { must: { nested: { key } } }],
];

test("the document's schema of filters allows every condition that is taken, and refuses what is none", () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const takes = ajv.compile({ ...filterReference, components: { schemas: filterSchemas } });
  for (const condition of conditions) {
    for (const filter of [{ must: [condition] }, { should: condition, must_not: [condition, condition] }]) {
      assert.ok(parseFilter(filter, "filter"));
      assert.ok(takes(filter), `${JSON.stringify(filter)}: ${ajv.errorsText(takes.errors)}`);
    }
  }
  for (const filter of wrong) {
    assert.throws(() => parseFilter(filter, "filter"), JSON.stringify(filter));
    assert.ok(!takes(filter), JSON.stringify(filter));
  }
});
