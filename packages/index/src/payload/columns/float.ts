import { numberColumn } from "./number-column.js";
import { floatKeys } from "./number-keys.js";

/** Floats, integers among them: ranges, order, facets; equality by scans. */
export const floatColumn = numberColumn(floatKeys, () => ({ equality: true, isLookedUp: false, range: true }));
