import { parseJson } from "./json.js";
import { jsonFault } from "./json-fault.js";
import { isObject, type Json, type JsonObject } from "./json-value.js";

/** A text that is edited as JSON: what it stands for, or why it stands for nothing. */
export type ParsedText = { readonly json: Json } | { readonly problem: string; readonly at: number | undefined };

/** Line and column of a place in a text, from 1 on. */
export function lineAndColumn(text: string, at: number): string {
  const before = text.slice(0, at).split("\n");
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

/** The sign at a place as it is told: one that is not seen by its number. */
function nameOf(text: string, at: number): string {
  const sign = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (/^[\x21-\x7e]$/.test(sign)) return sign;
  return `the character U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Texts that the server refuses, since they stand for no text that there is: where one was found. */
function notWellFormed(json: Json, path: string): string | undefined {
  if (typeof json === "string") return json.isWellFormed() ? undefined : path;
  if (typeof json !== "object" || json === null) return undefined;
  for (const [key, value] of Object.entries(json)) {
    const inner = path === "" ? key : `${path}.${key}`;
    const found = key.isWellFormed() ? notWellFormed(value as Json, inner) : inner;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Parses a text as JSON, every digit of integers kept, and says in words where it is none. */
export function parseText(text: string): ParsedText {
  try {
    const json = parseJson(text) as Json;
    const path = notWellFormed(json, "");
    if (path === undefined) return { json };
    return {
      problem: `The text at ${path.toWellFormed() || "the top"} is no well-formed Unicode (half of a character).`,
      at: undefined,
    };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const at = jsonFault(text);
    const here =
      at === undefined || at >= text.trimEnd().length ? "it ends too early" : `${nameOf(text, at)} cannot stand there`;
    const where = at === undefined ? "" : ` (${lineAndColumn(text, at)})`;
    return { problem: text.trim() === "" ? "Nothing is written yet." : `This is no JSON: ${here}${where}`, at };
  }
}

/** The same for a text that has to be an object. */
export function parseObjectText(
  text: string,
): { readonly json: JsonObject } | { readonly problem: string; readonly at: number | undefined } {
  const parsed = parseText(text);
  if ("problem" in parsed) return parsed;
  return isObject(parsed.json) ? { json: parsed.json } : { problem: "This has to be an object: { … }", at: 0 };
}
