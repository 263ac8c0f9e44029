import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { MurmurationError } from "@murmuration/index";
import { failureInWords } from "../engine/failure-in-words.js";

const CHUNK_BYTES = 4 * 1024 * 1024;

/** How long a file is, and its SHA-256 in hex. */
export interface Fingerprint {
  readonly bytes: number;
  readonly sha256: string;
}

/** The typed error for what the file system threw: `not-found` or `storage`. Errors of anyone else come back as they are. */
export function fileError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !("errno" in error)) return error;
  if ((error as NodeJS.ErrnoException).code === "ENOENT")
    return new MurmurationError("not-found", `${path}: there is no such file`, undefined, error);
  return new MurmurationError("storage", `${path}: ${failureInWords(error)}`, undefined, error);
}

/** Runs an action and passes errors of the file system on as typed ones. */
export function withFileErrors<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw fileError(error, path);
  }
}

function withOpenFile<T>(path: string, flags: "r" | "wx", action: (descriptor: number) => T): T {
  return withFileErrors(path, () => {
    const descriptor = openSync(path, flags);
    try {
      return action(descriptor);
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Has the operating system make a file, or the names in a folder, durable. */
export function flush(path: string): void {
  withOpenFile(path, "r", fsyncSync);
}

function* chunksOf(path: string, descriptor: number): Generator<Uint8Array> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (;;) {
    const length = withFileErrors(path, () => readSync(descriptor, chunk));
    if (length === 0) return;
    yield chunk.subarray(0, length);
  }
}

function fingerprintChunks(chunks: Iterable<Uint8Array>, pass: (chunk: Uint8Array) => void): Fingerprint {
  const hash = createHash("sha256");
  let bytes = 0;
  for (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
    pass(chunk);
  }
  return { bytes, sha256: hash.digest("hex") };
}

export function fingerprintOf(path: string): Fingerprint {
  return withOpenFile(path, "r", (descriptor) => fingerprintChunks(chunksOf(path, descriptor), () => undefined));
}

function writeAll(descriptor: number, chunk: Uint8Array): void {
  for (let at = 0; at < chunk.length; ) at += writeSync(descriptor, chunk, at);
}

/** Writes a new file and flushes it. */
export function writeNewFile(path: string, text: string): void {
  withOpenFile(path, "wx", (descriptor) => {
    writeAll(descriptor, Buffer.from(text));
    fsyncSync(descriptor);
  });
}

/** Copies into a new file and flushes it. Returns the fingerprint of what was read and written. */
export function copyToNewFile(from: string, to: string): Fingerprint {
  return withOpenFile(from, "r", (source) =>
    withOpenFile(to, "wx", (target) => {
      const fingerprint = fingerprintChunks(chunksOf(from, source), (chunk) => writeAll(target, chunk));
      fsyncSync(target);
      return fingerprint;
    }),
  );
}

/** Removes the file of a log, with what SQLite keeps beside it. */
export function removeLog(file: string): void {
  for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(file + suffix, { force: true });
}
