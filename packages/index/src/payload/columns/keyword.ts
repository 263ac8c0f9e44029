import { textFromUtf8 } from "../../text.js";
import { keywordBytesMax } from "../payload-limits.js";
import { keyedColumn } from "./keyed-column.js";
import { prefixView } from "./prefix-view.js";

const encoder = new TextEncoder();

/** Strings: equality, prefixes and facets. A cell is the address of the value that rows with the same string share. */
export const keywordColumn = keyedColumn(
  {
    keyOf(value) {
      if (typeof value !== "string" || value.length > keywordBytesMax) return undefined;
      // a UTF-16 unit is 3 bytes at most
      if (value.length * 3 <= keywordBytesMax) return value;
      return encoder.encode(value).length <= keywordBytesMax ? value : undefined;
    },
    bytesOf: (key) => encoder.encode(key),
    keyFrom: (bytes) => textFromUtf8(bytes, "a value of a column"),
  },
  (place) => ({ prefix: prefixView(place) }),
);
