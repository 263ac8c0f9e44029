import { readTextParameters, type TextParameters, textParametersKey } from "../text/mod.js";
import type { JsonObject } from "./json.js";

/** Kinds of payload index. Columns name them by their place here: new ones come last. */
export const payloadIndexKinds = ["keyword", "integer", "float", "bool", "datetime", "uuid", "text", "geo"] as const;
export type PayloadIndexKind = (typeof payloadIndexKinds)[number];

/** What a payload index is made of. `parameters` are those the user gave, kept to be shown again. */
export interface PayloadIndexSchema {
  readonly kind: PayloadIndexKind;
  /** integer only: serve equality (default true). */
  readonly lookup?: boolean;
  /** integer only: serve ranges and order (default true). */
  readonly range?: boolean;
  readonly parameters?: JsonObject;
}

/** Can points be ordered by an index of this schema? */
export function servesOrder({ kind, range = true }: PayloadIndexSchema): boolean {
  return kind === "float" || kind === "datetime" || (kind === "integer" && range);
}

/** Can the values of an index of this schema be counted, as facets are? */
export function servesFacets({ kind, lookup = true }: PayloadIndexSchema): boolean {
  return kind === "keyword" || kind === "bool" || kind === "uuid" || (kind === "integer" && lookup);
}

const textParameters = new WeakMap<PayloadIndexSchema, TextParameters>();

/** How a text index finds terms, by the parameters that the user gave. Throws `format` for parameters that say nothing. */
export function textParametersOf(schema: PayloadIndexSchema): TextParameters {
  let known = textParameters.get(schema);
  if (known === undefined) {
    known = readTextParameters(schema.parameters ?? {}, "");
    textParameters.set(schema, known);
  }
  return known;
}

/** Does a text index keep the order of words, so that phrases are found without a look at the payload? */
export function keepsPhrases({ parameters }: PayloadIndexSchema): boolean {
  return parameters?.["phrase_matching"] === true;
}

/** Do two text indexes keep the same of the same texts? */
export function isSameTextIndex(a: PayloadIndexSchema, b: PayloadIndexSchema): boolean {
  const keyOf = (schema: PayloadIndexSchema) => textParametersKey(textParametersOf(schema));
  return keepsPhrases(a) === keepsPhrases(b) && keyOf(a) === keyOf(b);
}

/** The text indexes of a collection: how each finds terms, by path. What `text` and `phrase` mean depends on them. */
export type TextIndexes = { readonly [path: string]: TextParameters };

const textIndexes = new WeakMap<object, TextIndexes | undefined>();

/** Those of a collection's payload indexes; `undefined`: there are none. The same object for the same indexes. */
export function textIndexesOf(indexes: { readonly [path: string]: PayloadIndexSchema }): TextIndexes | undefined {
  if (textIndexes.has(indexes)) return textIndexes.get(indexes);
  const texts = Object.entries(indexes).filter(([, { kind }]) => kind === "text");
  const made =
    texts.length === 0
      ? undefined
      : Object.freeze(Object.fromEntries(texts.map(([path, schema]) => [path, textParametersOf(schema)])));
  textIndexes.set(indexes, made);
  return made;
}
