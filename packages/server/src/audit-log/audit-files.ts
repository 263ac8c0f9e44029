import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { lineBytesMax } from "./audit-limits.js";
import { actions, type Hash, type ReadLine, readLine } from "./entry.js";

const fileName = /^audit-(\d{15})\.jsonl$/;

/** A file is called by its first line. */
export function fileNameOf(firstNumber: number): string {
  return `audit-${String(firstNumber).padStart(15, "0")}.jsonl`;
}

/** The files of a log, in order. Throws where the folder cannot be read. */
export function auditFilesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => fileName.test(name))
    .sort();
}

/** The number that its name says a file begins with. */
export function firstNumberOf(name: string): number {
  return Number(fileName.exec(name)?.[1]);
}

/** One line of a file; `text` is `undefined` where it is longer than any line. */
export interface FileLine {
  readonly text: string | undefined;
  /** Where it begins. */
  readonly offset: number;
  /** A file may end within a line. */
  readonly isWhole: boolean;
}

const PIECE_BYTES = 64 * 1024;
const NEWLINE = 10;

/** The lines of a file, one after the other: no more than a piece and a line are in memory. */
export function* linesOf(path: string): Generator<FileLine> {
  const file = openSync(path, "r");
  try {
    const piece = Buffer.alloc(PIECE_BYTES);
    let parts: Buffer[] = [];
    let bytes = 0;
    let offset = 0;
    const taken = (isWhole: boolean): FileLine => {
      const text = bytes > lineBytesMax ? undefined : Buffer.concat(parts).toString("utf8");
      const line = { text, offset, isWhole };
      offset += bytes + (isWhole ? 1 : 0);
      parts = [];
      bytes = 0;
      return line;
    };
    const keep = (part: Buffer) => {
      if (bytes <= lineBytesMax) parts.push(Buffer.from(part));
      bytes += part.length;
    };
    for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) {
      let at = 0;
      for (let end = piece.indexOf(NEWLINE); end >= 0 && end < read; end = piece.indexOf(NEWLINE, at)) {
        keep(piece.subarray(at, end));
        at = end + 1;
        yield taken(true);
      }
      keep(piece.subarray(at, read));
    }
    if (bytes > 0) yield taken(false);
  } finally {
    closeSync(file);
  }
}

/** A file of a log as its first line tells. */
export interface FileBegin {
  readonly name: string;
  readonly first: number;
  readonly atMs: number;
  readonly log: string | undefined;
  readonly previous: Hash | undefined;
}

function beginOf(line: ReadLine | undefined, name: string): FileBegin {
  const isBegin = line?.entry.action === actions.fileBegun;
  return {
    name,
    first: firstNumberOf(name),
    atMs: line === undefined ? Number.NaN : Date.parse(line.at),
    log: isBegin ? line.entry.log : undefined,
    previous: isBegin ? line.entry.previous : undefined,
  };
}

export function readBegin(folder: string, name: string): FileBegin {
  const [line] = linesOf(join(folder, name));
  return beginOf(line?.text === undefined ? undefined : readLine(line.text), name);
}
