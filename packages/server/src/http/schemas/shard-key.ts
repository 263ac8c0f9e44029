import { MurmurationError } from "@murmuration/index";
import { type JsonSchema, parsedBy, shown } from "./fields.js";

const one: JsonSchema = { oneOf: [{ type: "string" }, { type: "integer", minimum: 0 }] };
const schema: JsonSchema = {
  oneOf: [
    ...(one.oneOf as JsonSchema[]),
    { type: "array", items: one },
    { type: "object", properties: { target: one, fallback: one }, required: ["target", "fallback"] },
  ],
  description: "Refused: a collection has one shard, which has no key.",
};

/** A key as messages show it. Throws `format` for what is none. */
function textOf(key: unknown): string {
  if (typeof key === "string") return `"${key}"`;
  if (typeof key === "bigint" || (typeof key === "number" && Number.isInteger(key) && key >= 0)) return String(key);
  throw new MurmurationError("format", `expected a shard key, a string or an unsigned integer, got ${shown(key)}`);
}

/** The first key that is named; `undefined`: none is. */
function firstOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) {
    const [first] = value.map(textOf);
    return first;
  }
  if (typeof value !== "object") return textOf(value);
  const { target, fallback } = value as { readonly target?: unknown; readonly fallback?: unknown };
  textOf(fallback);
  return textOf(target);
}

/** Shard keys are refused as a node refuses them whose collection has no shard of that key: a write is wrong, a read finds nothing. */
function shardKey(code: "wrong-input" | "not-found") {
  return parsedBy((value): undefined => {
    const key = firstOf(value);
    if (key !== undefined) throw new MurmurationError(code, `Shard key ${key} not found`);
    return undefined;
  }, schema).optional();
}

export const shardKeyOfWrite = shardKey("wrong-input");
export const shardKeyOfRead = shardKey("not-found");
