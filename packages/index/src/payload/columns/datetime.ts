import type { ColumnKind } from "./column-kind.js";
import { noNumbersInRange } from "./no-numbers.js";
import { numberColumn } from "./number-column.js";
import { datetimeKeys } from "./number-keys.js";

const numbers = numberColumn(datetimeKeys, () => ({ equality: false, isLookedUp: false, range: true }));

/** Texts that are datetimes, as microseconds in 64 bits: ranges and order. Equality is that of texts, and is not served. */
export const datetimeColumn: ColumnKind = {
  ...numbers,
  access(place, schema) {
    const { presence, range, order } = numbers.access(place, schema);
    return {
      presence,
      range: noNumbersInRange,
      ...(range === undefined ? {} : { times: { ...range, missed: undefined } }),
      ...(order === undefined ? {} : { order }),
    };
  },
};
