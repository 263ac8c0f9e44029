import fc from "fast-check";
import { conditionsOn } from "./conditions.js";
import { escaped, type RestRequest, toJson } from "./request.js";
import type { RestRoute, Schema } from "./routes.js";

/** What a run is about: its requests name these, so that they meet. */
export interface Names {
  readonly collection: string;
  readonly alias: string;
  readonly vectors: readonly string[];
  readonly keys: readonly string[];
  readonly values: readonly string[];
}

/** Where texts come from. */
export interface Flavour {
  /** Texts that mean nothing here. */
  readonly texts: fc.Arbitrary<string>;
  readonly names: Names;
}

const UUIDS = ["00000000-0000-4000-8000-000000000001", "f47ac10b-58cc-4372-a567-0e02b2c3d479"];
/** Dimensions of the collections that a run begins with. */
export const DIMENSIONS = 2;

const ids: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.nat(4) },
  fc.constantFrom(...UUIDS),
  fc.constantFrom(2 ** 53 - 1, 2n ** 53n, 2n ** 64n - 1n),
);
const vector = fc.oneof(
  { weight: 8, arbitrary: fc.array(fc.integer({ min: -4, max: 4 }), { minLength: DIMENSIONS, maxLength: DIMENSIONS }) },
  fc.array(fc.constantFrom(0, 0.1, -0.5, 3e38, 1e-45), { minLength: DIMENSIONS, maxLength: DIMENSIONS }),
);

/** Texts by what stands before them. */
function textAt(key: string, { texts, names }: Flavour): fc.Arbitrary<string> {
  const known = (...some: readonly string[]) =>
    fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...some) }, { weight: 1, arbitrary: texts });
  switch (key) {
    case "collection_name":
    case "collection":
      return known(names.collection, names.alias);
    case "alias_name":
    case "new_alias_name":
    case "old_alias_name":
      return known(names.alias, names.collection);
    case "using":
    case "vector":
    case "with_vector":
    case "with_vectors":
    case "vector_name":
    case "name":
    case "has_vector":
      return known(...names.vectors);
    case "key":
    case "keys":
    case "field_name":
    case "include":
    case "exclude":
    case "with_payload":
    case "order_by":
      return known(...names.keys, ...names.keys.map((one) => JSON.stringify(one)), `${names.keys[0]}[]`);
    case "value":
      return known(...names.values);
    default:
      return texts;
  }
}

/** Payloads with the run's keys and values, and others. */
export function payloads(flavour: Flavour): fc.Arbitrary<unknown> {
  const { texts, names } = flavour;
  const keys = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...names.keys) }, texts);
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...names.values) }, texts),
      fc.constantFrom<unknown>(null, true, 0, 1.5, -1, 1e21, 2n ** 63n, -(2n ** 63n)),
      fc.constantFrom<unknown>("2024-02-29T01:00:00Z", "2024-02-30", { lon: 180, lat: -90 }, { lon: 181, lat: 0 }),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(keys, tie("value"), { maxKeys: 3, noNullPrototype: true }),
    ),
  }));
  return fc.dictionary(keys, value as fc.Arbitrary<unknown>, { maxKeys: 4, noNullPrototype: true });
}

function conditionsOf(flavour: Flavour): fc.Arbitrary<unknown> {
  const [key, value, vector] = [textAt("key", flavour), textAt("value", flavour), textAt("has_vector", flavour)];
  return conditionsOn({ key, value, vector, id: ids });
}

const CLAUSES = ["must", "should", "must_not", "conditions"];

function objects(schema: Schema, flavour: Flavour): fc.Arbitrary<unknown> {
  const { properties, required = [], additionalProperties } = schema;
  if (properties === undefined) {
    if (typeof additionalProperties !== "object") return payloads(flavour);
    const key = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...flavour.names.vectors) }, flavour.texts);
    return fc.dictionary(key, fromSchema(additionalProperties, flavour, "vector"), {
      maxKeys: 2,
      noNullPrototype: true,
    });
  }
  const model = Object.fromEntries(
    Object.entries(properties)
      // not served, and to be left out
      .filter(
        ([name, property]) =>
          required.includes(name) ||
          property.type !== undefined ||
          "anyOf" in property ||
          "oneOf" in property ||
          "enum" in property ||
          name === "vectors",
      )
      .map(([name, property]) => [name, fromSchema(property, flavour, name)]),
  );
  return fc
    .record(model, {
      requiredKeys: Object.keys(model).filter((name) => required.includes(name)),
      noNullPrototype: true,
    })
    .chain((full) => {
      // most optional fields are left out: all of them at once are hardly ever accepted
      const optional = Object.keys(full).filter((name) => !required.includes(name));
      return fc
        .subarray(optional, { maxLength: Math.min(3, optional.length) })
        .map((some) =>
          Object.fromEntries(Object.entries(full).filter(([name]) => required.includes(name) || some.includes(name))),
        );
    });
}

function numbers(schema: Schema): fc.Arbitrary<unknown> {
  const { minimum = -10, maximum = 1_000 } = schema;
  const low = fc.integer({ min: Math.ceil(minimum), max: Math.min(maximum, Math.ceil(minimum) + 20) });
  return fc.oneof({ weight: 5, arbitrary: low }, fc.constantFrom(minimum, maximum));
}

/** Values that a schema lets pass, `key` being the name of the field. */
export function fromSchema(schema: Schema, flavour: Flavour, key: string): fc.Arbitrary<unknown> {
  const variants = schema.anyOf ?? schema.oneOf;
  if (key === "size") return fc.constant(DIMENSIONS);
  if (CLAUSES.includes(key)) return fc.array(conditionsOf(flavour), { maxLength: 2 });
  if (variants !== undefined) {
    if (variants.some(({ format }) => format === "uint64")) return ids;
    return fc.oneof(
      ...variants.map((variant) => ({
        weight: variant.type === "null" ? 1 : 4,
        arbitrary: fromSchema(variant, flavour, key),
      })),
    );
  }
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? []);
  const of = types.find((type) => type !== "null");
  switch (of) {
    case "string":
      return schema.format === "uuid" ? fc.constantFrom(...UUIDS) : textAt(key, flavour);
    case "integer":
    case "number":
      return schema.format === "uint64" ? ids : numbers(schema);
    case "boolean":
      return fc.boolean();
    case "array":
      if (schema.items?.format === "float") return vector;
      return fc.array(fromSchema(schema.items ?? {}, flavour, key), { minLength: schema.minItems ?? 0, maxLength: 3 });
    case "object":
      return objects(schema, flavour);
    default:
      return key === "vectors" ? fc.array(vector, { maxLength: 3 }) : payloads(flavour);
  }
}

/** A request with what it was made of, so that it can be told what came of it. */
export interface DrawnRequest {
  readonly route: RestRoute;
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Requests to a route. */
export function requestsTo(route: RestRoute, flavour: Flavour): fc.Arbitrary<DrawnRequest> {
  const inPlace = (place: string) => route.parameters.filter((parameter) => parameter.in === place);
  const path = fc.record(
    Object.fromEntries(
      inPlace("path").map(({ name, schema }) => {
        const value =
          name === "id" ? fc.oneof({ weight: 4, arbitrary: ids }, flavour.texts) : fromSchema(schema, flavour, name);
        return [name, value.map(String)];
      }),
    ),
    { noNullPrototype: true },
  );
  const query = fc.record(
    Object.fromEntries(
      inPlace("query")
        // the time that is waited for members who are all there
        .filter(({ name }) => name !== "timeout")
        .map(({ name, schema }) => [
          name,
          fc.oneof({ weight: 8, arbitrary: fromSchema(schema, flavour, name) }, flavour.texts),
        ]),
    ),
    { requiredKeys: [], noNullPrototype: true },
  );
  const sometimes = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 4, nil: undefined });
  return fc.record({
    route: fc.constant(route),
    path,
    query: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, query),
    headers: sometimes(
      fc.dictionary(fc.constantFrom("x-murmur-token", "x-murmur-digest", "x-other", "accept"), flavour.texts, {
        maxKeys: 1,
        noNullPrototype: true,
      }),
    ).map((some) => some ?? {}),
    body: route.body === undefined ? fc.constant(undefined) : fromSchema(route.body, flavour, ""),
  });
}

/** As it goes over the wire. */
export function wired({ route, path, query, headers, body }: DrawnRequest): RestRequest {
  const segments = route.path.replace(/\{(\w+)\}/g, (_, name: string) => escaped(path[name] ?? ""));
  const asked = Object.entries(query).map(([name, value]) => `${name}=${escaped(String(value))}`);
  const sent = Object.entries(headers).map(([name, value]) => [name, headerValue(value)]);
  return {
    method: route.method,
    path: asked.length === 0 ? segments : `${segments}?${asked.join("&")}`,
    headers: Object.fromEntries(sent) as Record<string, string>,
    body: body === undefined ? undefined : toJson(body),
  };
}

/** What a header can carry of a text: its bytes, but for those that end it. */
function headerValue(text: string): string {
  return Buffer.from(text)
    .toString("latin1")
    .replace(/[^\t\x20-\x7e\x80-\xff]/g, "");
}

/** A request as people read it. */
export function describeRequest(drawn: DrawnRequest): string {
  const { method, path, headers, body } = wired(drawn);
  const more = Object.keys(headers).length === 0 ? "" : ` ${JSON.stringify(headers)}`;
  return `${method} ${path}${more}${body === undefined ? "" : ` ${body}`}`;
}
