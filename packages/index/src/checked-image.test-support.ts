import type { ReadExactly } from "./checked-image.js";

/** Reads bytes, or pieces one behind the other, as from a file that holds them. */
export function readerOf(file: Uint8Array | Iterable<Uint8Array>): ReadExactly {
  const bytes = file instanceof Uint8Array ? file : Buffer.concat([...file]);
  let at = 0;
  return (target) => {
    const part = bytes.subarray(at, at + target.length);
    at += part.length;
    target.set(part);
    return part.length === target.length;
  };
}
