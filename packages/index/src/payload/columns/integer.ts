import { numberColumn } from "./number-column.js";
import { integerKeys } from "./number-keys.js";

/** Integers of 64 bits: equality if `lookup`, ranges and order if `range`, facets. */
export const integerColumn = numberColumn(integerKeys, ({ lookup = true, range = true }) => ({
  equality: lookup,
  isLookedUp: lookup,
  range,
}));
