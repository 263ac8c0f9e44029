/** Kinds of payload index. */
export const payloadIndexKinds = ["keyword", "integer", "float", "bool"] as const;
export type PayloadIndexKind = (typeof payloadIndexKinds)[number];

/** What a payload index is made of. `parameters` are those the user gave, kept to be shown again. */
export interface PayloadIndexSchema {
  readonly kind: PayloadIndexKind;
  /** integer only: serve equality (default true). */
  readonly lookup?: boolean;
  /** integer only: serve ranges and order (default true). */
  readonly range?: boolean;
  readonly parameters?: { readonly [name: string]: string | number | boolean };
}
