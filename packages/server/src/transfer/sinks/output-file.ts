import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { MurmurationError } from "@murmuration/index";

const STDOUT = 1;

/** A file that has its name when it is whole, or the standard output. */
export class OutputFile {
  readonly path: string;
  readonly #unfinished: string;
  readonly #file: number;
  #isOpen = true;
  bytes = 0;

  /** Throws `bad-request` where it cannot be written. */
  constructor(path: string) {
    this.path = path;
    this.#unfinished = `${path}.unfinished`;
    try {
      this.#file = path === "-" ? STDOUT : openSync(this.#unfinished, "w", 0o600);
    } catch (error) {
      throw new MurmurationError("bad-request", `${path} cannot be written: ${(error as Error).message}`);
    }
  }

  write(data: string | Uint8Array): void {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    for (let at = 0; at < bytes.length; ) {
      try {
        at += writeSync(this.#file, bytes, at);
      } catch (error) {
        // a pipe that is full
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      }
    }
    this.bytes += bytes.length;
  }

  /** Writes over what stands there already. */
  overwrite(data: Uint8Array, at: number): void {
    for (let done = 0; done < data.length; ) done += writeSync(this.#file, data, done, data.length - done, at + done);
  }

  end(): void {
    if (this.#file === STDOUT) return;
    fsyncSync(this.#file);
    this.#close();
    renameSync(this.#unfinished, this.path);
  }

  abandon(): void {
    if (this.#file === STDOUT) return;
    this.#close();
    rmSync(this.#unfinished, { force: true });
  }

  /** Once: its number may be another file's afterwards. */
  #close(): void {
    if (this.#isOpen) closeSync(this.#file);
    this.#isOpen = false;
  }
}
