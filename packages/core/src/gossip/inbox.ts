import sortedBTree from "sorted-btree";
import { covers, mergeInto, sequenceOf, type VersionVector } from "../causality/version-vector.js";
import { limits } from "../limits.js";
import { mark } from "../marks.js";
import type { Operation } from "../operation/operation.js";
import { isPlanted } from "../planted.js";

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

/** Of one origin: what waits, by sequence, and its bytes. */
class Waiting {
  readonly bySequence = new BTree<number, ReceivedOperation>();
  bytes = 0;
}

/** Origins that are remembered to have operations: all members there can be, and as many that are none. */
const KNOWN_MAX = 2 * limits.membersMax;

/**
 * Operations of one shard that came before something they follow. Hands them out in causal order. Its memory is bounded: what does not
 * fit is dropped and asked for again: the sender's log is the queue. It is dropped of the origin of which most waits, farthest from its turn
 * first, so that none takes up the room of the others.
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
        waiting = new Waiting();
        this.#origins.set(origin, waiting);
      }
      if (!waiting.bySequence.setIfNotPresent(sequence, received)) continue;
      this.#bytes += received.bytes.byteLength;
      waiting.bytes += received.bytes.byteLength;
      this.#noteKnown(origin, sequence);
      for (const [other, needed] of dependencies) this.#noteKnown(other, needed);
    }
  }

  #noteKnown(origin: number, sequence: number): void {
    const known = this.#known.get(origin);
    if (known === undefined ? this.#known.size < KNOWN_MAX : known < sequence) this.#known.set(origin, sequence);
  }

  /**
   * Takes the next operation whose turn it is at this frontier. With none, makes room and returns nothing. `waits`: does it wait for something that is
   * not in its shard?
   */
  next(frontier: VersionVector, waits?: (operation: Operation) => boolean): ReceivedOperation | undefined {
    for (const [origin, waiting] of this.#origins) {
      const turn = sequenceOf(frontier, origin) + 1;
      this.#dropApplied(origin, waiting, turn);
      const received = waiting.bySequence.get(turn);
      if (received === undefined) continue;
      if (!covers(frontier, received.operation.dependencies) && !isPlanted("skip-causal-wait")) continue;
      if (waits?.(received.operation) === true) continue;
      this.#remove(origin, waiting, turn);
      return received;
    }
    this.#makeRoom(frontier);
    return undefined;
  }

  /**
   * Operations whose turn it is and that wait for each other in a circle: none of them can ever be applied, and whoever wrote one of them
   * cannot have known the others. What merely waits for them is not among them: it may wait for good copies.
   */
  deadlocked(frontier: VersionVector): ReceivedOperation[] {
    const heads = new Map<number, ReceivedOperation>();
    for (const [origin, waiting] of this.#origins) {
      const head = waiting.bySequence.get(sequenceOf(frontier, origin) + 1);
      if (head !== undefined) heads.set(origin, head);
    }
    const waitsFor = (a: ReceivedOperation, b: number) =>
      sequenceOf(a.operation.dependencies, b) > sequenceOf(frontier, b);
    for (let isSmaller = heads.size > 0; isSmaller; ) {
      isSmaller = false;
      for (const [origin, head] of heads) {
        const others = [...head.operation.dependencies.keys()];
        const leadsOn = others.some((other) => heads.has(other) && waitsFor(head, other));
        const isLedTo = leadsOn && [...heads.values()].some((one) => waitsFor(one, origin));
        if (isLedTo) continue;
        heads.delete(origin);
        isSmaller = true;
      }
    }
    return [...heads.values()];
  }

  /** Does an operation of this name wait here? */
  has(origin: number, sequence: number): boolean {
    return this.#origins.get(origin)?.bySequence.has(sequence) === true;
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
      const waiting = this.#origins.get(origin)?.bySequence;
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
    this.#bytes -= this.#origins.get(origin)?.bytes ?? 0;
    this.#origins.delete(origin);
    this.#known.delete(origin);
  }

  /** Drop what the frontier has passed, as after a snapshot. */
  #dropApplied(origin: number, waiting: Waiting, turn: number): void {
    const { bySequence } = waiting;
    for (let lowest = bySequence.minKey(); lowest !== undefined && lowest < turn; lowest = bySequence.minKey()) {
      this.#remove(origin, waiting, lowest);
    }
  }

  #makeRoom(frontier: VersionVector): void {
    while (this.#bytes > this.#bytesMax) {
      const last = (waiting: Waiting) => waiting.bySequence.maxKey() as number;
      const [origin, waiting] = [...this.#origins].reduce((a, b) => {
        const distances = last(b[1]) - sequenceOf(frontier, b[0]) - (last(a[1]) - sequenceOf(frontier, a[0]));
        return (b[1].bytes - a[1].bytes || distances || b[0] - a[0]) > 0 ? b : a;
      });
      this.#remove(origin, waiting, last(waiting));
      this.#dropped += 1;
      mark("inbox full");
    }
  }

  #remove(origin: number, waiting: Waiting, sequence: number): void {
    const { byteLength } = (waiting.bySequence.get(sequence) as ReceivedOperation).bytes;
    this.#bytes -= byteLength;
    waiting.bytes -= byteLength;
    waiting.bySequence.delete(sequence);
    if (waiting.bySequence.size > 0) return;
    this.#origins.delete(origin);
    // nothing waits: what exists is known from heartbeats again
    if (this.#origins.size === 0) this.#known = new Map();
  }
}
