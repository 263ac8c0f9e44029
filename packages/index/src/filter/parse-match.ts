import type { Condition } from "./condition.js";
import { matchTextCharactersMax, matchValuesMax } from "./filter-limits.js";
import { formatError, onlyMember, toArray, toObject, toText, validationError } from "./json-shape.js";

const MATCH_KINDS = ["value", "any", "except", "text", "text_any", "phrase", "prefix"];

function isInteger(value: unknown): value is number | bigint {
  return typeof value === "bigint" || Number.isInteger(value);
}

/** Strings only, or integers only. */
function toMatchValues(json: unknown, field: string): (string | number | bigint)[] {
  const items = toArray(json, field);
  if (items.length > matchValuesMax) {
    throw validationError(field, `${items.length} values, the limit (match values) is ${matchValuesMax}`);
  }
  const areTexts = typeof items[0] === "string";
  return items.map((item, i) => {
    if (areTexts && typeof item === "string") return item;
    if (!areTexts && isInteger(item)) return item;
    throw formatError(`${field}[${i}]`, "an array of strings or an array of integers is expected");
  });
}

function toMatchText(value: unknown, field: string): string {
  const text = toText(value, field);
  if (text.length <= matchTextCharactersMax) return text;
  throw validationError(field, `${text.length} characters, the limit (text of a match) is ${matchTextCharactersMax}`);
}

/** The condition of `{key, match: json}`. */
export function parseMatch(key: string, json: unknown, field: string): Condition {
  const [kind, value] = onlyMember(toObject(json, field), MATCH_KINDS, field);
  const valueField = `${field}.${kind}`;
  switch (kind) {
    case "value":
      if (typeof value === "string" || typeof value === "boolean" || isInteger(value)) {
        return { kind: "match-value", key, value };
      }
      throw formatError(valueField, "a string, an integer or a boolean is expected");
    case "any":
      return { kind: "match-any", key, values: toMatchValues(value, valueField) };
    case "except":
      return { kind: "match-except", key, values: toMatchValues(value, valueField) };
    case "text":
      return { kind: "match-text", key, how: "all", text: toMatchText(value, valueField) };
    case "text_any":
      return { kind: "match-text", key, how: "any", text: toMatchText(value, valueField) };
    case "phrase":
      return { kind: "match-text", key, how: "phrase", text: toMatchText(value, valueField) };
    default:
      return { kind: "match-prefix", key, prefix: toMatchText(value, valueField) };
  }
}
