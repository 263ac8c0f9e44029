import type { Dot } from "../causality/dot.js";
import { FieldReader } from "./field-reader.js";
import type { BodyFormat } from "./format.js";

/** Drops nodes that are dead for good from one vector's graph: nothing that could link to them can still arrive. */
export interface PurgeBody {
  readonly kind: "purge";
  readonly vector: string;
  readonly dots: readonly Dot[];
}

export const purgeFormat: BodyFormat<PurgeBody> = {
  kind: "purge",
  number: 11,
  write: ({ vector, dots }) => [vector, dots.flatMap(({ origin, sequence }) => [origin, sequence])],
  read: (fields) => {
    const vector = fields.text();
    const list = fields.list();
    const reader = new FieldReader(list, "purge");
    const dots: Dot[] = [];
    for (let i = 0; i < list.length; i += 2) dots.push({ origin: reader.origin(), sequence: reader.sequence() });
    return { kind: "purge", vector, dots };
  },
};
