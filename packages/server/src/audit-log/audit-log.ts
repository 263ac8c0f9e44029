import { type KeyObject, randomBytes, randomFillSync } from "node:crypto";
import { existsSync, statfsSync, statSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as endOfTurn } from "node:timers/promises";
import { type FileBegin, fileNameOf } from "./audit-files.js";
import {
  headEveryMs,
  reserveBytes,
  reserveFreeMin,
  retryEveryMs,
  waitingBytesMax,
  writeBytesMax,
} from "./audit-limits.js";
import { type Actor, type AuditEntry, actions, encodeLine, type Hash } from "./entry.js";
import { findEnd } from "./find-end.js";
import { type AuditHead, headName, headText, signHead } from "./head.js";
import { LineFile, type Lines, type OpenLines, synchronizeFolder } from "./line-file.js";

/** How a log is kept. */
export interface AuditLogOptions {
  readonly folder: string;
  /** A file that is larger, or older, is followed by another one. */
  readonly fileBytesMax: number;
  readonly fileHoursMax: number;
  /** Files whose lines are all older are removed; 0: none is. */
  readonly keepDays: number;
  /** Files beside that in the folder to which the head is written. */
  readonly headFiles?: readonly string[];
  /** An Ed25519 key that signs heads. */
  readonly signingKey?: KeyObject;
  /** Told of what goes wrong, and of heads. */
  readonly tell?: (level: "info" | "error", fields: object, message: string) => void;
  /** Milliseconds since 1970. */
  readonly nowMs?: () => number;
  /** Opens files; tests give ones that fail. */
  readonly openFile?: OpenLines;
}

/** What is counted of a log. */
export interface AuditCounts {
  readonly lines: number;
  /** Attempts to write that failed. */
  readonly failures: number;
  /** Lines for which there was no room, neither on the disk nor in memory. */
  readonly lost: number;
  readonly waitingBytes: number;
  /** Why nothing can be written now. */
  readonly failing: string | undefined;
}

interface Waiting {
  readonly line: Buffer;
  readonly number: number;
  readonly hash: Hash;
  /** The file that begins with this line. */
  readonly begins: string | undefined;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const server: Actor = { by: "server" };

/** A promise that whoever waits for the same lines has in common. */
interface Awaited {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

function newAwaited(): Awaited {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // lines that nobody waits for fail, too
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

/**
 * A log of lines each of which is bound to all before it by a hash, in files that follow each other (docs/security.md, "Audit log"). Lines that come while others
 * are written are written together. What cannot be written waits, and is tried again.
 */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #nowMs: () => number;
  readonly #log: string;
  #files: FileBegin[];
  #number: number;
  #hash: Hash;
  #file: Lines | undefined;
  #unopened: { readonly name: string; readonly bytes: number } | undefined;
  /** Of the file that lines are for now, with those that wait. */
  #fileBytes: number;
  #fileAtMs: number;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #awaited = newAwaited();
  #flushing: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #durable: { number: number; hash: Hash };
  #headTimer: NodeJS.Timeout | undefined;
  #headWriting: Promise<void> = Promise.resolve();
  #lines = 0;
  #failures = 0;
  #lost = 0;
  #untoldLost = 0;
  #failing: string | undefined;
  #closed: Promise<void> | undefined;

  private constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
    const end = findEnd(options.folder);
    this.#log = end.log ?? randomBytes(16).toString("hex");
    this.#files = [...end.files];
    this.#number = end.number;
    this.#hash = end.hash;
    this.#durable = { number: end.number, hash: end.hash };
    this.#unopened = end.file;
    this.#fileBytes = end.file?.bytes ?? Number.POSITIVE_INFINITY;
    this.#fileAtMs = end.files.at(-1)?.atMs ?? Number.NaN;
    if (end.damage !== undefined) {
      options.tell?.("error", { why: end.damage }, "the audit log is damaged: it goes on in another file");
      this.append({ action: actions.damaged, who: server, outcome: "failed", note: end.damage });
    }
    if (end.tornBytes > 0) this.append({ action: actions.tornEnd, who: server, outcome: "done", bytes: end.tornBytes });
  }

  /** Goes on with the log in the folder, or begins one. Throws, or rejects, where it cannot be read or written. */
  static async open(options: AuditLogOptions): Promise<AuditLog> {
    const log = new AuditLog(options);
    await log.#makeReserve();
    // from the first line on there is something that tells of it
    if (!existsSync(join(options.folder, headName))) await log.#writeHead();
    return log;
  }

  /** Why nothing can be written now; `undefined`: it can. */
  get failing(): string | undefined {
    return this.#failing;
  }

  get counts(): AuditCounts {
    return {
      lines: this.#lines,
      failures: this.#failures,
      lost: this.#lost,
      waitingBytes: this.#waitingBytes,
      failing: this.#failing,
    };
  }

  /** The last durable line. */
  get head(): AuditHead {
    const { number, hash } = this.#durable;
    const head = { log: this.#log, number, hash, at: new Date(this.#nowMs()).toISOString() };
    const { signingKey } = this.#options;
    return signingKey === undefined ? head : signHead(head, signingKey);
  }

  /** Adds a line. Resolves when it is durable; rejects when it could not be written, and waits to be tried again. */
  append(entry: AuditEntry): Promise<void> {
    if (this.#closed !== undefined || this.#waitingBytes > waitingBytesMax) {
      this.#lost++;
      this.#untoldLost++;
      return Promise.reject(new Error(this.#failing ?? "the log is closed"));
    }
    if (this.#untoldLost > 0) {
      const count = this.#untoldLost;
      this.#untoldLost = 0;
      this.#add({ action: actions.lost, who: server, outcome: "failed", count });
    }
    const ageMs = this.#nowMs() - this.#fileAtMs;
    const isOld = !(ageMs < this.#options.fileHoursMax * HOUR_MS);
    if (isOld || this.#fileBytes >= this.#options.fileBytesMax) this.#beginFile();
    this.#add(entry);
    if (this.#failing !== undefined) return Promise.reject(new Error(this.#failing));
    const { promise } = this.#awaited;
    this.#flush();
    return promise;
  }

  #add(entry: AuditEntry, begins?: string): void {
    const number = this.#number + 1;
    const { text, hash } = encodeLine(entry, number, this.#nowMs(), this.#hash);
    const line = Buffer.from(`${text}\n`);
    this.#number = number;
    this.#hash = hash;
    this.#waiting.push({ line, number, hash, begins });
    this.#waitingBytes += line.length;
    this.#fileBytes += line.length;
  }

  #beginFile(): void {
    const name = fileNameOf(this.#number + 1);
    const previous = this.#hash;
    this.#fileBytes = 0;
    this.#fileAtMs = this.#nowMs();
    const first = this.#number + 1;
    // one of which no line was whole is written anew
    this.#files = this.#files.filter((file) => file.name !== name);
    this.#files.push({ name, first, atMs: this.#fileAtMs, log: this.#log, previous });
    this.#add({ action: actions.fileBegun, who: server, outcome: "done", log: this.#log, previous }, name);
    if (this.#options.keepDays > 0) this.#removeOld();
  }

  /** Files that are older than is kept, all of their lines. What they ended with stays in the log, so that its beginning can be told from one that was cut off. */
  #removeOld(): void {
    const sinceMs = this.#nowMs() - this.#options.keepDays * DAY_MS;
    const next = this.#files.findIndex(({ atMs }) => !(atMs < sinceMs));
    const removed = this.#files.slice(0, Math.max(0, next - 1));
    const kept = this.#files[removed.length];
    if (removed.length === 0 || kept?.previous === undefined) return;
    this.#files = this.#files.slice(removed.length);
    const [last, lastHash] = [kept.first - 1, kept.previous];
    this.#add({ action: actions.filesRemoved, who: server, outcome: "done", count: removed.length, last, lastHash });
    this.#awaited.promise.then(
      async () => {
        for (const { name } of removed) {
          try {
            await rm(join(this.#options.folder, name), { force: true });
          } catch (error) {
            const why = (error as Error).message;
            this.#options.tell?.("error", { why, file: name }, "an old file of the audit log cannot be removed");
          }
        }
      },
      () => this.#files.unshift(...removed),
    );
  }

  #flush(): void {
    // what is answered in the same turn is written at once: each write to the disk costs as much as many lines
    this.#flushing ??= endOfTurn()
      .then(() => this.#writeWaiting())
      .finally(() => {
        this.#flushing = undefined;
        if (this.#waiting.length > 0 && this.#failing === undefined) this.#flush();
      });
  }

  /** Writes what waits, and all that comes meanwhile. */
  async #writeWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const awaited = this.#awaited;
      this.#awaited = newAwaited();
      try {
        await this.#writeAll(this.#waiting.length);
        this.#failing = undefined;
        awaited.resolve();
        this.#writeHeadSoon();
      } catch (error) {
        this.#fail(error as Error, awaited);
        return;
      }
    }
  }

  /** So many of those that wait, those of one file after the other. */
  async #writeAll(count: number): Promise<void> {
    for (let left = count; left > 0; ) {
      const first = this.#waiting[0] as Waiting;
      await this.#openFor(first);
      let [lines, bytes] = [0, 0];
      for (; lines < left && bytes < writeBytesMax; lines++) {
        const { line, begins } = this.#waiting[lines] as Waiting;
        if (lines > 0 && begins !== undefined) break;
        bytes += line.length;
      }
      const group = this.#waiting.slice(0, lines);
      await this.#writeGroup(group.map(({ line }) => line));
      this.#waiting.splice(0, lines);
      this.#waitingBytes -= bytes;
      this.#lines += lines;
      left -= lines;
      const { number, hash } = group.at(-1) as Waiting;
      this.#durable = { number, hash };
    }
  }

  /** Once more without the reserve, where there is one. */
  async #writeGroup(lines: readonly Buffer[]): Promise<void> {
    const bytes = lines.length === 1 ? (lines[0] as Buffer) : Buffer.concat(lines);
    try {
      await this.#file?.append(bytes);
    } catch (error) {
      this.#failures++;
      if (!(await this.#giveUpReserve())) throw error;
      await this.#file?.append(bytes);
    }
  }

  async #openFor({ begins }: Waiting): Promise<void> {
    const { folder } = this.#options;
    const wanted = begins === undefined ? this.#unopened : { name: begins, bytes: 0 };
    if (wanted === undefined || wanted.name === this.#file?.name) return;
    const before = this.#file;
    this.#file = await (this.#options.openFile ?? LineFile.open)(folder, wanted.name, wanted.bytes);
    this.#unopened = undefined;
    await before?.close();
  }

  #fail(error: Error, awaited: Awaited): void {
    this.#failures++;
    if (this.#failing === undefined)
      this.#options.tell?.("error", { why: error.message }, "the audit log cannot be written");
    this.#failing = error.message;
    awaited.reject(error);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#tryAgain(), retryEveryMs);
    this.#retry.unref();
  }

  async #tryAgain(): Promise<void> {
    const why = this.#failing;
    this.#flush();
    await this.#flushing;
    if (this.#failing !== undefined) return;
    this.#options.tell?.("info", { was: why }, "the audit log can be written again");
    await this.#makeReserve();
  }

  get #reserve(): string {
    return join(this.#options.folder, "reserve");
  }

  /** Room for the lines of requests under way, given up when there is no other. */
  async #makeReserve(): Promise<void> {
    try {
      if ((statSync(this.#reserve, { throwIfNoEntry: false })?.size ?? 0) >= reserveBytes) return;
      const { bavail, bsize } = statfsSync(this.#options.folder);
      if (bavail * bsize < reserveBytes * reserveFreeMin) return;
      // what a file system could compress would reserve nothing
      await writeFile(this.#reserve, randomFillSync(Buffer.alloc(reserveBytes)), { mode: 0o600 });
    } catch {
      await this.#giveUpReserve();
    }
  }

  /** Was there any? */
  async #giveUpReserve(): Promise<boolean> {
    return rm(this.#reserve).then(
      () => true,
      () => false,
    );
  }

  #writeHeadSoon(): void {
    if (this.#headTimer !== undefined) return;
    this.#headTimer = setTimeout(() => {
      this.#headTimer = undefined;
      void this.#writeHead();
    }, headEveryMs);
    this.#headTimer.unref();
  }

  /** Never more than is durable: a head tells of lines that are there. */
  #writeHead(): Promise<void> {
    this.#headWriting = this.#headWriting.then(async () => {
      const text = headText(this.head);
      const { folder, headFiles = [], tell } = this.#options;
      for (const path of [join(folder, headName), ...headFiles]) {
        try {
          await writeFile(`${path}.new`, text, { mode: 0o600 });
          await rename(`${path}.new`, path);
        } catch (error) {
          this.#failures++;
          tell?.("error", { why: (error as Error).message, path }, "the head of the audit log cannot be written");
        }
      }
    });
    return this.#headWriting;
  }

  /** Writes the head now. Resolves when it is. */
  async anchor(): Promise<void> {
    await this.#flushing;
    await this.#writeHead();
  }

  /** Nothing more is taken. Resolves when all that can be is written, and the head. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#failing !== undefined) this.#flush();
    await this.#flushing;
    clearTimeout(this.#retry);
    clearTimeout(this.#headTimer);
    await this.#writeHead();
    await synchronizeFolder(this.#options.folder);
    await this.#file?.close();
    this.#file = undefined;
  }
}
