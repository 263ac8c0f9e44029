import type { BodyFormat } from "./format.js";

/** Changes the catalogue. Only in the catalogue's own shard. */
export interface CatalogueBody {
  readonly kind: "catalogue";
  /** An Automerge change. */
  readonly change: Uint8Array;
}

export const catalogueFormat: BodyFormat<CatalogueBody> = {
  kind: "catalogue",
  number: 9,
  write: (body) => [body.change],
  read: (fields) => ({ kind: "catalogue", change: fields.bytes() }),
};
