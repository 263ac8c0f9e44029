import { MurmurationError } from "@murmuration/index";
import { parseJson } from "../http/json.js";

/** One way to match only: what has none is known as such in one pass. */
const plainNumber = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** `{index:value,…}/size`, as pgvector prints its sparsevec: indices from 1. */
function sparseOf(text: string): unknown {
  const body = text.slice(1, text.lastIndexOf("}")).trim();
  const pairs = body === "" ? [] : body.split(",").map((pair) => pair.split(":").map(Number));
  return { indices: pairs.map(([index = 0]) => index - 1), values: pairs.map(([, value = Number.NaN]) => value) };
}

/**
 * What a cell of text means as a vector: JSON; numbers separated by commas, semicolons or spaces, in brackets or braces or none; or a sparsevec of pgvector.
 * Throws `format` naming the field and the first that is no number.
 */
export function vectorOfText(given: string, field: string): unknown {
  const text = given.trim();
  if (/^\{\s*\d+\s*:|^\{\s*\}\/\d+$/.test(text)) return sparseOf(text);
  if (text.startsWith("{") && text.includes('"')) return parseJson(text);
  if (text.startsWith("[") && /[[\]]/.test(text.slice(1, -1))) return parseJson(text);
  const body = /^(?:\[.*\]|\{.*\})$/s.test(text) ? text.slice(1, -1) : text;
  const parts = body.trim().split(/\s*[,;]\s*|\s+/);
  return parts.map((part, i) => {
    if (plainNumber.test(part)) return Number(part);
    throw new MurmurationError("format", `expected number, got ${JSON.stringify(part.slice(0, 64))}`, `${field}[${i}]`);
  });
}
