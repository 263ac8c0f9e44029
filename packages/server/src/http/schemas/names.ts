import { checkName } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { nameLengthMax } from "../http-limits.js";
import { parsedBy } from "./fields.js";

/** Characters, not code units. */
function lengthOf(name: string): number {
  return name.length <= nameLengthMax ? name.length : [...name].length;
}

/** Checks the length of a name that is looked up: 1 to 255 characters. Throws `validation`. */
export function checkNameLength(name: string, field: string): string {
  if (name.length > 0 && lengthOf(name) <= nameLengthMax) return name;
  const start = name.length > 32 ? `${name.slice(0, 32)}…` : name;
  throw new MurmurationError(
    "validation",
    `value "${start}" invalid, length must be from 1 to ${nameLengthMax}`,
    field,
  );
}

/** Checks a name that is given to something new. Throws `validation`. */
export function checkNewName(name: string, field: string): string {
  checkName(checkNameLength(name, field), field);
  return name;
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  throw new MurmurationError("format", value === undefined ? "missing field" : "expected string");
}

/** The name of a collection or alias that is looked up. */
export const name = parsedBy((value) => checkNameLength(textOf(value), ""), {
  type: "string",
  minLength: 1,
  maxLength: nameLengthMax,
});

/** The name of a collection or alias to be made: none of / \ < > : " | ? *. */
export const newName = parsedBy((value) => checkNewName(textOf(value), ""), {
  type: "string",
  minLength: 1,
  maxLength: nameLengthMax,
});
