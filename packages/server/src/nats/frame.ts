import { deflateRawSync, inflateRawSync } from "node:zlib";
import { assert, MurmurationError } from "@murmuration/index";
import { natsLimits } from "./nats-limits.js";

/** What one publication carries: whole messages, or a part of one that is too long for a publication. */
export type Frame =
  | { readonly kind: "messages"; readonly instance: bigint; readonly messages: readonly Uint8Array[] }
  | {
      readonly kind: "part";
      readonly instance: bigint;
      /** Numbers the long messages of a sender's process. */
      readonly message: number;
      readonly part: number;
      readonly parts: number;
      readonly bytes: Uint8Array;
    };

const VERSION = 1;
const MESSAGES = 1;
const PART = 2;
const DEFLATED_MESSAGES = 3;
/** One that is encrypted whole (`FrameSeal`): it is opened before it is decoded. */
export const SEALED_FRAME = 4;

// u8 version, u8 kind, u64 instance; then u32 length and bytes of each message, that deflated (RFC 1951), or u32 message, u32 part,
// u32 parts and bytes.
const HEAD_BYTES = 10;
const LENGTH_BYTES = 4;
const PART_HEAD_BYTES = HEAD_BYTES + 12;
/** The fastest: slower ones save a few bytes in a hundred more (bench wire). */
const DEFLATE_LEVEL = 1;

/** Bytes that a frame adds to messages that together have `messageBytes`. */
export function frameBytes(messageCount: number, messageBytes: number): number {
  return HEAD_BYTES + messageCount * LENGTH_BYTES + messageBytes;
}

function head(byteLength: number, kind: number, instance: bigint): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  view.setUint8(1, kind);
  view.setBigUint64(2, instance, true);
  return { bytes, view };
}

function encodeMessages(instance: bigint, messages: readonly Uint8Array[]): Uint8Array {
  const total = messages.reduce((sum, message) => sum + message.byteLength, 0);
  const { bytes, view } = head(frameBytes(messages.length, total), MESSAGES, instance);
  let at = HEAD_BYTES;
  for (const message of messages) {
    view.setUint32(at, message.byteLength, true);
    bytes.set(message, at + LENGTH_BYTES);
    at += LENGTH_BYTES + message.byteLength;
  }
  return bytes;
}

/** The same frame in fewer bytes where that pays: one operation by itself hardly gets smaller, several repeat each other's names. */
function deflated(frame: Uint8Array, instance: bigint): Uint8Array {
  if (frame.byteLength < natsLimits.deflateBytesMin) return frame;
  const content = deflateRawSync(frame.subarray(HEAD_BYTES), { level: DEFLATE_LEVEL });
  const { bytes } = head(HEAD_BYTES + content.byteLength, DEFLATED_MESSAGES, instance);
  if (bytes.byteLength > frame.byteLength * natsLimits.deflateShareMax) return frame;
  bytes.set(content, HEAD_BYTES);
  return bytes;
}

function inflated(bytes: Uint8Array): Uint8Array {
  try {
    const content = inflateRawSync(bytes, { maxOutputLength: natsLimits.frameBytesMax });
    // a Buffer's slices are no copies
    return new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
  } catch (error) {
    return refuse(`cannot be inflated: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * Frames of at most `bytesMax` bytes that carry the messages: one frame for all of them, or the parts of a single message that is
 * longer than a frame. `nextMessage` numbers it.
 */
export function encodeFrames(
  instance: bigint,
  messages: readonly Uint8Array[],
  bytesMax: number,
  nextMessage: () => number,
): Uint8Array[] {
  const total = messages.reduce((sum, message) => sum + message.byteLength, 0);
  assert(messages.length <= natsLimits.frameMessagesMax, "a frame holds no more messages than its receiver takes");
  assert(
    messages.every(({ byteLength }) => byteLength > 0),
    "a message has bytes",
  );
  if (frameBytes(messages.length, total) <= bytesMax) return [deflated(encodeMessages(instance, messages), instance)];
  const [whole] = messages;
  assert(whole !== undefined && messages.length === 1, "only a message alone is longer than a frame");
  const partBytes = bytesMax - PART_HEAD_BYTES;
  assert(partBytes > 0, "a frame holds more than its head");
  const message = nextMessage();
  const parts = Math.ceil(whole.byteLength / partBytes);
  return Array.from({ length: parts }, (_, part) => {
    const content = whole.subarray(part * partBytes, (part + 1) * partBytes);
    const { bytes, view } = head(PART_HEAD_BYTES + content.byteLength, PART, instance);
    view.setUint32(HEAD_BYTES, message, true);
    view.setUint32(HEAD_BYTES + 4, part, true);
    view.setUint32(HEAD_BYTES + 8, parts, true);
    bytes.set(content, PART_HEAD_BYTES);
    return bytes;
  });
}

function refuse(why: string): never {
  throw new MurmurationError("corrupt", `frame: ${why}`);
}

/** The messages of a frame behind its head; views of `bytes`. At least one. */
function messagesIn(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const messages: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    if (at + LENGTH_BYTES > bytes.byteLength) refuse("cut short");
    const length = view.getUint32(at, true);
    const end = at + LENGTH_BYTES + length;
    if (end > bytes.byteLength) refuse("cut short");
    if (length === 0) refuse("a message is empty");
    if (messages.length >= natsLimits.frameMessagesMax) refuse(`over ${natsLimits.frameMessagesMax} messages`);
    messages.push(bytes.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  if (messages.length === 0) refuse("no message");
  return messages;
}

/**
 * The frame of bytes made by `encodeFrames`; its messages are views of `bytes` or of what it inflates to, which is bounded, as is their
 * number. Throws `corrupt` for anything else. What the messages hold is checked by whoever takes them.
 */
export function decodeFrame(bytes: Uint8Array): Frame {
  if (bytes.byteLength < HEAD_BYTES) refuse("cut short");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(0) !== VERSION) refuse(`format version ${view.getUint8(0)} is not known`);
  const kind = view.getUint8(1);
  const instance = view.getBigUint64(2, true);
  const content = bytes.subarray(HEAD_BYTES);
  if (kind === MESSAGES) return { kind: "messages", instance, messages: messagesIn(content) };
  if (kind === DEFLATED_MESSAGES) return { kind: "messages", instance, messages: messagesIn(inflated(content)) };
  if (kind !== PART) refuse(`kind ${kind} is not known`);
  if (bytes.byteLength <= PART_HEAD_BYTES) refuse("a part is empty");
  const message = view.getUint32(HEAD_BYTES, true);
  const part = view.getUint32(HEAD_BYTES + 4, true);
  const parts = view.getUint32(HEAD_BYTES + 8, true);
  if (part >= parts || parts > natsLimits.partsMax) refuse(`part ${part} of ${parts}`);
  return { kind: "part", instance, message, part, parts, bytes: bytes.subarray(PART_HEAD_BYTES) };
}

/** Which process a frame is from, without unpacking it; `undefined`: it is none. */
export function instanceOf(bytes: Uint8Array): bigint | undefined {
  if (bytes.byteLength < HEAD_BYTES) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(2, true);
}
