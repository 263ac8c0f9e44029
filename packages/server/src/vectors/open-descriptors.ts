import { closeSync, openSync } from "node:fs";

/** Files that a thread has open at a time. */
const OPEN_MAX = 64;

/**
 * Descriptors of files that one thread reads and writes by place, by path: those used last stay open. As every use is over when it returns, any of
 * them may be closed in between.
 */
export class OpenDescriptors {
  readonly #flags: "r" | "r+";
  readonly #max: number;
  /** The one used last is last. */
  readonly #open = new Map<string, number>();

  constructor(flags: "r" | "r+", max = OPEN_MAX) {
    this.#flags = flags;
    this.#max = max;
  }

  /** The descriptor of a file, good until the next call. Throws what the file system throws. */
  of(path: string): number {
    const known = this.#open.get(path);
    if (known !== undefined && this.#open.size < this.#max / 2) return known;
    this.#open.delete(path);
    const descriptor = known ?? openSync(path, this.#flags);
    this.#open.set(path, descriptor);
    const [oldest] = this.#open;
    if (this.#open.size > this.#max && oldest !== undefined) this.close(oldest[0]);
    return descriptor;
  }

  /** It is opened again by the next use. */
  close(path: string): void {
    const descriptor = this.#open.get(path);
    this.#open.delete(path);
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
