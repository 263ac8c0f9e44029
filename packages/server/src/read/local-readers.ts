import { type CollectionHandle, CollectionReader, type PayloadReader, type Sliced } from "@murmuration/index";
import { ReadTurns } from "../http/read-turns.js";
import type { ReaderAnswer, ReaderCounters, Readers, ReadingLimits } from "./readers.js";
import type { Reading } from "./reading.js";
import { runReading } from "./run-reading.js";

/** Carries readings out in this thread. They take turns with each other and with everything else in it. */
export class LocalReaders implements Readers {
  readonly #thread: number;
  readonly #payloads: PayloadReader;
  readonly #turns: ReadTurns;
  readonly #collections = new Map<CollectionHandle, CollectionReader>();

  /** `thread`: this thread's place on tables and graphs. */
  constructor(thread: number, payloads: PayloadReader, turns = new ReadTurns()) {
    this.#thread = thread;
    this.#payloads = payloads;
    this.#turns = turns;
  }

  async read(handles: readonly CollectionHandle[], reading: Reading, limits: ReadingLimits): Promise<ReaderAnswer> {
    const begun = this.begin(handles, reading, limits);
    return begun instanceof Promise ? begun : begun.value;
  }

  /** The same without a promise where it is done at once: then it throws. */
  begin(
    handles: readonly CollectionHandle[],
    reading: Reading,
    limits: ReadingLimits,
  ): { readonly value: ReaderAnswer } | Promise<ReaderAnswer> {
    const work: Sliced<ReaderAnswer> = runReading(
      handles.map((handle) => this.#readerOf(handle)),
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

  #readerOf(handle: CollectionHandle): CollectionReader {
    const known = this.#collections.get(handle);
    if (known !== undefined) return known;
    const reader = new CollectionReader(handle, this.#thread, this.#payloads);
    this.#collections.set(handle, reader);
    return reader;
  }
}
