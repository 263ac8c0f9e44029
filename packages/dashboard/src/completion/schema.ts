import { isArray, isObject, type Json, type JsonObject } from "../json-value.js";

/** A JSON Schema; of its keywords those are understood that our OpenAPI document has. */
export type Schema = JsonObject;

/** Schemas inside of schemas that are followed: more are a circle. */
const DEPTH_MAX = 24;
/** Forms of one value that are looked at. */
const FORMS_MAX = 200;

function referred(document: Json, reference: Json | undefined): Json | undefined {
  if (typeof reference !== "string" || !reference.startsWith("#/")) return undefined;
  let at: Json | undefined = document;
  for (const part of reference.slice(2).split("/")) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  }
  return at;
}

/** The forms that a value of a schema can have: references followed, and what is `anyOf`, `oneOf` and `allOf` opened. */
export function formsOf(schema: Json | undefined, document: Json): readonly Schema[] {
  const forms: Schema[] = [];
  const seen = new Set<Json>();
  const open = (one: Json | undefined, depth: number) => {
    if (!isObject(one) || depth > DEPTH_MAX || seen.has(one) || forms.length >= FORMS_MAX) return;
    seen.add(one);
    if ("$ref" in one) open(referred(document, one["$ref"]), depth + 1);
    for (const keyword of ["allOf", "anyOf", "oneOf"]) {
      const parts = one[keyword];
      if (isArray(parts)) for (const part of parts) open(part, depth + 1);
    }
    forms.push(one);
  };
  open(schema, 0);
  return forms;
}

/** What of an object's members is known where the next step goes into one of them: texts that tell the forms apart. */
export type Siblings = ReadonlyMap<string, Json | undefined>;

/** Can an object with these members have this form? Not if a member that must be there is another constant, or is none of its enumeration. */
function fits(form: Schema, siblings: Siblings): boolean {
  const properties = form["properties"];
  if (!isObject(properties)) return true;
  for (const [name, value] of siblings) {
    if (value === undefined || !Object.hasOwn(properties, name)) continue;
    const property = properties[name];
    if (!isObject(property)) continue;
    if ("const" in property && property["const"] !== value) return false;
    const words = property["enum"];
    if (isArray(words) && !words.includes(value)) return false;
  }
  return true;
}

/** The schemas of the member of this name, in every form that has it. */
export function membersOf(forms: readonly Schema[], name: string, siblings: Siblings): readonly Json[] {
  return forms.flatMap((form) => {
    if (!fits(form, siblings)) return [];
    const properties = form["properties"];
    if (isObject(properties) && Object.hasOwn(properties, name)) return [properties[name] as Json];
    const others = form["additionalProperties"];
    return isObject(others) ? [others] : [];
  });
}

/** The schemas of an array's elements, in every form that is an array. */
export function elementsOf(forms: readonly Schema[]): readonly Json[] {
  return forms.flatMap(({ items }) => (isObject(items) ? [items] : []));
}

/** A key that an object may have. */
export interface KnownKey {
  readonly name: string;
  readonly schema: Json;
  /** Must some form have it? */
  readonly isRequired: boolean;
}

/** The keys of all forms that the members which are there allow; each once. Forms that have all of what is there come first. */
export function keysOf(forms: readonly Schema[], siblings: Siblings): readonly KnownKey[] {
  const found = new Map<string, KnownKey>();
  const objects = forms.filter((form) => isObject(form["properties"]) && fits(form, siblings));
  const has = (form: Schema) =>
    [...siblings.keys()].every((name) => Object.hasOwn(form["properties"] as JsonObject, name));
  const whole = objects.filter(has);
  for (const form of whole.length > 0 ? whole : objects) {
    const required = form["required"];
    for (const [name, schema] of Object.entries(form["properties"] as JsonObject)) {
      if (!found.has(name)) {
        found.set(name, { name, schema, isRequired: isArray(required) && required.includes(name) });
      }
    }
  }
  return [...found.values()];
}

/** A value that a schema names, as JSON. */
export function valuesOf(forms: readonly Schema[]): readonly Json[] {
  const values: Json[] = [];
  const add = (value: Json) => {
    if (!values.includes(value)) values.push(value);
  };
  for (const form of forms) {
    if ("const" in form) add(form["const"] as Json);
    const words = form["enum"];
    if (isArray(words)) for (const word of words) add(word);
    if (form["type"] === "boolean") for (const value of [true, false]) add(value);
    const fallback = form["default"];
    if (typeof fallback === "string" || typeof fallback === "number") add(fallback);
  }
  return values;
}

/** What kinds of values the forms take. */
export function typesOf(forms: readonly Schema[]): ReadonlySet<string> {
  const types = new Set<string>();
  for (const { type } of forms)
    for (const one of isArray(type) ? type : [type]) if (typeof one === "string") types.add(one);
  return types;
}

/** Words for what a schema says, on one line: its types, bounds and default. */
export function describe(schema: Json, document: Json): string {
  const forms = formsOf(schema, document);
  const said = forms.map((form) => form["description"]).find((text) => typeof text === "string");
  const types = [...typesOf(forms)].filter((type) => type !== "null");
  const fallback = forms.map((form) => form["default"]).find((value) => value !== undefined && !isObject(value));
  const parts = [types.join(" or "), ...(fallback === undefined ? [] : [`default ${JSON.stringify(fallback)}`])];
  return [...parts, ...(typeof said === "string" ? [said] : [])].filter((part) => part !== "").join(", ");
}
