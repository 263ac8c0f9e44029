import { z } from "zod";
import { optional, parsedBy, rowCount, withDefault } from "./fields.js";
import { name } from "./names.js";
import { selectionFields } from "./selection.js";
import { selectionSpellings, spelled } from "./spellings.js";
import { validate } from "./validate.js";

const GROUP_SIZE_DEFAULT = 3;

const lookupFields = z.object({ collection: name, ...selectionFields(true) });
const lookup = spelled(lookupFields, selectionSpellings);

/** Where a point is looked up for each group, and what is returned of it. */
export type GroupLookup = z.output<typeof lookup>;

const readLookup = (value: unknown): GroupLookup =>
  validate(lookup, typeof value === "string" ? { collection: value } : value);

const withLookup = optional(
  parsedBy(readLookup, {
    oneOf: [
      { type: "string" },
      {
        type: "object",
        properties: { collection: { type: "string" }, with_payload: {}, with_vectors: {} },
        required: ["collection"],
      },
    ],
  }),
);

const groupBy = z.string().min(1);

/** Of a query whose answer is in groups. */
export const groupFields = {
  group_by: groupBy,
  group_size: withDefault(rowCount(1), GROUP_SIZE_DEFAULT),
  with_lookup: withLookup,
};

/** The same of the older routes. */
export const legacyGroupFields = { group_by: groupBy, group_size: rowCount(1), with_lookup: withLookup };

/** What a query adds that its answer is in groups. */
export interface Grouping {
  readonly group_by: string;
  readonly group_size: number;
  readonly with_lookup: GroupLookup | undefined;
}
