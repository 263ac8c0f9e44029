import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { MurmurationError } from "@murmuration/index";

const STDOUT = 1;

/** Behind the name of an output that is not whole: the process that writes it, and something that is nobody else's. */
const unfinishedBehind = /^\.(\d+)-[0-9a-f]+\.unfinished$/;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** One that was written to since may be of a process that is alive in another container, where its number is another one. */
const SETTLED_MS = 60_000;

/** Removes what processes that were killed left of this output. */
function sweep(path: string): void {
  const [folder, name] = [dirname(path), basename(path)];
  for (const found of readdirSync(folder)) {
    const pid = found.startsWith(name) ? unfinishedBehind.exec(found.slice(name.length))?.[1] : undefined;
    if (pid === undefined || isAlive(Number(pid))) continue;
    const left = join(folder, found);
    const { mtimeMs } = statSync(left, { throwIfNoEntry: false }) ?? {};
    if (mtimeMs !== undefined && Date.now() - mtimeMs > SETTLED_MS) rmSync(left, { force: true });
  }
}

/** Pipes and devices keep their place: they are written to as they are. */
function isWrittenInPlace(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw new Error("it is a folder");
  return found !== undefined && !found.isFile();
}

/** A file that has its name when it is whole, or the standard output. Several may be written to one name at once: each is whole, and the last one stays. */
export class OutputFile {
  readonly path: string;
  /** `undefined`: it is written in its place. */
  readonly #unfinished: string | undefined;
  readonly #file: number;
  #isOpen = true;
  bytes = 0;

  /** Throws `bad-request` where it cannot be written. */
  constructor(path: string) {
    this.path = path;
    try {
      if (path === "-") this.#file = STDOUT;
      else if (isWrittenInPlace(path)) this.#file = openSync(path, "w");
      else {
        sweep(path);
        this.#unfinished = `${path}.${process.pid}-${randomBytes(4).toString("hex")}.unfinished`;
        this.#file = openSync(this.#unfinished, "wx", 0o600);
      }
    } catch (error) {
      throw new MurmurationError("bad-request", `${path} cannot be written: ${(error as Error).message}`);
    }
  }

  /** Where it throws, nothing is left. */
  write(data: string | Uint8Array): void {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    for (let at = 0; at < bytes.length; ) {
      try {
        at += writeSync(this.#file, bytes, at);
      } catch (error) {
        // a pipe that is full
        if ((error as NodeJS.ErrnoException).code === "EAGAIN") continue;
        this.abandon();
        throw error;
      }
    }
    this.bytes += bytes.length;
  }

  /** Writes over what stands there already. */
  overwrite(data: Uint8Array, at: number): void {
    for (let done = 0; done < data.length; ) done += writeSync(this.#file, data, done, data.length - done, at + done);
  }

  /** Makes it durable; it has no name yet. */
  finish(): void {
    if (!this.#isOpen || this.#file === STDOUT) return;
    if (this.#unfinished !== undefined) fsyncSync(this.#file);
    this.#close();
  }

  end(): void {
    this.finish();
    if (this.#unfinished !== undefined) renameSync(this.#unfinished, this.path);
  }

  abandon(): void {
    this.#close();
    if (this.#unfinished !== undefined) rmSync(this.#unfinished, { force: true });
  }

  /** Once: its number may be another file's afterwards. */
  #close(): void {
    if (this.#isOpen && this.#file !== STDOUT) closeSync(this.#file);
    this.#isOpen = false;
  }
}
