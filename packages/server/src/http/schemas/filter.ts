import { type Filter, MurmurationError, parseFilter } from "@murmuration/index";
import { optional, parsedBy } from "./fields.js";
import { filterReference } from "./filter-schema.js";

/** Any word will do: it only marks where the paths of the filter's own errors begin. */
const root = "filter";

function readFilter(value: unknown): Filter {
  try {
    return parseFilter(value, root);
  } catch (error) {
    if (!(error instanceof MurmurationError) || error.field === undefined) throw error;
    throw new MurmurationError(
      error.code,
      error.message,
      error.field.startsWith(root) ? error.field.slice(root.length) : error.field,
    );
  }
}

/** A filter; null and absent mean all points. */
export const filter = optional(parsedBy(readFilter, filterReference));
