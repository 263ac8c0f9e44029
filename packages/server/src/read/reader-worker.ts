import { Worker } from "node:worker_threads";
import { type CollectionHandle, releaseGraphThread, releaseThread } from "@murmuration/index";
import type { ReaderOutcome, ReaderReply, ReaderRequest, ReaderStart } from "./messages.js";
import type { ReadableCollection } from "./readers.js";

/** A time without a look at the thread counts so much at most. */
const LOOK_MS_MAX = 100;

/** What whoever hires a reader hears of it. */
export interface ReaderEvents {
  /** It has started, or has done something. */
  readonly onReply: (outcomes: readonly ReaderOutcome[]) => void;
  readonly onError: (error: Error) => void;
  /** It runs no more; what it held of tables and graphs is free again. */
  readonly onExit: () => void;
}

/** One reader's thread. */
export class ReaderWorker {
  readonly #worker: Worker;
  readonly #thread: number;
  readonly #beat = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  /** Collections that it knows, by their numbers. */
  readonly #known = new Map<number, CollectionHandle>();
  /**
   * Forgotten ones that readings under way may still hold, with the last request that may: a graph of theirs may be that of the table that took the place
   * of theirs.
   */
  #left: { readonly handle: CollectionHandle; readonly until: number }[] = [];
  /** What it is told when this turn is over. */
  #outbox: ReaderRequest[] = [];
  #lastBeat = 0;
  #lastLookMs = performance.now();
  #stillMs = 0;
  #isReady = false;

  /** Throws where no thread can be started. */
  constructor(file: URL, start: Omit<ReaderStart, "beat">, heapMebibytes: number, events: ReaderEvents) {
    this.#thread = start.thread;
    const workerData: ReaderStart = { ...start, beat: this.#beat };
    const worker = new Worker(file, { workerData, resourceLimits: { maxOldGenerationSizeMb: heapMebibytes } });
    this.#worker = worker;
    worker.on("message", (reply: ReaderReply) => {
      this.#isReady = true;
      events.onReply(reply);
    });
    worker.on("error", events.onError);
    worker.on("exit", () => {
      this.#release();
      events.onExit();
    });
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /**
   * How long it has done nothing though something was there to do, as far as this was looked at: where the whole process was stopped, or this
   * thread at something else, that does not count.
   */
  lookAt(isAsked: boolean, nowMs: number): number {
    const beat = Atomics.load(this.#beat, 0);
    const isStill = isAsked && beat === this.#lastBeat;
    this.#stillMs = isStill ? this.#stillMs + Math.min(nowMs - this.#lastLookMs, LOOK_MS_MAX) : 0;
    this.#lastBeat = beat;
    this.#lastLookMs = nowMs;
    return this.#stillMs;
  }

  /** What is told in one turn of the event loop goes together. */
  tell(request: ReaderRequest): void {
    if (this.#outbox.length === 0) setImmediate(() => this.send());
    this.#outbox.push(request);
  }

  /** It goes now. */
  send(): void {
    if (this.#outbox.length === 0) return;
    const requests = this.#outbox;
    this.#outbox = [];
    this.#worker.postMessage(requests);
  }

  introduce(collection: number, opened: ReadableCollection): void {
    if (this.#known.has(collection)) return;
    this.#known.set(collection, opened.handle);
    this.tell({ kind: "collection", collection, opened });
  }

  /** `lastRequest`: readings up to this one may be under way. */
  forget(collection: number, lastRequest: number): void {
    const handle = this.#known.get(collection);
    if (handle === undefined) return;
    this.#known.delete(collection);
    this.#left.push({ handle, until: lastRequest });
    this.tell({ kind: "forget", collection });
  }

  /** Of all that it was asked, this is the first that is under way. */
  isAtWorkSince(request: number): void {
    if (this.#left.length > 0) this.#left = this.#left.filter(({ until }) => until >= request);
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #release(): void {
    for (const { table, spaces } of [...this.#known.values(), ...this.#left.map(({ handle }) => handle)]) {
      releaseThread(table.memory, this.#thread);
      for (const { graph } of spaces) releaseGraphThread(graph, this.#thread);
    }
    this.#known.clear();
    this.#left = [];
  }
}
