import type { VersionVector } from "../causality/version-vector.js";
import { limits } from "../limits.js";
import { FieldReader } from "./field-reader.js";
import type { BodyFormat } from "./format.js";
import { refuseMessage } from "./refuse-message.js";
import { textToField } from "./text-field.js";
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
    textToField(vector, "vector"),
    deltas,
    closes === undefined ? [] : [closes.owner, closes.through, versionVectorToField(closes.foreign)],
  ],
  read: (fields) => {
    const reason = edgeReasons[fields.integer()];
    if (reason === undefined) refuseMessage("edges: the reason is not known");
    const vector = fields.name();
    const deltas = fields
      .list()
      .map((delta) => (delta instanceof Uint8Array ? delta : refuseMessage("edges: a delta is not binary")));
    if (deltas.length > limits.deltasPerOperationMax) refuseMessage(`edges: ${deltas.length} deltas`);
    const closing = fields.list();
    const body = { kind: "edges" as const, reason, vector, deltas };
    if (closing.length === 0) {
      if (deltas.length === 0) refuseMessage("edges: neither deltas nor windows that close");
      return body;
    }
    const closes = new FieldReader(closing, "edges");
    const [owner, through, foreign] = [closes.origin(), closes.sequence(), closes.versionVector()];
    closes.end();
    if (foreign.size === 0 || foreign.has(owner)) refuseMessage("edges: windows close towards others");
    return { ...body, closes: { owner, through, foreign } };
  },
};
