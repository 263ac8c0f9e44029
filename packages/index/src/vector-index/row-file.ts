/**
 * Port: a file for the f32 rows of one graph, read and written by place: always whole records, all of `recordBytes`, from the beginning of one on. This package does no I/O. Every
 * method throws `storage` where the medium fails.
 */
export interface RowFile {
  /** Fill `target` with what stands from byte `at` on; returns how many bytes there are: fewer at the end of the file. */
  read(target: Uint8Array, at: number, recordBytes: number): number;
  /** Write bytes at a place, which others see who read it from now on. */
  write(bytes: Uint8Array, at: number, recordBytes: number): void;
  /** What was written is there after a loss of power, too. */
  flush(): void;
}

/** What reads from such a file need. */
export type RowFileReader = Pick<RowFile, "read">;

/** Where a graph keeps its rows, given by its writer's host. */
export interface RowStore {
  /** Says which file it is, for those who open it themselves: readers in other threads, and the next start. */
  readonly name: string;
  readonly file: RowFile;
  /** A vector whose row is damaged or lost, by the dot of its node, from elsewhere; `undefined`: it is not to be had. */
  readonly lost?: (dot: { readonly origin: number; readonly sequence: number }) => Float32Array | undefined;
}

/** A file in memory: for tests and for simulated disks. */
export class MemoryRowFile implements RowFile {
  #bytes = new Uint8Array(0);

  read(target: Uint8Array, at: number): number {
    const there = this.#bytes.subarray(at, at + target.length);
    target.set(there);
    return there.length;
  }

  write(bytes: Uint8Array, at: number): void {
    const end = at + bytes.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, at);
  }

  flush(): void {}
}
