import type { Collection } from "@murmuration/core";
import type { Condition, Filter, MatchScalar, PayloadIndexSchema } from "@murmuration/index";

/** A path that a filter asks about, and the kinds of payload index that would answer it. */
export interface AskedField {
  readonly key: string;
  readonly kinds: readonly string[];
}

const UUID = /^(urn:uuid:)?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

const anyKind = ["keyword", "integer", "float", "geo", "text", "bool", "datetime", "uuid"];

function kindsOfScalars(values: readonly MatchScalar[]): readonly string[] {
  const [first] = values;
  if (typeof first === "boolean") return ["bool"];
  if (typeof first !== "string") return ["integer"];
  return values.every((value) => typeof value === "string" && UUID.test(value)) ? ["keyword", "uuid"] : ["keyword"];
}

function kindsOf(condition: Condition): readonly string[] {
  switch (condition.kind) {
    case "match-value":
      return kindsOfScalars([condition.value]);
    case "match-any":
    case "match-except":
      return kindsOfScalars(condition.values);
    case "match-text":
      return ["text"];
    case "match-prefix":
      return ["keyword"];
    case "range":
      return ["integer", "float"];
    case "datetime-range":
      return ["datetime"];
    case "geo-box":
    case "geo-radius":
    case "geo-polygon":
      return ["geo"];
    default:
      return anyKind;
  }
}

function* fieldsOfConditions(conditions: readonly Condition[], prefix: string): Generator<AskedField> {
  for (const condition of conditions) {
    if (condition.kind === "filter") yield* fieldsOf(condition.filter, prefix);
    else if (condition.kind === "nested") yield* fieldsOf(condition.filter, `${prefix}${condition.key}[].`);
    else if ("key" in condition) yield { key: `${prefix}${condition.key}`, kinds: kindsOf(condition) };
  }
}

/** Every path that a filter asks about, as often as it does. */
export function* fieldsOf(filter: Filter, prefix = ""): Generator<AskedField> {
  yield* fieldsOfConditions(filter.must, prefix);
  yield* fieldsOfConditions(filter.should, prefix);
  yield* fieldsOfConditions(filter.mustNot, prefix);
  if (filter.minShould !== undefined) yield* fieldsOfConditions(filter.minShould.conditions, prefix);
}

function canAnswer({ kind, lookup, range }: PayloadIndexSchema, kinds: readonly string[]): boolean {
  if (!kinds.includes(kind)) return false;
  if (kind !== "integer" || kinds === anyKind) return true;
  // an integer index may be without one of its two halves
  return kinds.includes("float") ? range !== false : lookup !== false;
}

/** The first path of a filter that no payload index of the collection answers. */
export function unindexedField(filter: Filter, collection: Collection): AskedField | undefined {
  return unindexedAmong(fieldsOf(filter), collection);
}

/** The first of these paths that no payload index of the collection answers. */
export function unindexedAmong(
  fields: Iterable<AskedField>,
  { payloadIndexes }: Pick<Collection, "payloadIndexes">,
): AskedField | undefined {
  for (const field of fields) {
    const plain = field.key.replaceAll("[]", "");
    const path = [field.key, plain].find((one) => Object.hasOwn(payloadIndexes, one));
    const index = path === undefined ? undefined : payloadIndexes[path];
    if (index === undefined || !canAnswer(index, field.kinds)) return field;
  }
  return undefined;
}
