import { MurmurationError } from "@murmuration/index";
import type { z } from "zod";
import { inputSchemaOf, type JsonSchema, parsedBy } from "./fields.js";
import { validate } from "./validate.js";

/** Other spellings that the dialect takes for a field, each with the field's own. */
export type Spellings = { readonly [other: string]: string };

/** Of all reads that return points. */
export const selectionSpellings: Spellings = { with_vectors: "with_vector" };

/** Of every place that has a quantization. */
export const quantizationSpellings: Spellings = { quantization: "quantization_config" };

type Given = { readonly [key: string]: unknown };

function isGiven(value: unknown): value is Given {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The same object with fields under their own names. Throws `format` for a field that is given under two. */
export function underOwnNames(given: Given, spellings: Spellings): Given {
  const others = Object.keys(spellings).filter((other) => Object.hasOwn(given, other));
  if (others.length === 0) return given;
  const named: { [key: string]: unknown } = { ...given };
  for (const other of others) {
    const own = spellings[other] as string;
    if (Object.hasOwn(given, own)) {
      throw new MurmurationError("format", `duplicate field: it is given as \`${own}\` too`, other);
    }
    named[own] = given[other];
    delete named[other];
  }
  return named;
}

/** A path that begins with a field's own name, with the name under which it was given. */
function asGiven(field: string, given: Given, spellings: Spellings): string {
  for (const [other, own] of Object.entries(spellings)) {
    if (!Object.hasOwn(given, other) || !field.startsWith(own)) continue;
    const rest = field.slice(own.length);
    if (rest === "" || rest.startsWith(".") || rest.startsWith("[")) return `${other}${rest}`;
  }
  return field;
}

function schemaWith(schema: z.ZodType, spellings: Spellings): JsonSchema {
  const rest = inputSchemaOf(schema);
  const properties = { ...(rest.properties as { readonly [name: string]: unknown }) };
  for (const [other, own] of Object.entries(spellings)) {
    const described = properties[own];
    if (typeof described === "object") properties[other] = { ...described, description: `Another name of ${own}.` };
  }
  return { ...rest, properties };
}

/**
 * An object some of whose fields go by several names. Each may be given under any of them, but not under two; an error names the one
 * that was given.
 */
export function spelled<Schema extends z.ZodType>(schema: Schema, spellings: Spellings) {
  const read = (value: unknown): z.output<Schema> => {
    if (!isGiven(value)) return validate(schema, value);
    try {
      return validate(schema, underOwnNames(value, spellings));
    } catch (error) {
      if (!(error instanceof MurmurationError) || error.field === undefined) throw error;
      throw new MurmurationError(error.code, error.message, asGiven(error.field, value, spellings), error);
    }
  };
  return parsedBy(read, () => schemaWith(schema, spellings));
}
