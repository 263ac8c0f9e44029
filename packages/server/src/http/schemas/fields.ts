import { type JsonObject, MurmurationError, type PointId, toPointId } from "@murmuration/index";
import { z } from "zod";
import type { IssueParameters } from "./validate.js";

/** JSON Schema of a field that zod itself cannot describe. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** What a schema takes, as JSON Schema without its dialect: dear, and for the OpenAPI document alone. */
export function inputSchemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _dialect, ...described } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return described;
}

/**
 * A field read by a plain function that throws a `MurmurationError` whose `field` is relative to the field's own place.
 * `schema` describes it in the OpenAPI document; a function is called when that is made.
 */
export function parsedBy<T>(parse: (value: unknown) => T, schema: JsonSchema | (() => JsonSchema)) {
  const parsed = z.unknown().transform((value, context): T => {
    try {
      return parse(value);
    } catch (error) {
      if (!(error instanceof MurmurationError)) throw error;
      const params: IssueParameters = { code: error.code as IssueParameters["code"] };
      const path = error.field === undefined || error.field === "" ? [] : [error.field];
      context.addIssue({ code: "custom", message: error.message, path, params: { ...params }, input: value });
      return z.NEVER;
    }
  });
  if (typeof schema !== "function") return parsed.meta(schema);
  parsed._zod.toJSONSchema = schema;
  return parsed;
}

/**
 * A list without an upper bound, read up to the first item that is wrong: zod would tell of all of them, and of a hundred thousand that takes seconds.
 */
export function itemsOf<Item extends z.ZodType>(item: Item, minItems = 0) {
  const list = z
    .array(z.unknown())
    .min(minItems)
    .transform((values, context): z.output<Item>[] => {
      const read: z.output<Item>[] = [];
      for (const [i, value] of values.entries()) {
        const outcome = item.safeParse(value, { reportInput: true });
        if (outcome.success) read.push(outcome.data);
        else {
          // as they are: added by the context, one of a field that is missing would have the list for its input
          for (const issue of outcome.error.issues)
            context.issues.push({ ...issue, path: [i, ...issue.path] } as z.core.$ZodRawIssue);
          return z.NEVER;
        }
      }
      return read;
    });
  list._zod.toJSONSchema = () => ({ type: "array", items: inputSchemaOf(item), ...(minItems > 0 ? { minItems } : {}) });
  return list as z.ZodType<z.output<Item>[], z.input<Item>[]>;
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

function outOfRange(value: number | bigint, minimum: number, maximum?: number): MurmurationError {
  const bound = maximum === undefined ? `${minimum} or larger` : `from ${minimum} to ${maximum}`;
  return new MurmurationError("validation", `value ${value} invalid, must be ${bound}`);
}

function checkRange(value: number, minimum: number, maximum: number): number {
  if (value >= minimum && value <= maximum) return value;
  throw outOfRange(value, minimum, maximum === Infinity ? undefined : maximum);
}

/** Largest values of the dialect's unsigned integers. */
const unsignedMax = { 32: 2n ** 32n - 1n, 64: 2n ** 64n - 1n } as const;

type Width = keyof typeof unsignedMax;

/** An unsigned integer of the dialect. What none of its width can hold, below 0 too, is of another type: `format`. */
function readUnsigned(value: unknown, width: Width): number | bigint {
  if (typeof value !== "bigint" && !(typeof value === "number" && Number.isInteger(value))) {
    throw expected("integer", value);
  }
  if (value >= 0 && value <= unsignedMax[width]) return value;
  throw new MurmurationError(
    "format",
    `invalid value: integer ${value}, expected an unsigned integer of ${width} bits`,
  );
}

/** An unsigned integer within bounds, both inclusive. Another type, below 0 too, is `format`, out of bounds `validation`. */
export function integer(minimum: number, maximum: number) {
  return parsedBy(
    (value) => {
      const read = readUnsigned(value, 64);
      if (typeof read === "bigint") throw outOfRange(read, minimum, maximum);
      return checkRange(read, minimum, maximum);
    },
    { type: "integer", minimum, maximum },
  );
}

/** An unsigned integer of the dialect that is kept as it is, a `bigint` beyond 2^53; less than `minimum` is `validation`. */
export function unsigned(width: Width, minimum: number) {
  return parsedBy(
    (value) => {
      const read = readUnsigned(value, width);
      if (read < minimum) throw outOfRange(read, minimum);
      return read;
    },
    { type: "integer", minimum, format: `uint${width}` },
  );
}

/**
 * A number of rows to return or to pass over: any unsigned integer of 64 bits. Beyond 2^53 − 1, which is more than there ever are, it
 * is cut to that. Less than `minimum` is `validation`.
 */
export function rowCount(minimum: 0 | 1) {
  return parsedBy(
    (value) => {
      const read = readUnsigned(value, 64);
      if (read < minimum) throw outOfRange(read, minimum);
      return Number(read > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : read);
    },
    { type: "integer", minimum, format: "uint64" },
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

/** An option of the dialect that is refused, for a reason: leaving it out, or giving it nothing, is fine. */
export function unsupported(why: string) {
  return parsedBy(
    (value): undefined => {
      if (!isVoid(value)) throw new MurmurationError("unsupported", why);
      return undefined;
    },
    { description: `Must be absent or empty: ${why}.` },
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
const pointIds = parsedBy(readPointIds, { type: "array", items: pointIdSchema });

/** Each id once, where it came first. */
export const distinctPointIds = pointIds.transform((ids) => [...new Set(ids)]);

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
