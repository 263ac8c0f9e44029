import { isObject, type Json } from "../json-value.js";
import { jsonPosition } from "./json-position.js";
import { describe, elementsOf, formsOf, keysOf, membersOf, type Schema, typesOf, valuesOf } from "./schema.js";

/** Something that can be written where the cursor stands. */
export interface Proposal {
  /** What it is called in a list. */
  readonly label: string;
  /** What is put in place of what was written. */
  readonly insert: string;
  /** Where the cursor stands after that, counted from the insert's end: 1 is before its last character. */
  readonly back: number;
  readonly kind: "key" | "value";
  /** What it is, in words. */
  readonly detail: string;
}

/** Proposals for the part of the text from `from` to `to`. */
export interface Proposals {
  readonly from: number;
  readonly to: number;
  readonly proposals: readonly Proposal[];
}

/** The value that is begun for a key: quotation marks, brackets or braces by its types; nothing where several are possible. */
function beginning(forms: readonly Schema[]): { readonly text: string; readonly back: number } {
  const types = new Set([...typesOf(forms)].filter((type) => type !== "null"));
  const [only] = types;
  if (types.size !== 1) return { text: "", back: 0 };
  if (only === "string") return { text: '""', back: 1 };
  if (only === "array") return { text: "[]", back: 1 };
  if (only === "object") return { text: "{}", back: 1 };
  return { text: "", back: 0 };
}

/**
 * What can be written at `cursor` in `text`, by a schema of an OpenAPI document: keys that are not there yet, values of enumerations and constants, defaults,
 * beginnings of arrays and objects. `undefined` where nothing is known.
 */
export function complete(text: string, cursor: number, schema: Json, document: Json): Proposals | undefined {
  const position = jsonPosition(text, cursor);
  if (position.place === "nothing") return undefined;
  let forms = formsOf(schema, document);
  for (const step of position.steps) {
    const inside = step === "element" ? elementsOf(forms) : membersOf(forms, step.key, step.siblings);
    forms = [...new Set(inside.flatMap((each) => formsOf(each, document)))];
  }
  const proposals =
    position.place === "key" ? keyProposals(text, position, forms, document) : valueProposals(position.isQuoted, forms);
  return proposals.length === 0 ? undefined : { from: position.from, to: position.to, proposals };
}

function keyProposals(
  text: string,
  { siblings, to }: ReturnType<typeof jsonPosition>,
  forms: readonly Schema[],
  document: Json,
): Proposal[] {
  const hasColon = /^\s*:/.test(text.slice(to));
  const keys = keysOf(forms, siblings).filter(({ name }) => !siblings.has(name));
  return keys.map(({ name, schema, isRequired }) => {
    const begun = hasColon ? { text: "", back: 0 } : beginning(formsOf(schema, document));
    const insert = `${JSON.stringify(name)}${hasColon ? "" : ": "}${begun.text}`;
    const detail = [isRequired ? "required" : "", describe(schema, document)].filter((part) => part !== "").join(", ");
    return { label: name, insert, back: begun.back, kind: "key", detail };
  });
}

function valueProposals(isQuoted: boolean, forms: readonly Schema[]): Proposal[] {
  const values = valuesOf(forms).filter((value) => !isObject(value) && (!isQuoted || typeof value === "string"));
  const proposals: Proposal[] = values.map((value) => {
    const insert = JSON.stringify(value);
    return { label: typeof value === "string" ? value : insert, insert, back: 0, kind: "value", detail: "" };
  });
  if (isQuoted) return proposals;
  const types = typesOf(forms);
  const begun = [
    ["object", "{}"],
    ["array", "[]"],
  ] as const;
  for (const [type, insert] of begun) {
    if (types.has(type)) proposals.push({ label: insert, insert, back: 1, kind: "value", detail: type });
  }
  return proposals;
}
