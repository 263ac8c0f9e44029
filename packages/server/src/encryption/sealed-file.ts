import { closeSync, openSync, readSync, writeSync } from "node:fs";
import type { DataKeys, Sealed } from "./data-keys.js";
import { isSealHead, PageOpener, PageSealer, SEAL_HEAD_BYTES, SEALED_PAGE_BYTES } from "./sealed-pages.js";

/** Bytes of one call: the operating system takes no more than 2 GiB at once. */
const PIECE_BYTES = 1 << 26;
/** Pages that are read, or written, in one go. */
const PAGES_AT_ONCE = 16;

export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; )
    at += writeSync(descriptor, bytes, at, Math.min(PIECE_BYTES, bytes.length - at));
}

/** Fills the target with what comes next in a file; returns how many bytes there were. */
export function readUpTo(descriptor: number, target: Uint8Array): number {
  let at = 0;
  while (at < target.length) {
    const read = readSync(descriptor, target, at, Math.min(PIECE_BYTES, target.length - at), null);
    if (read === 0) break;
    at += read;
  }
  return at;
}

/** Where the bytes of a file go to, encrypted or as they are. */
export interface FileSink {
  push(bytes: Uint8Array): void;
  /** Nothing comes any more. */
  end(): void;
}

/** Writes what is pushed to a file, encrypted where there are keys. */
export function sinkTo(descriptor: number, keys: DataKeys | undefined, what: Sealed): FileSink {
  if (keys === undefined) return { push: (bytes) => writeAll(descriptor, bytes), end: () => undefined };
  let pages: Uint8Array[] = [];
  const flush = () => {
    writeAll(descriptor, Buffer.concat(pages));
    pages = [];
  };
  const sealer = new PageSealer(keys, what, (bytes) => {
    if (pages.push(bytes) >= PAGES_AT_ONCE) flush();
  });
  return {
    push: (bytes) => sealer.push(bytes),
    end: () => {
      sealer.end();
      flush();
    },
  };
}

/**
 * The bytes of an open file, one piece after the other, decrypted where there are keys: a file that is not encrypted is then refused, unless it `mayBePlain`. Throws
 * `corrupt`, and what the file system throws.
 */
export function* piecesOf(
  descriptor: number,
  keys: DataKeys | undefined,
  what: Sealed,
  mayBePlain = false,
): Generator<Buffer, void, void> {
  const head = Buffer.alloc(SEAL_HEAD_BYTES);
  const headBytes = head.subarray(0, readUpTo(descriptor, head));
  const pages = Buffer.alloc(PAGES_AT_ONCE * SEALED_PAGE_BYTES);
  if (keys === undefined || (mayBePlain && !isSealHead(headBytes))) {
    yield headBytes;
    for (let read = readUpTo(descriptor, pages); read > 0; read = readUpTo(descriptor, pages))
      yield Buffer.from(pages.subarray(0, read));
    return;
  }
  const opener = new PageOpener(keys, what, headBytes);
  for (let read = readUpTo(descriptor, pages); read > 0; read = readUpTo(descriptor, pages)) {
    for (let at = 0; at < read; at += SEALED_PAGE_BYTES)
      yield opener.open(pages.subarray(at, Math.min(at + SEALED_PAGE_BYTES, read)));
  }
  opener.end();
}

/** The bytes of the file at a path, as `piecesOf`. */
export function* piecesOfFile(
  path: string,
  keys: DataKeys | undefined,
  what: Sealed,
  mayBePlain = false,
): Generator<Buffer, void, void> {
  const descriptor = openSync(path, "r");
  try {
    yield* piecesOf(descriptor, keys, what, mayBePlain);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Reads the next `target.length` bytes of an open file, decrypted where there are keys; false where it ends before, or cannot be read. What is not
 * encrypted goes to the target at once: images are as large as memory.
 */
export function readerOfFile(
  descriptor: number,
  keys: DataKeys | undefined,
  what: Sealed,
): (target: Uint8Array) => boolean {
  if (keys !== undefined) return readerOf(piecesOf(descriptor, keys, what));
  return (target) => {
    try {
      return readUpTo(descriptor, target) === target.length;
    } catch {
      return false;
    }
  };
}

/** Reads the next `target.length` bytes of pieces; false where they end before, or cannot be read. */
function readerOf(pieces: Iterator<Uint8Array, void, void>): (target: Uint8Array) => boolean {
  let piece: Uint8Array = new Uint8Array(0);
  let hasFailed = false;
  return (target) => {
    for (let at = 0; at < target.length && !hasFailed; ) {
      const taken = piece.subarray(0, target.length - at);
      target.set(taken, at);
      at += taken.length;
      piece = piece.subarray(taken.length);
      if (piece.length > 0 || at === target.length) continue;
      try {
        const next = pieces.next();
        if (next.done === true) return false;
        piece = next.value;
      } catch {
        hasFailed = true;
      }
    }
    return !hasFailed;
  };
}
