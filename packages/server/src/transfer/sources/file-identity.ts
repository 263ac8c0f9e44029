import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { resolve } from "node:path";
import { MurmurationError } from "@murmuration/index";

const HEAD_BYTES = 65_536;

/** A file that is read in pieces. */
export interface OpenFile {
  readonly path: string;
  readonly bytes: number;
  /** What tells it from any other, and from what it was before somebody changed it. */
  readonly identity: unknown;
  /** `length` bytes from `at` on. Throws `corrupt` where it ends before. */
  read(at: number, length: number): Buffer;
  close(): void;
}

/** Refuses to go on in a file in which what was read before does not stand any more. */
export function otherThanBefore(path: string): MurmurationError {
  return new MurmurationError("conflict", `${path} is another file than before: begin again with --restart`);
}

/** Throws `not-found` where there is no such file, or it cannot be read. */
export function openFile(path: string): OpenFile {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw new MurmurationError("not-found", `${path} cannot be read: ${(error as Error).message}`);
  }
  const { size, mtimeMs, isDirectory } = statOf(file);
  if (isDirectory) {
    closeSync(file);
    throw new MurmurationError("bad-request", `${path} is a folder`);
  }
  const read = (at: number, length: number): Buffer => {
    const bytes = Buffer.alloc(length);
    let done = 0;
    while (done < length) {
      const got = readSync(file, bytes, done, length - done, at + done);
      if (got === 0) throw new MurmurationError("corrupt", `${path} ends at byte ${at + done}, within a row`);
      done += got;
    }
    return bytes;
  };
  let first: Buffer;
  try {
    first = read(0, Math.min(size, HEAD_BYTES));
  } catch (error) {
    closeSync(file);
    throw error;
  }
  const head = createHash("sha256").update(first).digest("hex");
  const identity = { file: resolve(path), bytes: size, changed_ms: Math.round(mtimeMs), head };
  return { path, bytes: size, identity, read, close: () => closeSync(file) };
}

function statOf(file: number) {
  const stat = fstatSync(file);
  return { size: stat.size, mtimeMs: stat.mtimeMs, isDirectory: stat.isDirectory() };
}
