import { keyedColumn } from "./keyed-column.js";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const BYTES = 16;

/**
 * UUIDs as they are printed, 16 bytes each: equality and facets. Like all strings they are compared as they are written, with and without an
 * index: in capitals or without hyphens they are not held, and are looked at one by one.
 */
export const uuidColumn = keyedColumn({
  keyOf: (value) => (typeof value === "string" && UUID.test(value) ? value : undefined),
  bytesOf(key) {
    const digits = key.replaceAll("-", "");
    return Uint8Array.from({ length: BYTES }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
  },
  keyFrom(bytes) {
    const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join(
      "-",
    );
  },
});
