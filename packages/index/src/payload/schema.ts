import type { JsonObject } from "./json.js";

/** Kinds of payload index. Columns name them by their place here: new ones come last. */
export const payloadIndexKinds = ["keyword", "integer", "float", "bool", "datetime", "uuid"] as const;
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
