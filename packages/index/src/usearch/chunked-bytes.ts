import { MurmurationError } from "../errors.js";

/** Little-endian reads at any offset of a file that is held in pieces. Reading past its end throws `corrupt`. */
export class ChunkedBytes {
  readonly length: number;
  readonly #chunks: readonly Uint8Array[];
  /** Offset at which each chunk begins. */
  readonly #starts: readonly number[];
  readonly #word = new DataView(new ArrayBuffer(8));
  #last = 0;

  constructor(chunks: readonly Uint8Array[]) {
    this.#chunks = chunks.filter((chunk) => chunk.length > 0);
    let length = 0;
    this.#starts = this.#chunks.map((chunk) => {
      const start = length;
      length += chunk.length;
      return start;
    });
    this.length = length;
  }

  /** Throws `corrupt` unless `bytes` bytes stand at `offset`. */
  require(offset: number, bytes: number): void {
    if (offset >= 0 && bytes >= 0 && offset + bytes <= this.length) return;
    throw new MurmurationError(
      "corrupt",
      `the usearch file ends early: it has ${this.length} bytes, and what it says of itself needs those to ${offset + bytes}`,
    );
  }

  /** Fill `target` with the bytes from `offset` on. */
  copy(offset: number, target: Uint8Array): void {
    this.require(offset, target.length);
    for (let done = 0; done < target.length; ) {
      const at = this.#chunkAt(offset + done);
      const from = offset + done - (this.#starts[at] as number);
      const part = (this.#chunks[at] as Uint8Array).subarray(from, from + target.length - done);
      target.set(part, done);
      done += part.length;
    }
  }

  u8(offset: number): number {
    return this.#read(offset, 1).getUint8(0);
  }

  u16(offset: number): number {
    return this.#read(offset, 2).getUint16(0, true);
  }

  i16(offset: number): number {
    return this.#read(offset, 2).getInt16(0, true);
  }

  u32(offset: number): number {
    return this.#read(offset, 4).getUint32(0, true);
  }

  u64(offset: number): bigint {
    return this.#read(offset, 8).getBigUint64(0, true);
  }

  /** A u64 that counts something: throws `corrupt` when it is above `max`. */
  count(offset: number, max: number): number {
    const value = this.u64(offset);
    if (value <= BigInt(max)) return Number(value);
    throw new MurmurationError("corrupt", `the usearch file counts ${value} where at most ${max} fit`);
  }

  #read(offset: number, bytes: number): DataView {
    this.copy(offset, new Uint8Array(this.#word.buffer, 0, bytes));
    return this.#word;
  }

  /** Index of the chunk that holds the byte at an offset within the file. */
  #chunkAt(offset: number): number {
    const starts = this.#starts;
    let at = this.#last;
    if (offset < (starts[at] as number) || offset >= (starts[at + 1] ?? this.length)) {
      let end = starts.length;
      for (at = 0; end - at > 1; ) {
        const middle = (at + end) >> 1;
        if ((starts[middle] as number) <= offset) at = middle;
        else end = middle;
      }
      this.#last = at;
    }
    return at;
  }
}
