import { assert, MurmurationError } from "@murmuration/index";
import { getFloat16, setFloat16 } from "@petamoriken/float16";
import { isPlanted } from "../planted.js";
import { refuseMessage } from "./refuse-message.js";
import { decodeTurbo, encodeTurbo } from "./turbo-code.js";

/**
 * How the vectors of a space travel and are kept in the log. What is lost is lost at the origin, before the graph is planned: the
 * *canonical vector* is `decode(encode(vector))`, so that every replica compares the same numbers.
 */
export const vectorEncodings = ["f32", "f16", "sq8", "u8", "turbo4"] as const;
export type VectorEncoding = (typeof vectorEncodings)[number];

/** Do only readers of a later operation format than the oldest know it? */
export function isLaterEncoding(encoding: VectorEncoding | undefined): boolean {
  return encoding === "u8" || encoding === "turbo4";
}

/** An encoding of vectors as bytes. `encode(decode(bytes))` gives the same bytes. */
interface Format {
  /** Names the encoding in an operation; never given to another, and below 16. 3 to 5 are kept free for sq4, pq and differences. */
  readonly number: number;
  encode(vector: Float32Array): Uint8Array;
  /** Throws `corrupt` for a size that no vector has, and for values that are not finite. */
  decode(bytes: Uint8Array, what: string): Float32Array;
}

/** Nothing times infinity or NaN is NaN; a call for each value would cost ten times as much. */
function allFinite(vector: Float32Array): boolean {
  let nothing = 0;
  for (let i = 0; i < vector.length; i++) nothing += (vector[i] as number) * 0;
  return nothing === 0 || isPlanted("takes-not-finite");
}

const SCALE_BYTES = 4;
const CODE_MAX = 127;

const f32: Format = {
  number: 0,
  encode: (vector) => new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength),
  decode: (bytes, what) => {
    if (bytes.byteLength === 0 || bytes.byteLength % 4 !== 0) refuseMessage(`${what}: not f32 values`);
    // The bytes stand anywhere in the message; a Float32Array must begin at a multiple of four.
    const vector = new Float32Array(bytes.slice().buffer);
    if (!allFinite(vector)) refuseMessage(`${what}: an f32 value is not finite`);
    return vector;
  },
};

/** IEEE 754 binary16, little-endian, rounded to nearest even. */
const f16: Format = {
  number: 1,
  encode: (vector) => {
    const bytes = new Uint8Array(2 * vector.length);
    const view = new DataView(bytes.buffer);
    for (const [i, value] of vector.entries()) setFloat16(view, 2 * i, value, true);
    return bytes;
  },
  decode: (bytes, what) => {
    if (bytes.byteLength === 0 || bytes.byteLength % 2 !== 0) refuseMessage(`${what}: not f16 values`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const vector = new Float32Array(bytes.byteLength / 2);
    for (let i = 0; i < vector.length; i++) vector[i] = getFloat16(view, 2 * i, true);
    if (!allFinite(vector)) refuseMessage(`${what}: an f16 value is not finite`);
    return vector;
  },
};

const scaleWord = new Uint32Array(1);
const scaleValue = new Float32Array(scaleWord.buffer);

/**
 * The step between two codes: a 127th of the largest value, cut to 16 significant bits. Every multiple of it up to 127 is then an exact
 * f32, so that encoding what was decoded finds the same step and the same codes.
 */
function stepOf(vector: Float32Array): number {
  let largest = 0;
  for (const value of vector) largest = Math.max(largest, Math.abs(value));
  scaleValue[0] = largest / CODE_MAX;
  scaleWord[0] = (scaleWord[0] as number) & 0xffffff00;
  return scaleValue[0] as number;
}

/** Scalar quantisation: the step as f32 little-endian, then a signed byte for each value. */
const sq8: Format = {
  number: 2,
  encode: (vector) => {
    const bytes = new Uint8Array(SCALE_BYTES + vector.length);
    const step = stepOf(vector);
    new DataView(bytes.buffer).setFloat32(0, step, true);
    const codes = new Int8Array(bytes.buffer, SCALE_BYTES);
    if (step === 0) return bytes;
    for (const [i, value] of vector.entries()) {
      codes[i] = Math.max(-CODE_MAX, Math.min(CODE_MAX, Math.round(value / step)));
    }
    return bytes;
  },
  decode: (bytes, what) => {
    if (bytes.byteLength <= SCALE_BYTES) refuseMessage(`${what}: not sq8 values`);
    const step = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat32(0, true);
    if (!Number.isFinite(Math.fround(step * CODE_MAX)) || step < 0) refuseMessage(`${what}: not a step of sq8 values`);
    const codes = new Int8Array(bytes.buffer, bytes.byteOffset + SCALE_BYTES, bytes.byteLength - SCALE_BYTES);
    // adding 0 makes a 0 of −0, which has no code
    return Float32Array.from(codes, (code) => code * step + 0);
  },
};

/** Whole numbers from 0 to 255: what is behind the point is cut off, and what is beyond them becomes the nearest. */
const u8: Format = {
  number: 6,
  encode: (vector) => Uint8Array.from(vector, (value) => Math.max(0, Math.min(255, Math.trunc(value)))),
  decode: (bytes, what) => {
    if (bytes.byteLength === 0) refuseMessage(`${what}: no u8 values`);
    return Float32Array.from(bytes);
  },
};

const turbo4: Format = {
  number: 7,
  encode: encodeTurbo,
  decode: (bytes, what) => {
    const vector = decodeTurbo(bytes, what);
    if (!allFinite(vector)) refuseMessage(`${what}: a turbo4 value is not finite`);
    return vector;
  },
};

const formats: { readonly [Name in VectorEncoding]: Format } = { f32, f16, sq8, u8, turbo4 };

const byNumber = new Map<number, VectorEncoding>(vectorEncodings.map((name) => [formats[name].number, name]));

/** The number that names an encoding in an operation. */
export function numberOfEncoding(encoding: VectorEncoding): number {
  return formats[encoding].number;
}

/** The encoding of a number. Throws `corrupt` for one that is not known. */
export function encodingOfNumber(number: unknown, what: string): VectorEncoding {
  return byNumber.get(number as number) ?? refuseMessage(`${what}: vector encoding ${String(number)} is not known`);
}

/** A canonical vector as bytes; for f32 a view of it. */
export function encodeVector(vector: Float32Array, encoding: VectorEncoding): Uint8Array {
  return formats[encoding].encode(vector);
}

/** The canonical vector of bytes made by `encodeVector`; a copy. Throws `corrupt` for anything else. */
export function decodeVector(bytes: Uint8Array, encoding: VectorEncoding, what: string): Float32Array {
  return formats[encoding].decode(bytes, what);
}

/** Throws `wrong-input` naming `field` for a vector with a value that the encoding cannot hold. */
export function requireEncodable(vector: Float32Array, encoding: VectorEncoding, field: string): void {
  if (encoding === "f16" && vector.some((value) => Math.abs(value) >= F16_OVERFLOWS)) {
    throw new MurmurationError("wrong-input", `${field}: a value is beyond ${F16_MAX}, the largest of float16`, field);
  }
  if (encoding === "turbo4" && vector.some((value) => Math.abs(value) > TURBO_MAX)) {
    throw new MurmurationError("wrong-input", `${field}: a value is beyond ${TURBO_MAX}, the largest of turbo4`, field);
  }
}

/** What a vector that is encodable is for every replica once it has travelled. */
export function throughEncoding(vector: Float32Array, encoding: VectorEncoding): Float32Array {
  if (encoding === "f32") return vector;
  const canonical = decodeVector(encodeVector(vector, encoding), encoding, "vector");
  assert(canonical.length === vector.length, "an encoding keeps the dimensions");
  return canonical;
}

/** The root of as many dimensions as there can be is 256: what is rotated stays far within float32. */
const TURBO_MAX = 1e35;
const F16_MAX = 65_504;
/** Half a step above the largest: from here on rounding gives infinity. */
const F16_OVERFLOWS = 65_520;
