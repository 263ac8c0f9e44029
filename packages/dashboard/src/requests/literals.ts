import { isArray, type Json, numberText } from "../json-value.js";

/** How a language writes what JSON has. */
interface Syntax {
  readonly null: string;
  readonly true: string;
  readonly false: string;
  readonly number: (value: number | bigint) => string;
  readonly key: (key: string) => string;
}

/** Arrays of scalars up to this many characters stand on one line. */
const LINE_MAX = 100;

function print(json: Json, syntax: Syntax, indent: string): string {
  if (json === null) return syntax.null;
  if (typeof json === "boolean") return json ? syntax.true : syntax.false;
  if (typeof json === "string") return JSON.stringify(json);
  if (typeof json === "number" || typeof json === "bigint") return syntax.number(json);
  const inner = `${indent}  `;
  const isList = isArray(json);
  const items = isList
    ? json.map((each) => print(each, syntax, inner))
    : Object.entries(json).map(([key, value]) => `${syntax.key(key)}: ${print(value, syntax, inner)}`);
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (items.length === 0) return `${open}${close}`;
  const line = items.join(", ");
  if (isList && line.length <= LINE_MAX && !line.includes("\n")) return `[${line}]`;
  return `${open}\n${items.map((item) => `${inner}${item},\n`).join("")}${indent}${close}`;
}

const javascript: Syntax = {
  null: "null",
  true: "true",
  false: "false",
  // the official client sends integers beyond 2^53 as they are when they are bigints
  number: (value) => (typeof value === "bigint" ? `${value}n` : (numberText(value) as string)),
  key: (key) => {
    if (key === "__proto__") return '["__proto__"]';
    return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
  },
};

const python: Syntax = {
  null: "None",
  true: "True",
  false: "False",
  number: (value) => numberText(value) as string,
  key: (key) => JSON.stringify(key),
};

/**
 * JSON as a literal of JavaScript. `indent` is what its last line begins with. Integers beyond 2^53 are bigints, and a key `__proto__` is
 * computed: in an object literal it would set the prototype.
 */
export function javascriptLiteral(json: Json, indent = ""): string {
  return print(json, javascript, indent);
}

/** JSON as a literal of Python, whose strings know every escape that JSON's have. */
export function pythonLiteral(json: Json, indent = ""): string {
  return print(json, python, indent);
}
