import type { VectorInfo } from "../collection/collection-info.js";
import { formsOf, typesOf } from "../completion/schema.js";
import { isArray, isObject, type Json, type JsonObject } from "../json-value.js";
import type { ApiRoute } from "./api-routes.js";

/** What a first request can be made of. */
export interface ExampleSource {
  readonly vectors: readonly VectorInfo[];
  /** The id of some point. */
  readonly id: Json | undefined;
  /** A field that is indexed. */
  readonly field: string | undefined;
}

const c = "/collections/{collection_name}";

function vectorFor({ kind, size = 1 }: VectorInfo): Json {
  if (kind === "sparse") return { indices: [0], values: [1] };
  const dense = Array.from({ length: Math.min(size, 65_536) }, (_, i) => (i === 0 ? 1 : 0));
  return kind === "multivector" ? [dense] : dense;
}

/** Bodies that can be sent as they are, by route. */
function known(route: string, { vectors, id, field }: ExampleSource): JsonObject | undefined {
  const [vector] = vectors;
  const using: JsonObject = vector === undefined || vector.name === "" ? {} : { using: vector.name };
  const near: Json = id ?? (vector === undefined ? [] : vectorFor(vector));
  const key = field ?? "field";
  const end: JsonObject = { limit: 10, with_payload: true };
  const named = (value: Json): Json =>
    vector === undefined || vector.name === "" ? value : { name: vector.name, vector: value };
  switch (route) {
    case `POST ${c}/points/query`:
    case "POST /murmur/collections/{collection_name}/explain":
      return { query: near, ...using, ...end };
    case `POST ${c}/points/query/batch`:
      return { searches: [{ query: near, ...using, ...end }] };
    case `POST ${c}/points/query/groups`:
      return { query: near, ...using, group_by: key, group_size: 3, ...end };
    case `POST ${c}/points/search`:
      return vector === undefined ? undefined : { vector: named(vectorFor(vector)), ...end };
    case `POST ${c}/points/recommend`:
      return { positive: id === undefined ? [] : [id], negative: [], ...using, ...end };
    case `POST ${c}/points/scroll`:
      return end;
    case `POST ${c}/points/count`:
      return { filter: { must: [] }, exact: true };
    case `POST ${c}/points`:
      return { ids: id === undefined ? [] : [id], with_payload: true, with_vector: false };
    case `POST ${c}/facet`:
      return { key, limit: 10 };
    case `POST ${c}/points/search/matrix/pairs`:
    case `POST ${c}/points/search/matrix/offsets`:
      return { sample: 10, limit: 3, ...using };
    default:
      return undefined;
  }
}

/** A value to begin with, by its schema. */
function blank(schema: Json | undefined, document: Json): Json {
  const forms = formsOf(schema, document);
  const fallback = forms.map((form) => form["default"]).find((value) => value !== undefined);
  if (fallback !== undefined) return fallback;
  const types = typesOf(forms);
  if (types.has("array")) return [];
  if (types.has("object")) return {};
  if (types.has("integer") || types.has("number")) return 0;
  return types.has("boolean") ? false : "";
}

/** A body to begin with: one that can be sent as it is where the route is known, and the fields that must be there otherwise. */
export function exampleBody(route: ApiRoute, document: Json, source: ExampleSource): JsonObject {
  const example = known(`${route.method} ${route.path}`, source);
  if (example !== undefined) return example;
  const body: { [name: string]: Json } = {};
  for (const form of formsOf(route.schema, document)) {
    const { properties, required } = form;
    if (!isObject(properties) || !isArray(required)) continue;
    for (const name of required) {
      if (typeof name === "string" && !(name in body)) body[name] = blank(properties[name], document);
    }
  }
  return body;
}
