import { MurmurationError } from "../errors.js";
import type { NodeDot } from "./graph-reader.js";

// What both packed forms share (docs/graph-delta.md): LEB128 numbers, and dots by a table of origins and differences of sequences.

const ORIGINS_MAX = 1024;
export const ORIGIN_END = 2 ** 24;
export const SEQUENCE_END = 2 ** 40;
/** Above every number of the format: a doubled zigzag of the difference of two sequences. */
const NUMBER_END = 2 ** 43;

function unzigzag(code: number): number {
  return code % 2 === 0 ? code / 2 : -(code + 1) / 2;
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

/** Refuses bytes that are no delta. */
export function refuseDelta(reason: string): never {
  throw new MurmurationError("corrupt", `the graph delta is malformed: ${reason}`);
}

/** Reads a packed delta from its start. Everything throws `corrupt` where the bytes are not what they should be. */
export class PackedReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #origins: number[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Reads format and origin table; `implied` origins stand before those that are listed. */
  head(format: number, implied: readonly number[]): void {
    if (this.#byte() !== format) refuseDelta("its format is unknown");
    const listed = this.count();
    if (implied.length + listed > ORIGINS_MAX) refuseDelta("it names too many origins");
    this.#origins = [...implied];
    for (let i = 0; i < listed; i++) this.#origins.push(this.#byte() | (this.#byte() << 8) | (this.#byte() << 16));
  }

  number(): number {
    let value = 0;
    for (let unit = 1; unit < NUMBER_END; unit *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * unit;
      if (value >= NUMBER_END) break;
      if (byte < 128) return value;
    }
    return refuseDelta("a number is too large");
  }

  signed(): number {
    return unzigzag(this.number());
  }

  /** A number of things that have at least one byte each. */
  count(): number {
    return this.fits(this.number());
  }

  /** The same count, of things that have at least one byte each. */
  fits(count: number): number {
    return count <= this.#bytes.length - this.#at ? count : refuseDelta("it ends early");
  }

  origin(): number {
    return this.#origins[this.number()] ?? refuseDelta("an origin is not in its table");
  }

  /** A dot by its difference to another one. */
  relative(base: NodeDot): NodeDot {
    const code = this.number();
    const sequence = base.sequence + unzigzag(Math.floor(code / 2));
    if (sequence < 0 || sequence >= SEQUENCE_END) refuseDelta("a sequence is out of range");
    return { origin: code % 2 === 1 ? this.origin() : base.origin, sequence };
  }

  end(): void {
    if (this.#at !== this.#bytes.length) refuseDelta("bytes follow its end");
  }

  #byte(): number {
    return this.#bytes[this.#at++] ?? refuseDelta("it ends early");
  }
}

/** Writes a packed delta; origins are numbered as the body meets them, as the engine does, so that equal deltas have equal bytes. */
export class PackedWriter {
  readonly #implied: number;
  readonly #origins: number[];
  readonly #body: number[] = [];

  /** `implied` origins are numbered first and not listed. */
  constructor(implied: readonly number[]) {
    this.#implied = implied.length;
    this.#origins = [...implied];
  }

  number(value: number): void {
    putNumber(this.#body, value);
  }

  signed(value: number): void {
    this.number(zigzag(value));
  }

  origin(origin: number): void {
    const known = this.#origins.indexOf(origin);
    this.number(known >= 0 ? known : this.#origins.push(origin) - 1);
  }

  /** A dot by its difference to another one. */
  relative(dot: NodeDot, base: NodeDot): void {
    const foreign = dot.origin !== base.origin;
    this.number(zigzag(dot.sequence - base.sequence) * 2 + (foreign ? 1 : 0));
    if (foreign) this.origin(dot.origin);
  }

  finish(format: number): Uint8Array {
    const head = [format];
    const listed = this.#origins.slice(this.#implied);
    putNumber(head, listed.length);
    for (const origin of listed) head.push(origin & 255, (origin >> 8) & 255, origin >> 16);
    const bytes = new Uint8Array(head.length + this.#body.length);
    bytes.set(head);
    bytes.set(this.#body, head.length);
    return bytes;
  }
}

function putNumber(to: number[], value: number): void {
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) to.push((rest % 128) + 128);
  to.push(rest);
}
