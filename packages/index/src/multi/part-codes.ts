import { instantiate } from "../shared-memory.js";
import type { Meter, Sliced } from "../sliced.js";
import { SCRATCH_AT, SCRATCH_WORDS, slot } from "../sparse/sparse-layout.js";
import { type SparseMemory, wordsOfSlot } from "../sparse/sparse-memory.js";
import type { MultiVector } from "../vector/vector.js";
import { float32Max } from "../vector-index/search-types.js";
import type { MultiOptions } from "./multi-options.js";

/** The functions of assembly/multi/index.ts, with addresses in bytes. */
interface Kernels {
  encodeQuery: (
    from: number,
    dimensions: number,
    parts: number,
    to: number,
    bytes: number,
    work: number,
    size: number,
  ) => void;
  encodeGroups: Kernels["encodeQuery"];
  addNearest: (
    entries: number,
    count: number,
    out: number,
    query: number,
    from: number,
    to: number,
    bytes: number,
  ) => void;
  addLargest: (
    ...given: [...Parameters<Kernels["addNearest"]>, lengths: number, cosines: number, work: number]
  ) => void;
  addLeast: Kernels["addLargest"];
}

/** What the codes of a space's parts are like. */
export interface CodeShape {
  /** Bytes of a code. */
  readonly bytes: number;
  /** Numbers that are rotated. */
  readonly size: number;
  /** Lengths of parts stand beside their codes: they are compared by more than their angles. */
  readonly hasLengths: boolean;
}

/** In a block of codes, its first word names the block of their parts. */
export const CODES_AT = 1;
/** Parts with codes beside each other. */
const GROUP = 16;
/** Fewer dimensions are compared as quickly as codes are. */
const DIMENSIONS_MIN = 16;
/** Up to so many dimensions a code has 128 bits, beyond it 240: what differs is counted in a byte. */
const DIMENSIONS_OF_SHORT = 128;

/** Parts of a query that is compared by codes. */
export const codedPartsMax = 4_096;
/** Comparisons of two codes in one step of a meter, and in one call. */
const PAIRS_PER_STEP = 8;
const PAIRS_PER_CALL = 1 << 15;
const ENTRIES_PER_CALL = 256;

/** A thread's scratch, in bytes from its beginning. */
const scratch = {
  input: 0,
  work: 1 << 18,
  query: 1 << 19,
  lengths: 5 << 17,
  entries: 3 << 18,
  out: 7 << 17,
  cosines: 15 << 16,
  group: 31 << 15,
} as const;

/** What the codes of a space are like; `undefined`: it has none. */
export function codeShapeOf({ dimensions, metric }: MultiOptions): CodeShape | undefined {
  // angles say little of sums of differences
  if (dimensions < DIMENSIONS_MIN || metric === "manhattan") return undefined;
  const size = Math.max(DIMENSIONS_OF_SHORT, 2 ** (32 - Math.clz32(dimensions - 1)));
  return { bytes: size === DIMENSIONS_OF_SHORT ? 16 : 30, size, hasLengths: metric !== "cosine" };
}

/** Words that the codes of so many parts take. */
export function wordsOfCodes(shape: CodeShape, parts: number): number {
  return Math.ceil(parts / GROUP) * GROUP * (shape.bytes / 4 + (shape.hasLengths ? 1 : 0));
}

/**
 * cos(π · differing / bits), by a series of additions and products alone (to t^14): the same bits on every machine.
 */
function cosineOf(differing: number, bits: number): number {
  const half = Math.PI * (differing / bits - 0.5);
  const square = half * half;
  let [term, sum] = [half, half];
  for (let i = 2; i <= 14; i += 2) {
    term = (0 - term * square) / (i * (i + 1));
    sum += term;
  }
  return Math.fround(0 - sum);
}

/** A query as it is compared with codes. */
export interface CodedQuery {
  readonly parts: number;
  readonly codes: Uint8Array;
  readonly lengths: Float32Array;
}

/** Codes of the parts of multivectors in a memory, as one thread makes and compares them. */
export class PartCodes {
  readonly #memory: SparseMemory;
  readonly #shape: CodeShape;
  readonly #dimensions: number;
  readonly #isDistance: boolean;
  readonly #kernels: Kernels;
  readonly #u8: Uint8Array;
  /** Of this thread's scratch, in bytes. */
  readonly #scratch: number;
  readonly #cosines: Float32Array;

  constructor(memory: SparseMemory, { dimensions, metric }: MultiOptions, shape: CodeShape, thread: number) {
    this.#memory = memory;
    this.#shape = shape;
    this.#dimensions = dimensions;
    this.#isDistance = metric === "euclid";
    this.#kernels = instantiate("multi", memory.memory) as unknown as Kernels;
    this.#u8 = new Uint8Array(memory.memory.buffer);
    this.#scratch = 4 * (SCRATCH_AT + thread * SCRATCH_WORDS);
    const bits = 8 * shape.bytes;
    this.#cosines = Float32Array.from({ length: bits + 1 }, (_, differing) => cosineOf(differing, bits));
  }

  /** Writes the codes of the parts that begin at a word to where they are to stand. */
  write(block: number, count: number, to: number): void {
    const { bytes, size, hasLengths } = this.#shape;
    const parts = count / this.#dimensions;
    const codes = 4 * to;
    this.#kernels.encodeGroups(4 * block, this.#dimensions, parts, codes, bytes, this.#at("work"), size);
    if (!hasLengths) return;
    const { f32 } = this.#memory;
    const padded = Math.ceil(parts / GROUP) * GROUP;
    const lengths = (codes + padded * bytes) >>> 2;
    for (let i = 0; i < padded; i++) {
      const from = block + Math.min(i, parts - 1) * this.#dimensions;
      f32[lengths + i] = lengthOf(f32.subarray(from, from + this.#dimensions));
    }
  }

  /** Are these the codes of the parts that begin at a word, and the lengths beside them theirs? */
  areCodesOf(block: number, count: number, at: number): boolean {
    const { bytes, size, hasLengths } = this.#shape;
    const { f32 } = this.#memory;
    const to = this.#at("query");
    const parts = count / this.#dimensions;
    const lengths = at + (Math.ceil(parts / GROUP) * GROUP * bytes) / Float32Array.BYTES_PER_ELEMENT;
    for (let part = 0; part < parts; part++) {
      const from = block + part * this.#dimensions;
      this.#kernels.encodeQuery(4 * from, this.#dimensions, 1, to, bytes, this.#at("work"), size);
      const first = 4 * at + Math.floor(part / GROUP) * bytes * GROUP + (part % GROUP);
      for (let byte = 0; byte < bytes; byte++) if (this.#u8[first + byte * GROUP] !== this.#u8[to + byte]) return false;
      const own = f32.subarray(block + part * this.#dimensions, block + (part + 1) * this.#dimensions);
      if (hasLengths && f32[lengths + part] !== Math.fround(lengthOf(own))) return false;
    }
    return true;
  }

  /** A query, which has at most `codedPartsMax` parts. */
  *coded({ dimensions, values }: MultiVector, meter: Meter): Sliced<CodedQuery> {
    const { bytes, size } = this.#shape;
    const parts = values.length / dimensions;
    const codes = new Uint8Array(parts * bytes);
    const [input, to] = [this.#at("input"), this.#at("query")];
    for (let part = 0; part < parts; part++) {
      this.#memory.f32.set(values.subarray(part * dimensions, (part + 1) * dimensions), input >>> 2);
      this.#kernels.encodeQuery(input, dimensions, 1, to, bytes, this.#at("work"), size);
      codes.set(this.#u8.subarray(to, to + bytes), part * bytes);
      meter.steps += size;
      if (meter.isDue()) yield "pause";
    }
    const lengths = Float32Array.from({ length: parts }, (_, part) =>
      lengthOf(values.subarray(part * dimensions, (part + 1) * dimensions)),
    );
    return { parts, codes, lengths };
  }

  /**
   * How near the vectors at slots are by their codes, larger for nearer ones: into `scores`, by slot. What it is follows from query and vector alone, in
   * whatever order it is asked. The slots are held by a pin.
   */
  *estimate(query: CodedQuery, slots: ArrayLike<number>, scores: Float32Array, meter: Meter): Sliced<void> {
    const { u32 } = this.#memory;
    const taken: number[] = [];
    let pairs = 0;
    for (let i = 0; i < slots.length; i++) {
      const of = slots[i] as number;
      scores[of] = 0;
      taken.push(of);
      const parts = (u32[wordsOfSlot(of) + slot.count] as number) / this.#dimensions;
      pairs += parts * query.parts;
      meter.steps += 1;
      if (pairs < PAIRS_PER_CALL && taken.length < ENTRIES_PER_CALL && i + 1 < slots.length) continue;
      const stride = Math.max(1, Math.floor((PAIRS_PER_CALL * query.parts) / pairs));
      for (let from = 0; from < query.parts; from += stride) {
        const to = Math.min(query.parts, from + stride);
        this.#add(query, taken, scores, from, to);
        meter.steps += ((pairs / query.parts) * (to - from)) / PAIRS_PER_STEP;
        if (meter.isDue()) yield "pause";
      }
      taken.length = pairs = 0;
    }
  }

  /** Other searches of this thread may have used its scratch since the last call. */
  #add({ codes, lengths }: CodedQuery, slots: readonly number[], scores: Float32Array, from: number, to: number): void {
    const { u32, f32 } = this.#memory;
    const { bytes, hasLengths } = this.#shape;
    const [entries, out, query] = [this.#at("entries"), this.#at("out"), this.#at("query")];
    for (const [i, of] of slots.entries()) {
      const block = u32[wordsOfSlot(of) + slot.block] as number;
      const count = u32[wordsOfSlot(of) + slot.count] as number;
      u32[(entries >>> 2) + 2 * i] = 4 * (block + CODES_AT);
      u32[(entries >>> 2) + 2 * i + 1] = Math.ceil(count / this.#dimensions / GROUP);
      f32[(out >>> 2) + i] = scores[of] as number;
    }
    this.#u8.set(codes.subarray(from * bytes, to * bytes), query);
    const asked = [entries, slots.length, out, query, 0, to - from, bytes] as const;
    if (hasLengths) {
      const [own, cosines] = [this.#at("lengths"), this.#at("cosines")];
      f32.set(lengths.subarray(from, to), own >>> 2);
      f32.set(this.#cosines, cosines >>> 2);
      const add = this.#isDistance ? this.#kernels.addLeast : this.#kernels.addLargest;
      add(...asked, own, cosines, this.#at("group"));
    } else this.#kernels.addNearest(...asked);
    for (const [i, of] of slots.entries()) {
      const sum = f32[(out >>> 2) + i] as number;
      // of numbers beyond float32
      scores[of] = Number.isNaN(sum) ? (this.#isDistance ? -float32Max : 0) : sum;
    }
  }

  #at(part: keyof typeof scratch): number {
    return this.#scratch + scratch[part];
  }
}

function lengthOf(part: Float32Array): number {
  let squares = 0;
  for (const value of part) squares += value * value;
  return Math.min(float32Max, Math.sqrt(squares));
}
