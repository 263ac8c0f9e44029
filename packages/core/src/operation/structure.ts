import { isUtf8 } from "node:buffer";
import { limits } from "../limits.js";
import { refuseMessage } from "./refuse-message.js";

/** Bytes that follow the first byte of a value, 0xc0 to 0xdf: its size, or the length of its length. −1: not accepted. */
const FOLLOWING = [
  0, -1, 0, 0, 1, 2, 4, -1, -1, -1, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, -1, -1, -1, -1, -1, 1, 2, 4, 2, 4, 2, 4,
] as const;

/** Where a text stands in a message. */
export interface TextPlace {
  /** Of its first byte, which says that it is a text. */
  readonly headAt: number;
  readonly textAt: number;
  readonly end: number;
}

const noPlaces: readonly TextPlace[] = [];

/** A text of more bytes is looked at by the runtime, which costs a call. */
const SHORT_TEXT = 32;

function isText(bytes: Uint8Array, from: number, end: number): boolean {
  let at = from;
  if (end - from <= SHORT_TEXT) while (at < end && (bytes[at] as number) < 0x80) at += 1;
  return at === end || isUtf8(bytes.subarray(at, end));
}

function beginsWithMark(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf;
}

/** Where the value ends that begins at `at`, in bytes that `checkStructure` has passed. */
export function endOfValue(bytes: Uint8Array, at: number): number {
  let end = at;
  for (let items = 1; items > 0; items -= 1) {
    const head = bytes[end] as number;
    end += 1;
    if (head >= 0x80 && head < 0xa0) items += head < 0x90 ? (head & 15) * 2 : head & 15;
    else if (head >= 0xa0 && head < 0xc0) end += head & 31;
    else if (head >= 0xc0 && head < 0xe0) {
      const following = FOLLOWING[head - 0xc0] as number;
      if (head >= 0xd9 || (head >= 0xc4 && head <= 0xc6)) {
        let length = 0;
        for (let i = 0; i < following; i += 1) length = length * 256 + (bytes[end + i] as number);
        if (head >= 0xdc) items += head < 0xde ? length : length * 2;
        else end += length;
      }
      end += following;
    }
  }
  return end;
}

/**
 * Walks a msgpack value of an untrusted sender without building anything. Throws `corrupt` unless it is exactly one value, nested no
 * deeper than our writers nest, in which no list claims more items than there are bytes left (a decoder reserves memory for what a list
 * claims, and a few kilobytes of lists nested in lists can claim gigabytes) and every text is UTF-8. Extensions are refused as well.
 * Returns the texts that begin with a byte order mark.
 */
export function checkStructure(bytes: Uint8Array, what: string): readonly TextPlace[] {
  const end = bytes.byteLength;
  let marked: TextPlace[] | undefined;
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
        return marked ?? noPlaces;
      }
      items = outer;
    }
    if (at >= end) refuseMessage(`${what}: cut short`);
    items -= 1;
    pending -= 1;
    const headAt = at;
    const head = bytes[at++] as number;
    let inside = 0;
    /** Bytes of a text; of no text −1. */
    let text = -1;
    if (head >= 0x80 && head < 0xa0) inside = head < 0x90 ? (head & 15) * 2 : head & 15;
    else if (head >= 0xa0 && head < 0xc0) text = head & 31;
    else if (head >= 0xc0 && head < 0xe0) {
      const following = FOLLOWING[head - 0xc0] as number;
      if (following < 0) refuseMessage(`${what}: cannot be decoded`);
      if (at + following > end) refuseMessage(`${what}: cut short`);
      if (head >= 0xd9 || (head >= 0xc4 && head <= 0xc6)) {
        let length = 0;
        for (let i = 0; i < following; i += 1) length = length * 256 + (bytes[at + i] as number);
        if (head >= 0xdc) inside = head < 0xde ? length : length * 2;
        else if (head >= 0xd9) text = length;
        else at += length;
      }
      at += following;
    }
    if (text >= 0) {
      const textAt = at;
      at += text;
      if (at > end) refuseMessage(`${what}: cut short`);
      if (!isText(bytes, textAt, at)) refuseMessage(`${what}: a text is not UTF-8`);
      if (beginsWithMark(bytes, textAt)) (marked ??= []).push({ headAt, textAt, end: at });
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
