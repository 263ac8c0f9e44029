import { Decoder, Encoder, type ExtensionCodecType } from "@msgpack/msgpack";
import { assert } from "@murmuration/index";
import { isPlanted } from "../planted.js";
import { refuseMessage } from "./refuse-message.js";
import { checkStructure, type TextPlace } from "./structure.js";

assert(new Uint8Array(new Uint16Array([1]).buffer)[0] === 1, "vectors are logged as they lie in memory, little-endian");

const noExtensions: ExtensionCodecType<undefined> = {
  tryToEncode: () => null,
  decode: () => refuseMessage("the message holds an extension"),
} as ExtensionCodecType<undefined>;

/** `useBigInt64`: `bigint` travels as a 64-bit integer and comes back as one, every other number as a `number`. */
const encoder = new Encoder({ useBigInt64: true, extensionCodec: noExtensions, initialBufferSize: 65_536 });

/**
 * One decoder per power of two of the message length: no list in a message can have more items than the message has bytes,
 * and the decoder must not reserve memory for what a damaged length claims.
 */
const decoders: (Decoder<undefined> | undefined)[] = [];

function decoderFor(byteLength: number): Decoder<undefined> {
  const bits = 32 - Math.clz32(byteLength);
  const itemsMax = 2 ** bits;
  decoders[bits] ??= new Decoder({
    useBigInt64: true,
    extensionCodec: noExtensions,
    maxArrayLength: itemsMax,
    maxMapLength: itemsMax,
    maxStrLength: itemsMax,
    maxBinLength: itemsMax,
    maxExtLength: itemsMax,
  });
  return decoders[bits];
}

/** The decoder hands longer texts to a TextDecoder, which takes a byte order mark at their beginning for no part of them. */
const LOSES_MARK_FROM = 201;
const HEAD_BYTES = 5;
const TEXT_32 = 0xdb;
const MARK = Uint8Array.of(0xef, 0xbb, 0xbf);

/** The message with the mark at the beginning of each long text written twice: one is lost, one stays. */
function withMarksTwice(bytes: Uint8Array, texts: readonly TextPlace[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const { headAt, textAt, end } of texts) {
    const head = new Uint8Array(HEAD_BYTES);
    head[0] = TEXT_32;
    new DataView(head.buffer).setUint32(1, end - textAt + MARK.byteLength);
    parts.push(bytes.subarray(from, headAt), head, MARK);
    from = textAt;
  }
  parts.push(bytes.subarray(from));
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}

/** The fields as one msgpack array. Equal fields give equal bytes. Texts in them are well-formed. */
export function encodeMessage(fields: readonly unknown[]): Uint8Array {
  return encoder.encode(fields);
}

/** Bytes of a message with a value in between, as it stands in one. */
export function withValueAt(bytes: Uint8Array, at: number, value: object): Uint8Array {
  const encoded = encoder.encodeSharedRef(value);
  const whole = new Uint8Array(bytes.byteLength + encoded.byteLength);
  whole.set(bytes.subarray(0, at));
  whole.set(encoded, at);
  whole.set(bytes.subarray(at), at + encoded.byteLength);
  return whole;
}

/** Are these the bytes that `encodeMessage` makes of this value? */
export function isEncodingOf(bytes: Uint8Array, value: unknown): boolean {
  return Buffer.compare(encoder.encodeSharedRef(value), bytes) === 0;
}

/**
 * The value of a message. Binaries in it are views of `bytes`, or of a copy. Texts are to the byte what was written. Throws `corrupt`
 * when it is not exactly one msgpack value in which every text is UTF-8, whoever sent it (`checkStructure`).
 */
export function decodeMessage(bytes: Uint8Array, what: string): unknown {
  // A Buffer would make every binary in it a Buffer.
  const isPlain = Object.getPrototypeOf(bytes) === Uint8Array.prototype;
  const plain = isPlain ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const marked = checkStructure(plain, what);
  const long = marked.length === 0 ? marked : marked.filter(({ textAt, end }) => end - textAt >= LOSES_MARK_FROM);
  const exact = long.length === 0 || isPlanted("drops-marks") ? plain : withMarksTwice(plain, long);
  try {
    return decoderFor(exact.byteLength).decode(exact);
  } catch (cause) {
    return refuseMessage(`${what}: cannot be decoded`, cause);
  }
}
