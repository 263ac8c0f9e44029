import { isJsonObject, type Json, type PayloadIndexSchema, payloadIndexKinds } from "@murmuration/index";

const SCHEMA_FIELDS = new Set(["kind", "lookup", "range", "parameters"]);

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
    (parameters === undefined || (isJsonObject(parameters) && Object.values(parameters).every(isParameter)))
  );
}

function isParameter(value: Json): boolean {
  return typeof value === "string" || typeof value === "boolean" || typeof value === "number";
}
