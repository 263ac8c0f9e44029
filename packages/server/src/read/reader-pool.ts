import { assert, type CollectionHandle, MurmurationError, type Sliced } from "@murmuration/index";
import { Cutter, pieceWeight, weightOf } from "../bodies/pieces.js";
import type { DataKeys } from "../encryption/data-keys.js";
import { readsUnderWayMax } from "../http/http-limits.js";
import { ReadTurns, timedOut } from "../http/read-turns.js";
import { fromPlainError, toPlainError } from "../threads/plain-error.js";
import { stackOf } from "../threads/stack.js";
import { FIRST_READER_THREAD, READERS_MAX } from "../threads/thread-places.js";
import { processClockMs } from "../timing/process-clock.js";
import type { ReaderOutcome, ReaderRequest, StoredPayloads } from "./messages.js";
import {
  READER_HEAP_MEBIBYTES,
  READER_LATE_MS,
  READER_REPLACE_MS_MIN,
  READER_START_MS_MAX,
  READER_STUCK_MS_MAX,
} from "./read-limits.js";
import { ReaderWorker } from "./reader-worker.js";
import type { ReadableCollection, ReaderAnswer, ReaderCounters, Readers, ReadingLimits } from "./readers.js";
import type { Reading } from "./reading.js";

/** So often it is looked at what is late, given up or stuck. */
const LOOK_EVERY_MS = 25;

/** How a pool is run, where not as usual. */
export interface ReaderPoolOptions {
  /** Threads that read: 1 to `READERS_MAX`. */
  readonly readers: number;
  readonly payloads: StoredPayloads;
  /** Where vectors are that are kept off memory. */
  readonly vectorFolder?: string;
  /** What is on disk is encrypted with them. */
  readonly keys?: DataKeys;
  /** A reader was lost, or has failed. */
  readonly tell: (what: string, why: string) => void;
  readonly threadFile?: URL;
  readonly heapMebibytes?: number;
  readonly stuckMsMax?: number;
  readonly replaceMsMin?: number;
}

/** A reading that is not answered yet. */
interface Pending {
  readonly collections: readonly ReadableCollection[];
  readonly reading: Reading;
  readonly limits: ReadingLimits;
  readonly resolve: (answer: ReaderAnswer) => void;
  readonly reject: (error: MurmurationError) => void;
}

interface Hired {
  readonly worker: ReaderWorker;
  /** What it was asked, by number; `undefined`: nobody waits for that any more. */
  readonly asked: Map<number, Pending | undefined>;
  /** It was given up, and has not ended yet. */
  isLost: boolean;
}

/** A place for a reader on all tables and graphs. */
interface Place {
  readonly thread: number;
  hired: Hired | undefined;
  hiredMs: number;
}

/**
 * Reads in threads: each reading goes to the one with the least under way. A thread that ends, or does nothing for long, fails what it was asked
 * with `internal` and is replaced; what it held of tables and graphs is free when it has ended. Nothing else depends on it.
 */
export class ReaderPool implements Readers {
  readonly #options: ReaderPoolOptions;
  readonly #clockOffsetMs = processClockMs() - performance.now();
  readonly #places: readonly Place[];
  readonly #numbers = new Map<CollectionHandle, number>();
  /** What came while no thread was there. */
  #waiting: Pending[] = [];
  readonly #turns = new ReadTurns();
  #look: NodeJS.Timeout | undefined;
  #lastCollection = 0;
  #lastRequest = 0;
  #lost = 0;
  #isClosed = false;

  constructor(options: ReaderPoolOptions) {
    const { readers } = options;
    assert(readers >= 1 && readers <= READERS_MAX, "a pool has readers, and a place for each");
    this.#options = options;
    this.#places = Array.from({ length: readers }, (_, i) => ({
      thread: FIRST_READER_THREAD + i,
      hired: undefined,
      hiredMs: Number.NEGATIVE_INFINITY,
    }));
    this.#fill(performance.now());
  }

  read(collections: readonly ReadableCollection[], reading: Reading, limits: ReadingLimits): Promise<ReaderAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(stopping());
        return;
      }
      this.#keepLooking();
      const pending = { collections, reading, limits, resolve, reject };
      const hired = this.#leastBusy();
      if (hired !== undefined) this.#ask(hired, pending);
      else if (this.#waiting.length < readsUnderWayMax) this.#waiting.push(pending);
      else reject(tooMany());
    });
  }

  /** Is anything under way? */
  get isBusy(): boolean {
    return this.#waiting.length > 0 || this.#places.some(({ hired }) => hired !== undefined && hired.asked.size > 0);
  }

  /** What was asked in this turn of the event loop goes to the threads now. */
  send(): void {
    for (const { hired } of this.#places) hired?.worker.send();
  }

  forget(handle: CollectionHandle): void {
    const collection = this.#numbers.get(handle);
    if (collection === undefined) return;
    this.#numbers.delete(handle);
    for (const { worker } of this.#able()) worker.forget(collection, this.#lastRequest);
  }

  counters(): ReaderCounters {
    let underWay = this.#waiting.length;
    for (const { asked } of this.#able()) underWay += asked.size;
    return { readers: this.#able().length, places: this.#places.length, underWay, lost: this.#lost };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#look);
    const hired = this.#places.flatMap((place) => (place.hired === undefined ? [] : [place.hired]));
    for (const pending of this.#waiting.splice(0)) pending.reject(stopping());
    for (const one of hired) this.#failAll(one, stopping());
    await Promise.all(hired.map(({ worker }) => worker.terminate()));
  }

  // ---- readings

  #able(): Hired[] {
    return this.#places.flatMap(({ hired }) => (hired === undefined || hired.isLost ? [] : [hired]));
  }

  /** One that has started before one that has not. */
  #leastBusy(): Hired | undefined {
    let least: Hired | undefined;
    for (const { hired } of this.#places) {
      if (hired === undefined || hired.isLost) continue;
      if (least === undefined) least = hired;
      else if (hired.worker.isReady === least.worker.isReady) {
        if (hired.asked.size < least.asked.size) least = hired;
      } else if (hired.worker.isReady) least = hired;
    }
    return least;
  }

  #ask(hired: Hired, pending: Pending): void {
    const { worker, asked } = hired;
    if (asked.size >= readsUnderWayMax) {
      pending.reject(tooMany());
      return;
    }
    const { collections, reading, limits } = pending;
    const request = ++this.#lastRequest;
    asked.set(request, pending);
    const read = {
      kind: "read",
      request,
      collections: collections.map((opened) => this.#introduced(worker, opened)),
      deadlineMs: limits.deadlineMs + this.#clockOffsetMs,
      timeoutMs: limits.timeoutMs,
    } as const;
    if (weightOf(reading, pieceWeight) <= pieceWeight) worker.tell({ ...read, reading });
    else this.#askInPieces(hired, pending, read);
  }

  /** A large reading goes there in pieces, in turns with everything else in this thread. */
  #askInPieces(
    { worker, asked }: Hired,
    { reading, limits }: Pending,
    read: ReaderRequest & { request: number },
  ): void {
    const { request } = read;
    const work = function* (): Sliced<void> {
      for (const piece of new Cutter().cut(reading)) {
        // it may be over, or the thread gone
        if (asked.get(request) === undefined) return;
        worker.tell({ kind: "piece", request, piece });
        yield "pause";
      }
      worker.tell(read);
    };
    this.#turns.run(work(), { ...limits, onFixed: () => undefined }).catch((error: unknown) => {
      worker.tell({ kind: "cancel", request });
      this.#receive(asked, [{ request, error: toPlainError(error) }]);
    });
  }

  #introduced(worker: ReaderWorker, opened: ReadableCollection): number {
    let collection = this.#numbers.get(opened.handle);
    if (collection === undefined) this.#numbers.set(opened.handle, (collection = ++this.#lastCollection));
    worker.introduce(collection, opened);
    return collection;
  }

  #receive(asked: Hired["asked"], outcomes: readonly ReaderOutcome[]): void {
    for (const outcome of outcomes) {
      const pending = asked.get(outcome.request);
      asked.delete(outcome.request);
      if (pending === undefined) continue;
      if ("answer" in outcome) pending.resolve(outcome.answer);
      else pending.reject(fromPlainError(outcome.error));
    }
  }

  #failAll({ asked }: Hired, error: MurmurationError): void {
    for (const pending of asked.values()) pending?.reject(error);
    asked.clear();
  }

  // ---- readers

  /** Where nothing is under way and every place is taken, there is nothing to look for. */
  #keepLooking(): void {
    this.#look ??= setInterval(() => this.#lookAround(performance.now()), LOOK_EVERY_MS);
  }

  #lookAround(nowMs: number): void {
    this.#fill(nowMs);
    if (this.counters().underWay === 0 && this.#places.every(({ hired }) => hired !== undefined)) {
      clearInterval(this.#look);
      this.#look = undefined;
    }
    this.#waiting = this.#waiting.filter((pending) => {
      const over = whyOver(pending.limits, nowMs, 0);
      if (over !== undefined) pending.reject(over);
      return over === undefined;
    });
    for (const hired of this.#able()) {
      this.#endLate(hired, nowMs);
      const { worker, asked } = hired;
      const stuckMsMax = worker.isReady ? (this.#options.stuckMsMax ?? READER_STUCK_MS_MAX) : READER_START_MS_MAX;
      if (worker.lookAt(asked.size > 0, nowMs) > stuckMsMax) this.#giveUp(hired);
    }
  }

  /** Whoever has waited for too long, or does not wait any more, is not to wait for the thread. */
  #endLate({ worker, asked }: Hired, nowMs: number): void {
    for (const [request, pending] of asked) {
      if (pending === undefined) continue;
      const over = whyOver(pending.limits, nowMs, READER_LATE_MS);
      if (over === undefined) continue;
      asked.set(request, undefined);
      worker.tell({ kind: "cancel", request });
      pending.reject(over);
    }
  }

  /** Hire for the places that are free. */
  #fill(nowMs: number): void {
    for (const place of this.#places) {
      if (place.hired !== undefined || nowMs - place.hiredMs < (this.#options.replaceMsMin ?? READER_REPLACE_MS_MIN))
        continue;
      place.hiredMs = nowMs;
      this.#hire(place);
    }
    while (this.#waiting.length > 0) {
      const hired = this.#leastBusy();
      if (hired === undefined) return;
      this.#ask(hired, this.#waiting.shift() as Pending);
    }
  }

  #hire(place: Place): void {
    const {
      threadFile: file = new URL("./reader-thread.js", import.meta.url),
      payloads,
      vectorFolder,
      keys,
    } = this.#options;
    const { heapMebibytes = READER_HEAP_MEBIBYTES } = this.#options;
    try {
      const worker = new ReaderWorker(
        file,
        { thread: place.thread, payloads, ...(vectorFolder && { vectorFolder }), ...(keys && { keys }) },
        heapMebibytes,
        {
          onReply: (outcomes) => {
            this.#receive(hired.asked, outcomes);
            const [first = Number.POSITIVE_INFINITY] = hired.asked.keys();
            hired.worker.isAtWorkSince(first);
          },
          onError: (error) => this.#options.tell("a reader failed", stackOf(error)),
          onExit: () => this.#lose(place, hired),
        },
      );
      const hired: Hired = { worker, asked: new Map(), isLost: false };
      place.hired = hired;
    } catch (error) {
      this.#options.tell("a reader could not be started", stackOf(error));
      this.#keepLooking();
    }
  }

  #lose(place: Place, hired: Hired): void {
    place.hired = undefined;
    if (this.#isClosed) return;
    this.#keepLooking();
    if (!hired.isLost) {
      this.#lost++;
      this.#options.tell("a reader ended", `with ${hired.asked.size} readings; another one takes its place`);
    }
    this.#failAll(hired, ended());
  }

  /** It may be at work still: nobody takes its place before it has ended. */
  #giveUp(hired: Hired): void {
    hired.isLost = true;
    this.#lost++;
    this.#options.tell("a reader was given up", "it was stuck; another one takes its place when it has ended");
    this.#failAll(hired, ended());
    hired.worker.terminate().catch((error: unknown) => {
      this.#options.tell("a reader could not be ended", stackOf(error));
    });
  }
}

function whyOver(limits: ReadingLimits, nowMs: number, lateMs: number): MurmurationError | undefined {
  if (nowMs >= limits.deadlineMs + lateMs) return timedOut(limits.timeoutMs);
  return limits.isAbandoned() ? new MurmurationError("unavailable", "the client is gone") : undefined;
}

const stopping = () => new MurmurationError("unavailable", "the server is stopping");
const tooMany = () =>
  new MurmurationError("unavailable", `${readsUnderWayMax} reads that take long are under way already`);
const ended = () => new MurmurationError("internal", "the reader thread that answered ended");
