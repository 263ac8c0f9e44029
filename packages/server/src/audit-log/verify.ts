import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { auditFilesIn, firstNumberOf, linesOf } from "./audit-files.js";
import { actions, type Hash, hashOf, noHash, type ReadLine, readLine } from "./entry.js";
import { type AuditHead, headName, isSignedBy, readHead } from "./head.js";

/**
 * unreadable: a line that is none. changed: what stands in a line is not what was written. missing: lines were taken out. reordered: a line stands where another
 * one belongs. cut: the log ends before a line that there was. rewritten: a line is not the one that a head tells of. beginning: lines before the first one
 * are gone, and the log does not say that they were removed. other-log: a file or a head is of another log. head: there is none, or it is not signed as it should be.
 */
export type ProblemKind =
  | "unreadable"
  | "changed"
  | "missing"
  | "reordered"
  | "cut"
  | "rewritten"
  | "beginning"
  | "other-log"
  | "head";

export interface AuditProblem {
  readonly kind: ProblemKind;
  readonly file?: string;
  /** The number of the line. */
  readonly line?: number;
  readonly message: string;
}

/** A line that somebody knows of: by its number and its hash. */
export interface Anchor {
  /** Where it was kept. */
  readonly source: string;
  readonly number: number;
  readonly hash: Hash;
  readonly log?: string;
}

export interface AuditVerdict {
  readonly isIntact: boolean;
  readonly log: string | undefined;
  readonly files: number;
  readonly lines: number;
  readonly first: number | undefined;
  readonly last: { readonly number: number; readonly hash: Hash; readonly at: string } | undefined;
  /** Lines behind the newest one that an anchor tells of: that these are all is told by nothing. */
  readonly unanchored: number;
  /** Bytes of a line at the end that is not whole: one that is being written, or was when the server ended. */
  readonly unfinishedBytes: number;
  /** Times at which the log itself says that it had been damaged, or that lines were lost. */
  readonly notes: readonly { readonly line: number; readonly action: string; readonly note?: string }[];
  readonly problems: readonly AuditProblem[];
}

export interface VerifyOptions {
  /** Beside the head in the folder. */
  readonly anchors?: readonly Anchor[];
  /** The head in the folder has to be signed by this key. */
  readonly signedBy?: KeyObject;
}

const problemsMax = 1_000;
const told: ReadonlySet<string> = new Set([actions.damaged, actions.lost, actions.tornEnd]);

class Walk {
  readonly #anchors: Map<number, Anchor[]>;
  readonly problems: AuditProblem[] = [];
  readonly notes: { line: number; action: string; note?: string }[] = [];
  readonly #removed = new Map<number, Hash>();
  log: string | undefined;
  lines = 0;
  first: number | undefined;
  last: ReadLine | undefined;
  unfinishedBytes = 0;
  /** Of the line that is expected next; unknown behind one that cannot be read. */
  #next = 1;
  #previous: Hash | undefined = noHash;
  #beginning: { readonly number: number; readonly hash: Hash } | undefined;

  constructor(anchors: readonly Anchor[]) {
    this.#anchors = Map.groupBy(anchors, ({ number }) => number);
  }

  problem(kind: ProblemKind, message: string, file?: string, line?: number): void {
    if (this.problems.length >= problemsMax) return;
    const at = { ...(file === undefined ? {} : { file }), ...(line === undefined ? {} : { line }) };
    this.problems.push({ kind, ...at, message });
  }

  file(folder: string, file: string, isLast: boolean): void {
    let isFirst = true;
    for (const { text, offset, isWhole } of linesOf(join(folder, file))) {
      if (!isWhole && isLast) {
        this.unfinishedBytes = Buffer.byteLength(text ?? "");
        return;
      }
      const line = text === undefined || !isWhole ? undefined : readLine(text);
      if (line === undefined) {
        this.problem("unreadable", `byte ${offset}: this is no line of an audit log`, file, this.#next);
        this.#next++;
        this.#previous = undefined;
      } else if (isFirst) this.#begin(file, line);
      else this.#take(file, line);
      isFirst = false;
    }
    // a file of a log that goes on holds a line at least
    if (isFirst && !isLast) this.problem("unreadable", "the file is empty", file);
  }

  #begin(file: string, line: ReadLine): void {
    const { action, log, previous } = line.entry;
    if (
      action !== actions.fileBegun ||
      log === undefined ||
      previous === undefined ||
      line.number !== firstNumberOf(file)
    )
      this.problem("changed", "the file does not begin with its own first line", file, line.number);
    else {
      this.log ??= log;
      if (log !== this.log) this.problem("other-log", `the file is of the log ${log}`, file, line.number);
      if (this.first === undefined && line.number > 1) {
        this.#beginning = { number: line.number - 1, hash: previous };
        this.#next = line.number;
        this.#previous = previous;
      }
    }
    this.#take(file, line);
  }

  #take(file: string, line: ReadLine): void {
    const { number, body, hash, entry } = line;
    const isNext = number === this.#next;
    if (number > this.#next) {
      const last = number - 1;
      this.problem("missing", `lines ${this.#next} to ${last} are missing before this one`, file, number);
    } else if (!isNext) {
      this.problem("reordered", `this line stands where line ${this.#next} belongs`, file, number);
    }
    if (isNext && this.#previous !== undefined && hashOf(this.#previous, body) !== hash)
      this.problem("changed", "this line, or the one before, is not what was written", file, number);
    for (const anchor of this.#anchors.get(number) ?? []) {
      if (anchor.hash !== hash)
        this.problem("rewritten", `${anchor.source} tells of another line ${number}`, file, number);
    }
    this.first ??= number;
    this.lines++;
    this.#next = number + 1;
    this.#previous = hash;
    if (this.last === undefined || number >= this.last.number) this.last = line;
    const { action, last, lastHash, note } = entry;
    if (action === actions.filesRemoved && last !== undefined && lastHash !== undefined)
      this.#removed.set(last, lastHash);
    if (told.has(action) && this.notes.length < problemsMax)
      this.notes.push({ line: number, action, ...(note === undefined ? {} : { note }) });
  }

  /** What can be said only when all was seen. Returns how many lines no anchor tells of. */
  end(): number {
    if (this.#beginning !== undefined) {
      const { number, hash } = this.#beginning;
      if (this.#removed.get(number) !== hash)
        this.problem("beginning", `lines 1 to ${number} are gone, and the log does not say that they were removed`);
    }
    const last = this.last?.number ?? 0;
    let anchored = 0;
    for (const anchor of [...this.#anchors.values()].flat()) {
      anchored = Math.max(anchored, anchor.number);
      if (anchor.log !== undefined && this.log !== undefined && anchor.log !== this.log)
        this.problem("other-log", `${anchor.source} is of the log ${anchor.log}`);
      if (anchor.number > last)
        this.problem("cut", `the log ends with line ${last}, and ${anchor.source} tells of line ${anchor.number}`);
    }
    return Math.max(0, last - anchored);
  }
}

function ownHead(folder: string, walk: (problem: string) => void): AuditHead | undefined {
  try {
    const head = readHead(join(folder, headName));
    if (head === undefined) walk(`there is no ${headName}: lines may have been cut off the end`);
    return head;
  } catch (error) {
    walk((error as Error).message);
    return undefined;
  }
}

/**
 * Goes through a log from its first line to its last, and finds what was taken out, changed, put elsewhere or cut off since it was written. What was written anew
 * from its beginning, or cut off with the head, is found by an anchor that was kept elsewhere, and by nothing else. The log may be in use. Throws where the
 * folder cannot be read.
 */
export function verifyAuditLog(folder: string, { anchors = [], signedBy }: VerifyOptions = {}): AuditVerdict {
  // before the files: what is written meanwhile is behind it
  const problems: string[] = [];
  const head = ownHead(folder, (problem) => problems.push(problem));
  if (head !== undefined && signedBy !== undefined && !isSignedBy(head, signedBy))
    problems.push(`${headName} is not signed by this key`);
  const own = head === undefined ? [] : [{ source: headName, ...head }];
  const walk = new Walk([...own, ...anchors]);
  for (const problem of problems) walk.problem("head", problem);
  const files = auditFilesIn(folder);
  for (const [i, file] of files.entries()) walk.file(folder, file, i === files.length - 1);
  const unanchored = walk.end();
  const { last } = walk;
  return {
    isIntact: walk.problems.length === 0,
    log: walk.log,
    files: files.length,
    lines: walk.lines,
    first: walk.first,
    last: last === undefined ? undefined : { number: last.number, hash: last.hash, at: last.at },
    unanchored,
    unfinishedBytes: walk.unfinishedBytes,
    notes: walk.notes,
    problems: walk.problems,
  };
}
