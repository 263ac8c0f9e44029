import {
  isJsonObject,
  type Json,
  type PayloadIndexKind,
  type PayloadIndexSchema,
  payloadIndexKinds,
  textParametersOf,
} from "@murmuration/index";
import type { OperationFormat } from "../operation/operation-format.js";

const SCHEMA_FIELDS = new Set(["kind", "lookup", "range", "parameters"]);
/** Objects and arrays inside of each other in a parameter. */
const PARAMETER_DEPTH_MAX = 3;
const KIND = /^[a-z][a-z0-9_]{0,31}$/;

/** Kinds that every version knows; the others came with operation format 2. */
const kindsOfFormat1: readonly PayloadIndexKind[] = ["keyword", "integer", "float", "bool"];

/** The operation format that a member reads which knows such an index. */
export function formatOfIndex({ kind }: PayloadIndexSchema): OperationFormat {
  return kindsOfFormat1.includes(kind) ? 1 : 2;
}

/** Can this be the schema of a payload index? */
export function isIndexSchema(value: Json): boolean {
  if (!isJsonObject(value)) return false;
  const { kind, lookup, range, parameters } = value as {
    readonly [field in keyof PayloadIndexSchema]: Json | undefined;
  };
  const isFlag = (flag: Json | undefined) => flag === undefined || typeof flag === "boolean";
  return (
    Object.keys(value).every((field) => SCHEMA_FIELDS.has(field)) &&
    (payloadIndexKinds as readonly unknown[]).includes(kind) &&
    isFlag(lookup) &&
    isFlag(range) &&
    (parameters === undefined || (isJsonObject(parameters) && isParameter(parameters, 0))) &&
    (kind !== "text" || saysHowTermsAreFound(value as unknown as PayloadIndexSchema))
  );
}

/**
 * Is this the schema of an index that a newer version may know: of another kind, or with fields that say something about it? It is kept and
 * named, and is no index here.
 */
export function isLaterIndexSchema(value: Json): boolean {
  if (!isJsonObject(value)) return false;
  const { kind } = value as { readonly kind?: Json };
  if (typeof kind !== "string" || !KIND.test(kind)) return false;
  return (
    !(payloadIndexKinds as readonly string[]).includes(kind) ||
    Object.keys(value).some((field) => !SCHEMA_FIELDS.has(field) && KIND.test(field))
  );
}

function saysHowTermsAreFound(schema: PayloadIndexSchema): boolean {
  try {
    textParametersOf(schema);
    return true;
  } catch {
    return false;
  }
}

function isParameter(value: Json, depth: number): boolean {
  if (typeof value !== "object") return true;
  if (value === null || depth > PARAMETER_DEPTH_MAX) return false;
  return Object.values(value).every((part: Json) => isParameter(part, depth + 1));
}
