import { type JsonObject, MurmurationError, type PointId, toPointId } from "@murmuration/index";
import { z } from "zod";
import { pageSizeMax } from "../limits.js";
import type { IssueParameters } from "./validate.js";

/** JSON Schema of a field that zod itself cannot describe. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/**
 * A field read by a plain function that throws a `MurmurationError` whose `field` is relative to the field's own place.
 * `schema` describes it in the OpenAPI document.
 */
export function parsedBy<T>(parse: (value: unknown) => T, schema: JsonSchema) {
  return z
    .unknown()
    .transform((value, context): T => {
      try {
        return parse(value);
      } catch (error) {
        if (!(error instanceof MurmurationError)) throw error;
        const params: IssueParameters = { code: error.code as IssueParameters["code"] };
        const path = error.field === undefined || error.field === "" ? [] : [error.field];
        context.addIssue({ code: "custom", message: error.message, path, params: { ...params }, input: value });
        return z.NEVER;
      }
    })
    .meta(schema);
}

/** May be left out or null: both read as `undefined`. */
export function optional<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value) => value ?? undefined) as z.ZodType<
    z.output<Schema> | undefined,
    z.input<Schema> | null | undefined
  >;
}

/** May be left out or null: both read as `fallback`. */
export function withDefault<Schema extends z.ZodType>(schema: Schema, fallback: z.output<Schema>) {
  return schema
    .nullish()
    .transform((value) => value ?? fallback)
    .meta({ default: fallback }) as z.ZodType<z.output<Schema>, z.input<Schema> | null | undefined>;
}

/** A value as it is shown in a message: short, whatever was sent. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "array" : "object";
  const text = String(value);
  const clipped = text.length > 64 ? `${text.slice(0, 64)}…` : text;
  return typeof value === "string" ? `"${clipped}"` : clipped;
}

function expected(what: string, value: unknown): MurmurationError {
  return value === undefined
    ? new MurmurationError("format", "missing field")
    : new MurmurationError("format", `expected ${what}, got ${shown(value)}`);
}

function checkRange(value: number, minimum: number, maximum: number): number {
  if (value >= minimum && value <= maximum) return value;
  const below = maximum >= pageSizeMax ? `${minimum} or larger` : `from ${minimum} to ${maximum}`;
  const bound = value > maximum && maximum >= pageSizeMax ? `${maximum} or smaller` : below;
  throw new MurmurationError("validation", `value ${value} invalid, must be ${bound}`);
}

/** An integer within bounds, both inclusive. Another type is `format`, out of bounds `validation`. */
export function integer(minimum: number, maximum = Number.MAX_SAFE_INTEGER) {
  return parsedBy(
    (value) => {
      if (typeof value === "bigint")
        return checkRange(Number(value), minimum, Math.min(maximum, Number.MAX_SAFE_INTEGER - 1));
      if (typeof value !== "number" || !Number.isInteger(value)) throw expected("integer", value);
      return checkRange(value, minimum, maximum);
    },
    { type: "integer", minimum, ...(maximum < Number.MAX_SAFE_INTEGER ? { maximum } : {}) },
  );
}

/** A number within bounds, both inclusive. */
export function number(minimum = -Infinity, maximum = Infinity) {
  return parsedBy(
    (value) => {
      if (typeof value !== "number" && typeof value !== "bigint") throw expected("number", value);
      return minimum === -Infinity ? Number(value) : checkRange(Number(value), minimum, maximum);
    },
    { type: "number", ...(minimum > -Infinity ? { minimum } : {}), ...(maximum < Infinity ? { maximum } : {}) },
  );
}

/** One of a closed set of words. */
export function oneOf<const Word extends string>(words: readonly Word[]) {
  return parsedBy(
    (value): Word => {
      if (typeof value !== "string") throw expected("string", value);
      const word = words.find((candidate) => candidate === value);
      if (word !== undefined) return word;
      throw new MurmurationError("format", `unknown value ${shown(value)}, expected one of ${words.join(", ")}`);
    },
    { type: "string", enum: [...words] },
  );
}

function isVoid(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** An option of the dialect that is not served: leaving it out, or giving it nothing, is fine. */
export function unsupported(what: string) {
  return parsedBy(
    (value): undefined => {
      if (!isVoid(value)) throw new MurmurationError("unsupported", `${what} not supported yet`);
      return undefined;
    },
    { description: `Must be absent or empty: ${what} not supported yet.` },
  ).optional();
}

/** A point id in its canonical form. */
export function readPointId(value: unknown): PointId {
  const id = toPointId(value);
  if (id !== undefined) return id;
  if (value === undefined) throw new MurmurationError("format", "missing field");
  const rule = "valid values are either an unsigned integer or a UUID";
  throw new MurmurationError("format", `value ${shown(value)} is not a valid point ID, ${rule}`);
}

export const pointIdSchema: JsonSchema = {
  oneOf: [
    { type: "integer", minimum: 0, format: "uint64" },
    { type: "string", format: "uuid" },
  ],
};

export const pointId = parsedBy(readPointId, pointIdSchema);

function readPointIds(value: unknown): PointId[] {
  if (!Array.isArray(value)) throw expected("array of point ids", value);
  return value.map((element: unknown, i) => {
    const id = toPointId(element);
    if (id !== undefined) return id;
    try {
      return readPointId(element);
    } catch (error) {
      throw new MurmurationError("format", (error as Error).message, `[${i}]`);
    }
  });
}

/** Point ids in canonical form, in the given order. */
export const pointIds = parsedBy(readPointIds, { type: "array", items: pointIdSchema });

/** An object with any content. */
export const anyObject = parsedBy(
  (value): JsonObject => {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
    throw expected("object", value);
  },
  { type: "object", additionalProperties: true },
);

/** Runs `read`, whose errors name a field relative to `prefix`, so that they name it relative to what holds `prefix`. */
export function within<T>(prefix: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MurmurationError)) throw error;
    const inner = error.field ?? "";
    const field = inner === "" || /^[.[]/.test(inner) ? `${prefix}${inner}` : `${prefix}.${inner}`;
    throw new MurmurationError(error.code, error.message, field, error);
  }
}

/** The same object without the keys that are undefined. */
export function definedOnly(value: { readonly [key: string]: unknown }): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, child]) => child !== undefined)) as JsonObject;
}
