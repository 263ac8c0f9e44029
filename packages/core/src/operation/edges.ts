import type { VersionVector } from "../causality/version-vector.js";
import { FieldReader, refuseMessage } from "./field-reader.js";
import type { BodyFormat } from "./format.js";
import { versionVectorToField } from "./version-vector-field.js";

/** Why lists were changed: to link concurrent inserts, to drop links to dead nodes, to make a node reachable. */
export const edgeReasons = ["stitch", "repair", "rescue"] as const;
export type EdgeReason = (typeof edgeReasons)[number];

/** Changes the neighbour lists of existing nodes of one vector's graph. */
export interface EdgesBody {
  readonly kind: "edges";
  readonly reason: EdgeReason;
  /** Name of the vector; `""` is the unnamed one. */
  readonly vector: string;
  /** Packed by the index, each planned on the state that this operation depends on; opaque here. */
  readonly deltas: readonly Uint8Array[];
  /** Closes stitch windows: nodes of `owner` up to `through` are linked to the foreign ones that they should be linked to. */
  readonly closes?: { readonly owner: number; readonly through: number; readonly foreign: VersionVector };
}

export const edgesFormat: BodyFormat<EdgesBody> = {
  kind: "edges",
  number: 10,
  write: ({ reason, vector, deltas, closes }) => [
    edgeReasons.indexOf(reason),
    vector,
    deltas,
    closes === undefined ? [] : [closes.owner, closes.through, versionVectorToField(closes.foreign)],
  ],
  read: (fields) => {
    const reason = edgeReasons[fields.integer()];
    if (reason === undefined) refuseMessage("edges: the reason is not known");
    const vector = fields.text();
    const deltas = fields
      .list()
      .map((delta) => (delta instanceof Uint8Array ? delta : refuseMessage("edges: a delta is not binary")));
    const closing = fields.list();
    const body = { kind: "edges" as const, reason, vector, deltas };
    if (closing.length === 0) return body;
    const closes = new FieldReader(closing, "edges");
    const result = {
      ...body,
      closes: { owner: closes.origin(), through: closes.integer(), foreign: closes.versionVector() },
    };
    closes.end();
    return result;
  },
};
