import { printJson } from "./json.js";

/** What `parseJson` gives: an integer beyond 2^53 is a `bigint`. */
export type Json = null | boolean | number | bigint | string | JsonArray | JsonObject;
/** An array of JSON. */
export type JsonArray = readonly Json[];
/** An object of JSON. Its keys are own properties, `__proto__` too. */
export interface JsonObject {
  readonly [key: string]: Json;
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const INTEGER = /^-?(?:0|[1-9]\d*)$/;

/** Is it how JSON writes a number that a double can hold? */
export function isNumberText(text: string): boolean {
  return NUMBER.test(text) && Number.isFinite(Number(text));
}

/** Is it how JSON writes an integer? */
export function isIntegerText(text: string): boolean {
  return INTEGER.test(text);
}

/** The number that a text of JSON stands for, every digit of an integer kept. */
export function numberOf(text: string): number | bigint {
  const value = Number(text);
  return INTEGER.test(text) && !Number.isSafeInteger(value) ? BigInt(text) : value;
}

/** A number as JSON writes it; `undefined` for what is none. */
export function numberText(json: unknown): string | undefined {
  return typeof json === "number" || typeof json === "bigint" ? printJson(json) : undefined;
}

/** Is it an object, and no array? */
export function isObject(json: unknown): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

/** Is it an array? `Array.isArray` does not know readonly ones. */
export function isArray(json: unknown): json is JsonArray {
  return Array.isArray(json);
}
