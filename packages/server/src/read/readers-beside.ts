import type { CollectionHandle } from "@murmuration/index";
import { isBrief } from "./brief-reading.js";
import type { LocalReaders } from "./local-readers.js";
import type { ReaderPool } from "./reader-pool.js";
import type { ReadableCollection, ReaderAnswer, ReaderCounters, Readers, ReadingLimits } from "./readers.js";
import type { Reading } from "./reading.js";

/** A reading that takes longer here is begun anew in a thread. */
const HERE_MS = 1;

/** A brief reading that waits for the end of the turn. */
interface Gathered {
  readonly collections: readonly ReadableCollection[];
  readonly reading: Reading;
  readonly limits: ReadingLimits;
  readonly resolve: (answer: ReaderAnswer | Promise<ReaderAnswer>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Readers in threads, and this thread beside them: a brief reading that comes alone while no thread is awake is read here, since waking one and
 * hearing of it costs as much as such a reading. Those that come together go to the threads in one message, which costs little. Nothing else
 * in this thread waits for longer than about a millisecond and the step that was begun in it.
 */
export class ReadersBeside implements Readers {
  readonly #pool: ReaderPool;
  readonly #local: LocalReaders;
  #gathered: Gathered[] = [];
  /** A module of WebAssembly has failed here, and may have left anything behind. */
  #isBroken = false;

  constructor(pool: ReaderPool, local: LocalReaders) {
    this.#pool = pool;
    this.#local = local;
  }

  read(collections: readonly ReadableCollection[], reading: Reading, limits: ReadingLimits): Promise<ReaderAnswer> {
    if (this.#isBroken || !isBrief(collections, reading)) return this.#pool.read(collections, reading, limits);
    return new Promise((resolve, reject) => {
      if (this.#gathered.length === 0) setImmediate(() => this.#share());
      this.#gathered.push({ collections, reading, limits, resolve, reject });
    });
  }

  forget(handle: CollectionHandle): void {
    this.#local.forget(handle);
    this.#pool.forget(handle);
  }

  counters(): ReaderCounters {
    const counters = this.#pool.counters();
    return { ...counters, underWay: counters.underWay + this.#gathered.length };
  }

  async close(): Promise<void> {
    this.#isBroken = true;
    await Promise.all([this.#local.close(), this.#pool.close()]);
  }

  #share(): void {
    const gathered = this.#gathered;
    this.#gathered = [];
    const [first] = gathered;
    const isAlone = gathered.length === 1 && !this.#pool.isBusy;
    if (first !== undefined && isAlone && this.#readHere(first)) return;
    for (const one of gathered) this.#hand(one);
    this.#pool.send();
  }

  #hand({ collections, reading, limits, resolve }: Gathered): void {
    resolve(this.#pool.read(collections, reading, limits));
  }

  /** false: it is for a thread to answer. */
  #readHere({ collections, reading, limits, resolve, reject }: Gathered): boolean {
    if (this.#isBroken || limits.isAbandoned() || performance.now() >= limits.deadlineMs) return false;
    try {
      const answer = this.#local.readWithin(HERE_MS, collections, reading);
      if (answer === undefined) return false;
      resolve(answer);
    } catch (error) {
      if (error instanceof Error && error.name === "RuntimeError") {
        this.#isBroken = true;
        this.#local.release();
        return false;
      }
      reject(error);
    }
    return true;
  }
}
