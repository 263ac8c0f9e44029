import sortedBTree from "sorted-btree";
import { covers, mergeInto, sequenceOf, type VersionVector } from "../causality/version-vector.js";
import { limits } from "../limits.js";
import type { Operation } from "../operation/operation.js";
import { mark, planted } from "../planted.js";

/** An operation with the bytes that stand for it in the log. */
export interface ReceivedOperation {
  readonly operation: Operation;
  readonly bytes: Uint8Array;
  /** Replica that sent it; missing for one that was made here. */
  readonly from?: number;
}

/** Operations of an origin that are not here: those behind `after`, up to and including `upTo`. */
export interface Gap {
  readonly origin: number;
  readonly after: number;
  readonly upTo: number;
}

const BTree = sortedBTree.default;
/** Of one origin: what waits, by sequence. */
type Waiting = InstanceType<typeof BTree<number, ReceivedOperation>>;

/**
 * Operations of one shard that came before something they follow. Hands them out in causal order. Its memory is bounded: what does not
 * fit is dropped, farthest from its turn first, and asked for again: the sender's log is the queue.
 *
 * Room is made only when nothing more can be handed out. An operation whose turn it is therefore always gets through, however large it
 * is and however much waits for it.
 */
export class CausalInbox {
  readonly #origins = new Map<number, Waiting>();
  readonly #bytesMax: number;
  /** What is known to exist from what came: operations and what they follow. */
  #known = new Map<number, number>();
  #bytes = 0;
  #dropped = 0;

  constructor(bytesMax: number = limits.inboxBytesMax) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes of the operations that wait. Within the bound when `next` has last returned nothing. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Operations dropped for want of room so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Take operations, in any order. Those that wait already change nothing. The bytes must stay as they are: they are kept, not copied.
   * Call `next` until it returns nothing before offering more, or the bound is not kept.
   */
  offer(operations: readonly ReceivedOperation[]): void {
    for (const received of operations) {
      const { origin, sequence, dependencies } = received.operation;
      let waiting = this.#origins.get(origin);
      if (waiting === undefined) {
        waiting = new BTree<number, ReceivedOperation>();
        this.#origins.set(origin, waiting);
      }
      if (!waiting.setIfNotPresent(sequence, received)) continue;
      this.#bytes += received.bytes.byteLength;
      if (sequence > sequenceOf(this.#known, origin)) this.#known.set(origin, sequence);
      mergeInto(this.#known, dependencies);
    }
  }

  /** Takes the next operation whose turn it is at this frontier. With none, makes room and returns nothing. */
  next(frontier: VersionVector): ReceivedOperation | undefined {
    for (const [origin, waiting] of this.#origins) {
      const turn = sequenceOf(frontier, origin) + 1;
      this.#dropApplied(origin, waiting, turn);
      const received = waiting.get(turn);
      if (received === undefined) continue;
      if (!covers(frontier, received.operation.dependencies) && !planted.has("skip-causal-wait")) continue;
      this.#remove(origin, waiting, turn);
      return received;
    }
    this.#makeRoom(frontier);
    return undefined;
  }

  /** Does an operation of this name wait here? */
  has(origin: number, sequence: number): boolean {
    return this.#origins.get(origin)?.has(sequence) === true;
  }

  /** What must exist because it came or because something that came follows it; of each origin the highest sequence. */
  wanted(): VersionVector {
    return this.#known;
  }

  /**
   * The first gap of each origin between the frontier and what is known to exist, ascending by origin. What came from behind a gap is
   * not asked for again. `known` is what others say to hold.
   */
  missing(frontier: VersionVector, known: VersionVector): Gap[] {
    const highest = new Map(known);
    mergeInto(highest, this.#known);
    const gaps: Gap[] = [];
    for (const origin of [...highest.keys()].sort((a, b) => a - b)) {
      const waiting = this.#origins.get(origin);
      let after = sequenceOf(frontier, origin);
      while (waiting?.has(after + 1) === true) after += 1;
      const through = sequenceOf(highest, origin);
      if (after >= through) continue;
      const nextHeld = waiting?.nextHigherKey(after);
      gaps.push({ origin, after, upTo: nextHeld === undefined ? through : nextHeld - 1 });
    }
    return gaps;
  }

  /** Forget what waits of one origin. */
  clear(origin: number): void {
    for (const { bytes } of this.#origins.get(origin)?.values() ?? []) this.#bytes -= bytes.byteLength;
    this.#origins.delete(origin);
    this.#known.delete(origin);
  }

  /** Drop what the frontier has passed, as after a snapshot. */
  #dropApplied(origin: number, waiting: Waiting, turn: number): void {
    for (let lowest = waiting.minKey(); lowest !== undefined && lowest < turn; lowest = waiting.minKey()) {
      this.#remove(origin, waiting, lowest);
    }
  }

  #makeRoom(frontier: VersionVector): void {
    while (this.#bytes > this.#bytesMax) {
      let farthest = 0;
      let distance = -1;
      for (const [origin, waiting] of this.#origins) {
        const behind = (waiting.maxKey() as number) - sequenceOf(frontier, origin);
        if (behind > distance || (behind === distance && origin > farthest)) [farthest, distance] = [origin, behind];
      }
      const waiting = this.#origins.get(farthest) as Waiting;
      this.#remove(farthest, waiting, waiting.maxKey() as number);
      this.#dropped += 1;
      mark("inbox full");
    }
  }

  #remove(origin: number, waiting: Waiting, sequence: number): void {
    this.#bytes -= (waiting.get(sequence) as ReceivedOperation).bytes.byteLength;
    waiting.delete(sequence);
    if (waiting.size > 0) return;
    this.#origins.delete(origin);
    // nothing waits: what exists is known from heartbeats again
    if (this.#origins.size === 0) this.#known = new Map();
  }
}
