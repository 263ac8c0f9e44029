import { type Payload, parsePayload } from "@murmuration/index";
import { withValueAt } from "./message.js";

/** Where a payload stands in the bytes of an operation: from `start` up to `end`. */
export interface PayloadSpan {
  readonly start: number;
  readonly end: number;
}

const noPayload: Payload = {};

/** The bytes of an operation without its payload. */
export function withoutPayload(bytes: Uint8Array, { start, end }: PayloadSpan): Uint8Array {
  const rest = new Uint8Array(bytes.byteLength - (end - start));
  rest.set(bytes.subarray(0, start));
  rest.set(bytes.subarray(end), start);
  return rest;
}

/**
 * The bytes of an operation, to the byte, from those without its payload and the text that the payload is kept as (`printPayload`). `undefined` puts an
 * empty payload there. Throws `corrupt` for what is no such text.
 */
export function withPayload(rest: Uint8Array, at: number, text: Uint8Array | undefined): Uint8Array {
  return withValueAt(rest, at, text === undefined ? noPayload : parsePayload(text));
}
