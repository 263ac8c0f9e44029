import { RowSet } from "../../row-set.js";
import type { RangeView } from "../access.js";

/** Ranges on a column without numbers: it finds none, and says where there are some. */
export const noNumbersInRange: RangeView = {
  missed: "unheld-number",
  // biome-ignore lint/correctness/useYield: there is nothing to do in slices
  *rowsInRange() {
    return new RowSet();
  },
  estimateInRange: () => 0,
  entriesInRange: () => 0,
};
