import { type Dot, dotText } from "../causality/dot.js";
import { limits } from "../limits.js";
import { FieldReader } from "./field-reader.js";
import type { BodyFormat } from "./format.js";
import { refuseMessage } from "./refuse-message.js";
import { textToField } from "./text-field.js";

/** Drops nodes that are dead for good from one vector's graph: nothing that could link to them can still arrive. */
export interface PurgeBody {
  readonly kind: "purge";
  readonly vector: string;
  readonly dots: readonly Dot[];
}

export const purgeFormat: BodyFormat<PurgeBody> = {
  kind: "purge",
  number: 11,
  write: ({ vector, dots }) => [
    textToField(vector, "vector"),
    dots.flatMap(({ origin, sequence }) => [origin, sequence]),
  ],
  read: (fields) => {
    const vector = fields.name();
    const list = fields.list();
    const reader = new FieldReader(list, "purge");
    const dots: Dot[] = [];
    if (list.length === 0 || list.length > 2 * limits.purgedPerOperationMax)
      refuseMessage("purge: too many nodes, or none");
    for (let i = 0; i < list.length; i += 2) dots.push({ origin: reader.origin(), sequence: reader.sequence() });
    if (new Set(dots.map(dotText)).size < dots.length) refuseMessage("purge: a node twice");
    return { kind: "purge", vector, dots };
  },
};
