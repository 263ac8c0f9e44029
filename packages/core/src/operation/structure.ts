import { limits } from "../limits.js";
import { refuseMessage } from "./field-reader.js";

/** Bytes that follow the first byte of a value, 0xc0 to 0xdf: its size, or the length of its length. −1: not accepted. */
const FOLLOWING = [
  0, -1, 0, 0, 1, 2, 4, -1, -1, -1, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, -1, -1, -1, -1, -1, 1, 2, 4, 2, 4, 2, 4,
] as const;

/**
 * Walks a msgpack value of an untrusted sender without building anything. Throws `corrupt` unless it is exactly one value, nested no
 * deeper than our writers nest, in which no list claims more items than there are bytes left: a decoder reserves memory for what a list
 * claims, and a few kilobytes of lists nested in lists can claim gigabytes. Extensions are refused as well.
 */
export function checkStructure(bytes: Uint8Array, what: string): void {
  const end = bytes.byteLength;
  /** Items still to come in each list that is open. */
  const open: number[] = [];
  let items = 1;
  /** Items still to come in all lists. */
  let pending = 1;
  let at = 0;
  for (;;) {
    while (items === 0) {
      const outer = open.pop();
      if (outer === undefined) {
        if (at !== end) refuseMessage(`${what}: bytes left over`);
        return;
      }
      items = outer;
    }
    if (at >= end) refuseMessage(`${what}: cut short`);
    items -= 1;
    pending -= 1;
    const head = bytes[at++] as number;
    let inside = 0;
    if (head >= 0x80 && head < 0xa0) inside = head < 0x90 ? (head & 15) * 2 : head & 15;
    else if (head >= 0xa0 && head < 0xc0) at += head & 31;
    else if (head >= 0xc0 && head < 0xe0) {
      const following = FOLLOWING[head - 0xc0] as number;
      if (following < 0) refuseMessage(`${what}: cannot be decoded`);
      if (at + following > end) refuseMessage(`${what}: cut short`);
      if (head >= 0xd9 || (head >= 0xc4 && head <= 0xc6)) {
        let length = 0;
        for (let i = 0; i < following; i += 1) length = length * 256 + (bytes[at + i] as number);
        if (head < 0xdc) at += length;
        else inside = head < 0xde ? length : length * 2;
      }
      at += following;
    }
    if (inside > 0) {
      if (open.length + 1 >= limits.messageDepthMax) refuseMessage(`${what}: nested too deep`);
      open.push(items);
      items = inside;
      pending += inside;
    }
    if (at + pending > end) refuseMessage(`${what}: cut short`);
  }
}
