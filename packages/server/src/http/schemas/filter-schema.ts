import { type JsonSchema, pointIdSchema } from "./fields.js";

// The filter language as JSON Schema, for the OpenAPI document: what `parseFilter` takes, which is what decides.

const text = { type: "string" };
const number = { type: "number" };
const integer = { type: "integer" };
const count = { type: "integer", minimum: 0 };

const described = (description: string, schema: JsonSchema): JsonSchema => ({ ...schema, description });
const nullable = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: "null" }] });

/** An object of which each member may be null, and counts as absent then. */
function object(properties: { readonly [name: string]: JsonSchema }, required: readonly string[]): JsonSchema {
  const optional = Object.entries(properties).map(([name, schema]) => [
    name,
    required.includes(name) ? schema : nullable(schema),
  ]);
  return { type: "object", properties: Object.fromEntries(optional), required };
}

const place = object({ lon: number, lat: number }, ["lon", "lat"]);
const ring = object({ points: { type: "array", items: place, minItems: 4 } }, ["points"]);
const bounds = (bound: JsonSchema) => object({ gt: bound, gte: bound, lt: bound, lte: bound }, []);
const listOf = (items: JsonSchema) => ({ type: "array", items });
const lists = { anyOf: [listOf(text), listOf(integer)] };

const match = object(
  {
    value: described("equals", { anyOf: [text, integer, { type: "boolean" }] }),
    any: described("is any of", lists),
    except: described("is none of", lists),
    text: described("has all words", text),
    text_any: described("has any word", text),
    phrase: described("has the words side by side", text),
    prefix: described("begins with", text),
  },
  [],
);

const reference = { $ref: "#/components/schemas/Filter" };
const conditionReference = { $ref: "#/components/schemas/Condition" };
const conditions: JsonSchema = {
  anyOf: [listOf(conditionReference), conditionReference, { type: "null" }],
};

const field = object(
  {
    key: described("path of a payload field", text),
    match,
    range: { anyOf: [bounds(number), bounds(text)] },
    geo_bounding_box: object({ top_left: place, bottom_right: place }, ["top_left", "bottom_right"]),
    geo_radius: object({ center: place, radius: described("metres", { type: "number", minimum: 0 }) }, [
      "center",
      "radius",
    ]),
    geo_polygon: object({ exterior: ring, interiors: listOf(ring) }, ["exterior"]),
    values_count: bounds(count),
    is_empty: { type: "boolean" },
    is_null: { type: "boolean" },
  },
  ["key"],
);

const keyOnly = object({ key: text }, ["key"]);
const slice = object({ total: { type: "integer", minimum: 1 }, index: count }, ["total", "index"]);
const nested = object({ key: text, filter: reference }, ["key", "filter"]);

const clauses: { readonly [name: string]: JsonSchema } = {
  must: described("all of them", conditions),
  should: described("one of them at least", conditions),
  must_not: described("none of them", conditions),
  min_should: object({ conditions: listOf(conditionReference), min_count: { type: "integer", minimum: 1 } }, [
    "conditions",
    "min_count",
  ]),
};

/** Another one in each place of a schema would make the document ten times as long. */
export const filterReference: JsonSchema = reference;

/** What the filter language is made of, by their names in the document. */
export const filterSchemas: { readonly [name: string]: JsonSchema } = {
  // a condition may be a filter: one that took further members would take every condition
  Filter: { ...object(clauses, []), additionalProperties: false },
  Condition: {
    anyOf: [
      field,
      object({ has_id: listOf(pointIdSchema) }, ["has_id"]),
      object({ has_vector: described("name of a vector", text) }, ["has_vector"]),
      object({ is_empty: keyOnly }, ["is_empty"]),
      object({ is_null: keyOnly }, ["is_null"]),
      object({ nested }, ["nested"]),
      object({ slice }, ["slice"]),
      reference,
    ],
  },
};
