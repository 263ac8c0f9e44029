import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { MurmurationError } from "@murmuration/index";
import { lineBytesMax } from "../transfer-limits.js";

/** A line without its end. */
export interface Line {
  readonly bytes: Buffer;
  /** From 1. */
  readonly number: number;
  /** Where the next one begins, in bytes of the unpacked text. */
  readonly end: number;
  /** The text ends without an end of this line. */
  readonly isCut: boolean;
}

export const isPacked = (path: string) => path.endsWith(".gz");

/** What a file or the standard input holds, unpacked where it is packed by gzip. Errors of either become `corrupt`; `behind` says what was read until then. */
export async function* chunksOf(
  path: string,
  start = 0,
  behind = (): string => "",
): AsyncGenerator<Buffer, void, void> {
  const file: Readable =
    path === "-"
      ? process.stdin
      : createReadStream(path, { start: isPacked(path) ? 0 : start, highWaterMark: 256 * 1024 });
  const unpacked = isPacked(path) ? createGunzip() : undefined;
  if (unpacked !== undefined) {
    file.once("error", (error) => unpacked.destroy(error));
    file.pipe(unpacked);
  }
  let skip = isPacked(path) ? start : 0;
  try {
    for await (const chunk of unpacked ?? file) {
      const bytes = chunk as Buffer;
      if (skip < bytes.length) yield skip === 0 ? bytes : bytes.subarray(skip);
      skip = Math.max(0, skip - bytes.length);
    }
  } catch (error) {
    throw error instanceof MurmurationError
      ? error
      : new MurmurationError("corrupt", `${path} cannot be read to its end: ${(error as Error).message}${behind()}`);
  } finally {
    file.destroy();
    unpacked?.destroy();
  }
}

const MARK = Buffer.from("\u{feff}");

/** A byte order mark in front of a text is no part of it: programs on some systems begin every file with one. */
function withoutMark(bytes: Buffer, begin: number): Buffer {
  return begin === 0 && bytes.subarray(0, MARK.length).equals(MARK) ? bytes.subarray(MARK.length) : bytes;
}

/** The lines behind a place; `from`: that place. Throws `corrupt` for a line that is too long before all of it is read. */
export async function* linesOf(path: string, from = { number: 0, end: 0 }): AsyncGenerator<Line, void, void> {
  let { number, end } = from;
  const rest: Buffer[] = [];
  let restBytes = 0;
  const behind = () => (number === 0 ? "" : `, behind line ${number}`);
  for await (const chunk of chunksOf(path, end, behind)) {
    let bytes = chunk;
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10)) {
      rest.push(bytes.subarray(0, at));
      restBytes += at;
      const line = rest.length === 1 ? (rest[0] as Buffer) : Buffer.concat(rest);
      const begin = end;
      number++;
      end += restBytes + 1;
      yield { bytes: withoutMark(line, begin), number, end, isCut: false };
      rest.length = restBytes = 0;
      bytes = bytes.subarray(at + 1);
    }
    rest.push(bytes);
    restBytes += bytes.length;
    if (restBytes > lineBytesMax)
      throw new MurmurationError("corrupt", `${path}, line ${number + 1}: longer than ${lineBytesMax} bytes`);
  }
  if (restBytes > 0) {
    const bytes = withoutMark(Buffer.concat(rest), end);
    yield { bytes, number: number + 1, end: end + restBytes, isCut: true };
  }
}
