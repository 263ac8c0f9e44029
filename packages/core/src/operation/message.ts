import { Decoder, Encoder, type ExtensionCodecType } from "@msgpack/msgpack";
import { assert } from "@murmuration/index";
import { refuseMessage } from "./field-reader.js";

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

/** The fields as one msgpack array. Equal fields give equal bytes. */
export function encodeMessage(fields: readonly unknown[]): Uint8Array {
  return encoder.encode(fields);
}

/** The value of a message. Binaries in it are views of `bytes`. Throws `corrupt` when it is not exactly one msgpack value. */
export function decodeMessage(bytes: Uint8Array, what: string): unknown {
  // A Buffer would make every binary in it a Buffer.
  const isPlain = Object.getPrototypeOf(bytes) === Uint8Array.prototype;
  const plain = isPlain ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return decoderFor(plain.byteLength).decode(plain);
  } catch (cause) {
    return refuseMessage(`${what}: cannot be decoded`, cause);
  }
}
