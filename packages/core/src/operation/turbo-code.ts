import { refuseMessage } from "./refuse-message.js";

/**
 * Four bits for each dimension of a vector that was rotated first: a rotation spreads what a vector has over all of its coordinates, so that one step
 * fits them all (the idea of TurboQuant: Zandieh et al., 2025; of RaBitQ: Gao and Long, 2024). The rotation is made of signs and Walsh-Hadamard transforms and depends on the number of
 * dimensions alone: there is no codebook to agree on, and the code of a vector is a pure function of it. Sums, products and square roots alone are taken, all in
 * float64, whose last bits are the same on every machine.
 *
 * The bytes: the step as f32 little-endian, negative where the largest coordinate is positive, so that this one has the code −8; then two codes a byte,
 * −8 to 7, the first in the low half; and a byte that is 1 where the number of dimensions is odd. What was decoded is encoded to the same bytes: the step has 12 significant bits, and what f32 rounds
 * off is less than a 4,000th of it.
 */

const STEP_BYTES = 4;
const CODE_MIN = -8;
const CODE_MAX = 7;
const ROUNDS = 2;
/** Smaller steps are none: below, f32 has too few bits for what is decoded. */
const STEP_MIN = 2 ** -100;
/** Bits that a step keeps of the 53 of a float64. */
const STEP_SPLIT = 2 ** 41 + 1;

/** Finaliser of murmur3 (Appleby): is the sign of a coordinate changed in a round? */
function isFlipped(round: number, at: number): boolean {
  let hash = (at + 1 + Math.imul(round + 1, 0x9e3779b1)) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) & 1) === 1;
}

const signs = new Map<number, Float64Array>();

/** 1 or −1 for each coordinate, round after round. */
function signsOf(dimensions: number): Float64Array {
  const known = signs.get(dimensions);
  if (known !== undefined) return known;
  const made = Float64Array.from({ length: ROUNDS * dimensions }, (_, i) => {
    return isFlipped(Math.floor(i / dimensions), i % dimensions) ? -1 : 1;
  });
  if (signs.size >= SIGNS_KEPT) signs.clear();
  signs.set(dimensions, made);
  return made;
}
/** Numbers of dimensions whose signs are kept. */
const SIGNS_KEPT = 64;

/** The Walsh-Hadamard transform of `size` values from a place on, of unit length: its own inverse. */
function transform(values: Float64Array, from: number, size: number): void {
  for (let half = 1; half < size; half *= 2) {
    for (let start = from; start < from + size; start += 2 * half) {
      for (let i = start; i < start + half; i++) {
        const [a, b] = [values[i] as number, values[i + half] as number];
        values[i] = a + b;
        values[i + half] = a - b;
      }
    }
  }
  const root = Math.sqrt(size);
  for (let i = from; i < from + size; i++) values[i] = (values[i] as number) / root;
}

function flip(values: Float64Array, round: number): void {
  const all = signsOf(values.length);
  const from = round * values.length;
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * (all[from + i] as number);
}

/** Largest power of two that is not larger. */
function blockOf(dimensions: number): number {
  return 2 ** (31 - Math.clz32(dimensions));
}

/** Two blocks of a power of two cover all coordinates, from both ends. */
function rotate(values: Float64Array): void {
  const size = blockOf(values.length);
  for (let round = 0; round < ROUNDS; round++) {
    flip(values, round);
    transform(values, 0, size);
    if (size < values.length) transform(values, values.length - size, size);
  }
}

function rotateBack(values: Float64Array): void {
  const size = blockOf(values.length);
  for (let round = ROUNDS - 1; round >= 0; round--) {
    if (size < values.length) transform(values, values.length - size, size);
    transform(values, 0, size);
    flip(values, round);
  }
}

/** Rounded to 12 significant bits (Dekker's splitting). */
function stepNear(value: number): number {
  const wide = value * STEP_SPLIT;
  return wide - (wide - value);
}

/** Bytes of a vector of so many dimensions. */
function turboBytes(dimensions: number): number {
  return STEP_BYTES + Math.ceil(dimensions / 2) + 1;
}

/** The code of a vector. */
export function encodeTurbo(vector: Float32Array): Uint8Array {
  const bytes = new Uint8Array(turboBytes(vector.length));
  const values = Float64Array.from(vector);
  rotate(values);
  let most = 0;
  for (const value of values) if (Math.abs(value) > Math.abs(most)) most = value;
  const step = stepNear(most / CODE_MIN);
  bytes[bytes.length - 1] = vector.length % 2;
  if (!(Math.abs(step) >= STEP_MIN)) return bytes;
  new DataView(bytes.buffer).setFloat32(0, step, true);
  for (let i = 0; i < values.length; i++) {
    const code = Math.max(CODE_MIN, Math.min(CODE_MAX, Math.round((values[i] as number) / step)));
    const at = STEP_BYTES + (i >>> 1);
    bytes[at] = (bytes[at] as number) | ((code & 15) << (4 * (i & 1)));
  }
  return bytes;
}

/** The vector that a code stands for. Throws `corrupt` for bytes that are no code. */
export function decodeTurbo(bytes: Uint8Array, what: string): Float32Array {
  const odd = bytes[bytes.length - 1] as number;
  const codes = bytes.length - STEP_BYTES - 1;
  if (codes < 1 || odd > 1) refuseMessage(`${what}: not turbo4 values`);
  const values = new Float64Array(2 * codes - odd);
  const step = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat32(0, true);
  const isStep = step === 0 ? !Object.is(step, -0) : Math.abs(step) >= STEP_MIN && stepNear(step) === step;
  if (!isStep) refuseMessage(`${what}: not a step of turbo4 values`);
  let least = 0;
  for (let i = 0; i < 2 * codes; i++) {
    const nibble = ((bytes[STEP_BYTES + (i >>> 1)] as number) >>> (4 * (i & 1))) & 15;
    const code = nibble > CODE_MAX ? nibble - 16 : nibble;
    least = Math.min(least, code);
    if (i < values.length) values[i] = code * step;
    else if (code !== 0) refuseMessage(`${what}: turbo4 values behind the last one`);
    if (step === 0 && code !== 0) refuseMessage(`${what}: turbo4 values without a step`);
  }
  if (step !== 0 && least !== CODE_MIN) refuseMessage(`${what}: turbo4 values of another step`);
  rotateBack(values);
  // adding 0 makes a 0 of −0
  return Float32Array.from(values, (value) => Math.fround(value) + 0);
}
