import type { CollectionHandle } from "@murmuration/index";
import type { ReadReport } from "./read-report.js";
import type { AnswerPieces, Reading } from "./reading.js";

/** A collection that can be read. */
export interface ReadableCollection {
  /** Id of the shard that it is: its payloads are kept under that. */
  readonly shard: string;
  /** By this very object it is known: another one is another collection, as where a shard is replaced. */
  readonly handle: CollectionHandle;
}

/** How long a reading may take, and whether anybody waits for it. */
export interface ReadingLimits {
  /** On the clock of `performance.now()` of the thread that asks; past it the reading fails with `timeout`. */
  readonly deadlineMs: number;
  /** What the client is told that it is over. */
  readonly timeoutMs: number;
  /** Does nobody wait for the answer any more? Asked now and then. */
  readonly isAbandoned: () => boolean;
}

/** What a reading came to, and what it is as of. */
export interface ReaderAnswer {
  readonly pieces: AnswerPieces;
  /** The epoch of each collection that it read, by its place. */
  readonly epochs: readonly number[];
  /** Was no operation applied to a graph while it was walked? Missing where none was. */
  readonly settled?: boolean;
  /** Of one that was to be watched. */
  readonly report?: ReadReport;
}

/** What is known of those who read. */
export interface ReaderCounters {
  /** Threads that read, or will as soon as they have started. */
  readonly readers: number;
  /** Threads that there are places for: also those that ended and come again. */
  readonly places: number;
  /** Readings that are not answered yet. */
  readonly underWay: number;
  /** Threads that ended, or were given up, since the start. */
  readonly lost: number;
}

/** Port: whoever carries out readings, in threads or in this one. */
export interface Readers {
  /**
   * The reading names its collections by their places. Rejects with what the read is refused with; with `timeout` past its deadline,
   * `unavailable` where too many are under way or nobody waits for it, `internal` where its thread has ended.
   */
  read(collections: readonly ReadableCollection[], reading: Reading, limits: ReadingLimits): Promise<ReaderAnswer>;
  /** The collection is not read any more: what is kept for it goes. What reads it already goes on; until that is over, it must not come again. */
  forget(handle: CollectionHandle): void;
  counters(): ReaderCounters;
  /** Nothing is read any more. */
  close(): Promise<void>;
}
