import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { assert, MurmurationError } from "@murmuration/index";
import { fromPlainError } from "../../threads/plain-error.js";
import type { ReadingReply } from "./messages.js";

/** What a process that reads may take. */
export interface ReadingBounds {
  /** Of its heap. */
  readonly heapMebibytes: number;
  /** Without a word of it while somebody waits. */
  readonly stallMs: number;
}

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: MurmurationError) => void;
  /** Looks since its last word, and since the question. */
  silentLooks: number;
  looks: number;
  readonly looksMax: number;
}

/** Looks at a process in the time that it may be silent. */
const LOOKS = 20;
const SAID_MAX = 4_096;

/**
 * A process that reads a file that may have been made to harm: a library that loops for ever or takes all memory ends with it and not with this one. (A thread would
 * not do: V8 ends the whole process where a thread asks for more at once than its heap may have.) Asked one thing at a time. Time is counted in looks, so that
 * it stands still where this process does.
 */
export class ReadingProcess {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #bounds: ReadingBounds;
  readonly #look: NodeJS.Timeout;
  readonly #gone: Promise<void>;
  #waiting: Waiting | undefined;
  #failure: MurmurationError | undefined;
  #said = "";

  /** `name`: of what it reads, for people. */
  constructor(file: URL, name: string, bounds: ReadingBounds) {
    this.#name = name;
    this.#bounds = bounds;
    this.#child = fork(fileURLToPath(file), [String(process.pid)], {
      serialization: "advanced",
      execArgv: [`--max-old-space-size=${bounds.heapMebibytes}`],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#said = (this.#said + text).slice(-SAID_MAX);
    });
    this.#child.on("message", (reply: ReadingReply) => this.#hear(reply));
    this.#gone = new Promise((resolve) => {
      this.#child.once("error", (error) => this.#fail("internal", `cannot be read: ${error.message}`));
      this.#child.once("close", (code, signal) => {
        clearInterval(this.#look);
        this.#fail(...this.#endOf(code, signal));
        resolve();
      });
    });
    this.#look = setInterval(() => this.#watch(), bounds.stallMs / LOOKS);
  }

  /** Has it ended, or is it about to? */
  get isOver(): boolean {
    return this.#failure !== undefined;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** What it answers. Throws what it throws; `corrupt` where it is silent for too long or needs longer than `limitMs`, `capacity` where it needs more memory. */
  ask(question: unknown, limitMs: number): Promise<unknown> {
    assert(this.#waiting === undefined, "one question at a time");
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      const looksMax = Math.ceil((limitMs * LOOKS) / this.#bounds.stallMs);
      this.#waiting = { resolve, reject, silentLooks: 0, looks: 0, looksMax };
      this.#child.send({ question }, (error) => {
        if (error !== null) this.#fail("internal", `cannot be read: ${error.message}`);
      });
    });
  }

  /** Ends it, whatever it does. */
  async close(): Promise<void> {
    this.#fail("internal", "is not read any more");
    this.#child.kill("SIGKILL");
    await this.#gone;
  }

  #hear(reply: ReadingReply): void {
    if (reply.kind === "broken") {
      this.#fail("corrupt", `cannot be read: ${reply.message}`);
      this.#child.kill("SIGKILL");
      return;
    }
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    waiting.silentLooks = 0;
    if (reply.kind === "progress") return;
    this.#waiting = undefined;
    if (reply.kind === "answer") waiting.resolve(reply.answer);
    else waiting.reject(fromPlainError(reply.error));
  }

  #watch(): void {
    if (this.#waiting === undefined) return;
    this.#waiting.looks++;
    const seconds = (looks: number) => Math.round((looks * this.#bounds.stallMs) / LOOKS / 100) / 10;
    const { looks, looksMax } = this.#waiting;
    if (++this.#waiting.silentLooks > LOOKS)
      this.#fail("corrupt", `makes no progress for ${seconds(LOOKS)} s: it is damaged, or made to harm`);
    else if (looks > looksMax)
      this.#fail("corrupt", `takes longer than the ${seconds(looksMax)} s that what it says of its size allows`);
    else return;
    this.#child.kill("SIGKILL");
  }

  #fail(code: "internal" | "corrupt" | "capacity", what: string): void {
    this.#failure ??= new MurmurationError(code, `${this.#name} ${what}`);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(this.#failure);
  }

  #endOf(code: number | null, signal: NodeJS.Signals | null): readonly ["capacity" | "internal", string] {
    if (/heap|memory|invalid (?:array|table)/i.test(this.#said) || signal === "SIGKILL")
      return ["capacity", `needs more memory to be read than there is (${this.#bounds.heapMebibytes} MiB for values)`];
    const last = this.#said.trim().split("\n").at(-1) ?? "";
    return ["internal", `cannot be read: the process that reads it ended with ${signal ?? code} ${last}`.trimEnd()];
  }
}
