import { C_PATH, C_PATH_BYTES, C_SCHEMA } from "../../segment/column-layout.js";
import { textFromUtf8 } from "../../text.js";
import type { JsonObject } from "../json.js";
import { type PayloadIndexSchema, payloadIndexKinds } from "../schema.js";
import type { ColumnEngine } from "./column-engine.js";

const LOOKUP = 0x100;
const RANGE = 0x200;
const KIND = 0xff;

const encoder = new TextEncoder();

/**
 * The path of a column as it is written into it. Of a text index, JSON of the path and of the parameters: readers find terms by them. Other
 * parameters are not of interest to readers.
 */
export function headerBytes(path: string, { kind, parameters = {} }: PayloadIndexSchema): Uint8Array {
  return encoder.encode(kind === "text" ? JSON.stringify([path, parameters]) : path);
}

/** Writes path and schema into a new column, so that every thread finds them there. `bytes` are those of `headerBytes`. */
export function writeColumnHeader(
  { u8, u32 }: ColumnEngine,
  column: number,
  bytes: Uint8Array,
  { kind, lookup = true, range = true }: PayloadIndexSchema,
): void {
  u8.set(bytes, column + C_PATH);
  u32[(column + C_SCHEMA) >>> 2] = payloadIndexKinds.indexOf(kind) | (lookup ? LOOKUP : 0) | (range ? RANGE : 0);
}

function headerText({ u8, u32 }: ColumnEngine, column: number): string {
  const start = column + C_PATH;
  return textFromUtf8(u8.slice(start, start + (u32[(column + C_PATH_BYTES) >>> 2] as number)), "the path of a column");
}

function kindOf({ u32 }: ColumnEngine, column: number): PayloadIndexSchema["kind"] {
  return payloadIndexKinds[(u32[(column + C_SCHEMA) >>> 2] as number) & KIND] as PayloadIndexSchema["kind"];
}

/** Headers of text indexes that were read: readers ask for them with every condition. */
const textHeaders = new Map<string, readonly [path: string, parameters: JsonObject]>();
const TEXT_HEADERS_MAX = 256;

function textHeader(text: string): readonly [path: string, parameters: JsonObject] {
  const known = textHeaders.get(text);
  if (known !== undefined) return known;
  const read = JSON.parse(text) as [string, JsonObject];
  if (textHeaders.size >= TEXT_HEADERS_MAX) textHeaders.clear();
  textHeaders.set(text, read);
  return read;
}

export function columnPath(engine: ColumnEngine, column: number): string {
  const text = headerText(engine, column);
  return kindOf(engine, column) === "text" ? textHeader(text)[0] : text;
}

export function columnSchema(engine: ColumnEngine, column: number): PayloadIndexSchema {
  const word = engine.u32[(column + C_SCHEMA) >>> 2] as number;
  const kind = kindOf(engine, column);
  if (kind === "text") return { kind, parameters: textHeader(headerText(engine, column))[1] };
  return kind === "integer" ? { kind, lookup: (word & LOOKUP) !== 0, range: (word & RANGE) !== 0 } : { kind };
}
