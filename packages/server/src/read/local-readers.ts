import {
  AttachedSpaces,
  type CollectionHandle,
  CollectionReader,
  type OpenRowFile,
  type PayloadReader,
  releaseGraphThread,
  releaseThread,
  type Sliced,
} from "@murmuration/index";
import { ReadTurns } from "../http/read-turns.js";
import { FIRST_READER_THREAD } from "../threads/thread-places.js";
import { READER_COLLECTIONS_MAX } from "./read-limits.js";
import type { ReadableCollection, ReaderAnswer, ReaderCounters, Readers, ReadingLimits } from "./readers.js";
import type { Reading } from "./reading.js";
import { runReading } from "./run-reading.js";

/** The payloads of a shard, as this thread reads them. */
export type PayloadsOf = (shard: string) => PayloadReader;

/** A collection that this thread is attached to. */
interface Attached {
  readonly reader: CollectionReader;
  /** Readings of it under way. */
  uses: number;
}

/** Work on collections to which this thread stays attached until it is over. */
function* using<T>(
  collections: readonly Attached[],
  work: (readers: readonly CollectionReader[]) => Sliced<T>,
): Sliced<T> {
  for (const one of collections) one.uses++;
  try {
    return yield* work(collections.map(({ reader }) => reader));
  } finally {
    for (const one of collections) one.uses--;
  }
}

/** Carries readings out in this thread. They take turns with each other and with everything else in it. */
export class LocalReaders implements Readers {
  readonly #thread: number;
  readonly #payloadsOf: PayloadsOf;
  readonly #turns: ReadTurns;
  readonly #collectionsMax: number;
  readonly #openRows: OpenRowFile | undefined;
  #spaces = new AttachedSpaces();
  /** Forgotten ones that a reading under way still holds. */
  readonly #left = new Map<CollectionHandle, Attached>();
  /** Those that were read last are last, once there are many. */
  readonly #collections = new Map<CollectionHandle, Attached>();

  /** `thread`: the place on tables and graphs that these readings have; whoever else is in this thread has another one. */
  constructor(
    payloadsOf: PayloadsOf,
    thread = FIRST_READER_THREAD,
    turns = new ReadTurns(),
    collectionsMax = READER_COLLECTIONS_MAX,
    openRows?: OpenRowFile,
  ) {
    this.#openRows = openRows;
    this.#thread = thread;
    this.#payloadsOf = payloadsOf;
    this.#turns = turns;
    this.#collectionsMax = collectionsMax;
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
    const attached = collections.map((one) => this.#attachedTo(one));
    const work = using(attached, (readers) => runReading(readers, reading));
    return this.#turns.begin(work, { ...limits, onFixed: () => undefined });
  }

  /** The same in one go, if it takes no longer than so; `undefined`: it does, and nothing of it is done. Throws what the read is refused with. */
  readWithin(ms: number, collections: readonly ReadableCollection[], reading: Reading): ReaderAnswer | undefined {
    const untilMs = performance.now() + ms;
    const work = runReading(
      collections.map((one) => this.#attachedTo(one).reader),
      reading,
    );
    try {
      for (;;) {
        const step = work.next();
        if (step.done === true) return step.value;
        if (performance.now() >= untilMs) return undefined;
      }
    } finally {
      work.return(undefined as never);
    }
  }

  /** Nothing is read here any more, and whatever was left of it holds no rows and slots. */
  release(): void {
    for (const { table, spaces } of [...this.#collections.keys(), ...this.#left.keys()]) {
      releaseThread(table.memory, this.#thread);
      for (const { graph } of spaces) releaseGraphThread(graph, this.#thread);
    }
    this.#collections.clear();
    this.#left.clear();
    this.#spaces = new AttachedSpaces();
  }

  forget(handle: CollectionHandle): void {
    for (const [left, { uses }] of this.#left) if (uses === 0) this.#left.delete(left);
    const attached = this.#collections.get(handle);
    if (attached === undefined) return;
    this.#collections.delete(handle);
    if (attached.uses > 0) this.#left.set(handle, attached);
  }

  counters(): ReaderCounters {
    return { readers: 0, places: 0, underWay: this.#turns.underWay, lost: 0 };
  }

  async close(): Promise<void> {
    this.#collections.clear();
  }

  #attachedTo({ shard, handle }: ReadableCollection): Attached {
    const known = this.#collections.get(handle);
    if (known !== undefined) {
      if (this.#collections.size > this.#collectionsMax / 2) this.#putLast(handle, known);
      return known;
    }
    if (this.#collections.size >= this.#collectionsMax) this.#leaveOldest();
    const reader = new CollectionReader(handle, this.#thread, this.#payloadsOf(shard), this.#openRows, this.#spaces);
    const attached = { reader, uses: 0 };
    this.#collections.set(handle, attached);
    return attached;
  }

  #putLast(handle: CollectionHandle, attached: Attached): void {
    this.#collections.delete(handle);
    this.#collections.set(handle, attached);
  }

  /** Of those that nothing reads: attached anew, what a reading under way has pinned would be given free. */
  #leaveOldest(): void {
    for (const [handle, { uses }] of this.#collections) {
      if (uses > 0) continue;
      this.#collections.delete(handle);
      return;
    }
  }
}
