import { C_PATH, C_PATH_BYTES, C_SCHEMA } from "../../segment/column-layout.js";
import { textFromUtf8 } from "../../text.js";
import { type PayloadIndexSchema, payloadIndexKinds } from "../schema.js";
import type { ColumnEngine } from "./column-engine.js";

const LOOKUP = 0x100;
const RANGE = 0x200;
const KIND = 0xff;

const encoder = new TextEncoder();

/** The path of a column as it is written into it. */
export function pathBytes(path: string): Uint8Array {
  return encoder.encode(path);
}

/** Writes path and schema into a new column, so that every thread finds them there. What users gave as parameters is not of interest to readers. */
export function writeColumnHeader(
  { u8, u32 }: ColumnEngine,
  column: number,
  path: Uint8Array,
  { kind, lookup = true, range = true }: PayloadIndexSchema,
): void {
  u8.set(path, column + C_PATH);
  u32[(column + C_SCHEMA) >>> 2] = payloadIndexKinds.indexOf(kind) | (lookup ? LOOKUP : 0) | (range ? RANGE : 0);
}

export function columnPath({ u8, u32 }: ColumnEngine, column: number): string {
  const start = column + C_PATH;
  return textFromUtf8(u8.slice(start, start + (u32[(column + C_PATH_BYTES) >>> 2] as number)), "the path of a column");
}

export function columnSchema({ u32 }: ColumnEngine, column: number): PayloadIndexSchema {
  const word = u32[(column + C_SCHEMA) >>> 2] as number;
  const kind = payloadIndexKinds[word & KIND] as PayloadIndexSchema["kind"];
  return kind === "integer" ? { kind, lookup: (word & LOOKUP) !== 0, range: (word & RANGE) !== 0 } : { kind };
}
