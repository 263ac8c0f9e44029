import { MurmurationError } from "../errors.js";
import { parsePath } from "../payload/path.js";

/** An object of a request, not checked yet. */
export type RawObject = { readonly [key: string]: unknown };

/** A `format` error at `field`. */
export function formatError(field: string, message: string): MurmurationError {
  return new MurmurationError("format", `${field}: ${message}`, field);
}

/** A `validation` error at `field`. */
export function validationError(field: string, message: string): MurmurationError {
  return new MurmurationError("validation", `${field}: ${message}`, field);
}

export function toObject(value: unknown, field: string): RawObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw formatError(field, "an object is expected");
  }
  return value as RawObject;
}

export function toArray(value: unknown, field: string): readonly unknown[] {
  if (!Array.isArray(value)) throw formatError(field, "an array is expected");
  return value;
}

export function toBoolean(value: unknown, field: string): boolean {
  if (typeof value !== "boolean") throw formatError(field, "a boolean is expected");
  return value;
}

export function toText(value: unknown, field: string): string {
  if (typeof value !== "string") throw formatError(field, "a string is expected");
  return value;
}

/** A payload path, checked. */
export function toKey(value: unknown, field: string): string {
  const text = toText(value, field);
  parsePath(text, field);
  return text;
}

/** The members of an object that are given; those that are null count as absent. Throws for a name not in `known`. */
export function givenMembers(object: RawObject, known: readonly string[], field: string): [string, unknown][] {
  for (const name of Object.keys(object)) {
    if (!known.includes(name)) throw formatError(`${field}.${name}`, `unknown field, expected ${known.join(", ")}`);
  }
  return Object.entries(object).filter(([, value]) => value !== null && value !== undefined);
}

/** The one member of an object that is given. */
export function onlyMember(object: RawObject, known: readonly string[], field: string): [string, unknown] {
  const [member, another] = givenMembers(object, known, field);
  if (member === undefined || another !== undefined) {
    throw formatError(field, `exactly one of ${known.join(", ")} is expected`);
  }
  return member;
}
