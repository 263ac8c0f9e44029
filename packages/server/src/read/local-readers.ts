import { type CollectionHandle, CollectionReader, type PayloadReader, type Sliced } from "@murmuration/index";
import { ReadTurns } from "../http/read-turns.js";
import { FIRST_READER_THREAD } from "../threads/thread-places.js";
import type { ReadableCollection, ReaderAnswer, ReaderCounters, Readers, ReadingLimits } from "./readers.js";
import type { Reading } from "./reading.js";
import { runReading } from "./run-reading.js";

/** The payloads of a shard, as this thread reads them. */
export type PayloadsOf = (shard: string) => PayloadReader;

/** Carries readings out in this thread. They take turns with each other and with everything else in it. */
export class LocalReaders implements Readers {
  readonly #thread: number;
  readonly #payloadsOf: PayloadsOf;
  readonly #turns: ReadTurns;
  readonly #collections = new Map<CollectionHandle, CollectionReader>();

  /** `thread`: the place on tables and graphs that these readings have; whoever else is in this thread has another one. */
  constructor(payloadsOf: PayloadsOf, thread = FIRST_READER_THREAD, turns = new ReadTurns()) {
    this.#thread = thread;
    this.#payloadsOf = payloadsOf;
    this.#turns = turns;
  }

  async read(
    collections: readonly ReadableCollection[],
    reading: Reading,
    limits: ReadingLimits,
  ): Promise<ReaderAnswer> {
    const begun = this.begin(collections, reading, limits);
    return begun instanceof Promise ? begun : begun.value;
  }

  /** The same without a promise where it is done at once: then it throws. */
  begin(
    collections: readonly ReadableCollection[],
    reading: Reading,
    limits: ReadingLimits,
  ): { readonly value: ReaderAnswer } | Promise<ReaderAnswer> {
    const work: Sliced<ReaderAnswer> = runReading(
      collections.map((one) => this.#readerOf(one)),
      reading,
    );
    return this.#turns.begin(work, { ...limits, onFixed: () => undefined });
  }

  forget(handle: CollectionHandle): void {
    this.#collections.delete(handle);
  }

  counters(): ReaderCounters {
    return { readers: 0, underWay: this.#turns.underWay, lost: 0 };
  }

  async close(): Promise<void> {
    this.#collections.clear();
  }

  #readerOf({ shard, handle }: ReadableCollection): CollectionReader {
    const known = this.#collections.get(handle);
    if (known !== undefined) return known;
    const reader = new CollectionReader(handle, this.#thread, this.#payloadsOf(shard));
    this.#collections.set(handle, reader);
    return reader;
  }
}
