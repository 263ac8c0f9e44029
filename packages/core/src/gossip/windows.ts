import {
  emptyVersionVector,
  mergeVersionVectors,
  sequenceOf,
  sortedEntries,
  type VersionVector,
} from "../causality/version-vector.js";
import { readStoredWindows, type StoredWindows } from "./stored-windows.js";

/** Says that the nodes of `owner` up to `through` are linked to all foreign nodes up to `foreign` that they should be linked to. */
export interface WindowClosing {
  readonly owner: number;
  readonly through: number;
  readonly foreign: VersionVector;
}

/** Sequences behind `from`, up to and including `through`. */
export interface SequenceRange {
  readonly from: number;
  readonly through: number;
}

/** What an owner has to link: its nodes in a range to the foreign ones in others. */
export interface WindowWork extends SequenceRange {
  readonly foreign: ReadonlyMap<number, SequenceRange>;
}

/** Of origin `a` towards origin `b`. */
interface Pair {
  /** Highest sequence of an INSERT of `a` that is concurrent with some INSERT of `b`. */
  concurrent: number;
  /**
   * Hint for the owner: its nodes that are not linked yet are behind this, and foreign ones behind `foreignFrom`. Hints are not alike on
   * all replicas: what a replica had applied when a closing arrived is in them.
   */
  from: number;
  foreignFrom: number;
  /** The same of the work that was begun and is not closed, and how far it goes: lost with a crash, it is begun again. */
  begun: Begun | undefined;
}

interface Begun {
  readonly from: number;
  readonly through: number;
  readonly foreignFrom: number;
  readonly foreignThrough: number;
}

const NOTHING = Number.MAX_SAFE_INTEGER;

interface Closed {
  readonly through: number;
  readonly foreign: VersionVector;
}

/** Without a hint, from the start. */
const orStart = (hint: number) => (hint === NOTHING ? 0 : hint);

const notClosed: Closed = { through: 0, foreign: emptyVersionVector };

/**
 * Stitch windows: which origins inserted nodes without knowing of each other's, and have not linked them yet (docs/convergence.md).
 *
 * Whether a window is open is a function of the set of applied operations. Of two concurrent INSERTs, the one that is applied later
 * finds the other applied and not in its causal past, whatever the order; the other is then the last INSERT of its origin or
 * followed by one that is concurrent too. So the maxima below come out alike on every replica, and closings merge by maximum.
 *
 * A pair of origins is open while an INSERT of either that is concurrent with one of the other is beyond what the owner has closed.
 */
export class StitchWindows {
  readonly #lastInsert = new Map<number, number>();
  readonly #pairs = new Map<number, Map<number, Pair>>();
  readonly #closed = new Map<number, Closed>();
  /** Answer of `isOpen` until something changes. */
  #open: boolean | undefined = false;

  /** The windows of data made by `encode`. Throws `corrupt` for anything else. */
  static decode(data: unknown): StitchWindows {
    const stored = readStoredWindows(data);
    const windows = new StitchWindows();
    for (const [origin, sequence] of stored.lastInsert) windows.#lastInsert.set(origin, sequence);
    for (const [a, b, concurrent, from, foreignFrom] of stored.pairs) {
      Object.assign(windows.#pair(a, b), { concurrent, from, foreignFrom });
    }
    for (const [owner, through, foreign] of stored.closed) {
      windows.#closed.set(owner, { through, foreign: new Map(foreign) });
    }
    windows.#open = undefined;
    return windows;
  }

  /** Everything as plain data. Work that was begun is work to begin again. */
  encode(): StoredWindows {
    return {
      lastInsert: sortedEntries(this.#lastInsert),
      pairs: [...this.#eachPair()]
        .filter(([, , { concurrent }]) => concurrent > 0)
        .map(([a, b, pair]) => {
          const from = Math.min(pair.from, pair.begun?.from ?? NOTHING);
          const foreignFrom = Math.min(pair.foreignFrom, pair.begun?.foreignFrom ?? NOTHING);
          return [a, b, pair.concurrent, from, foreignFrom] as const;
        })
        .sort((x, y) => x[0] - y[0] || x[1] - y[1]),
      closed: [...this.#closed]
        .sort(([a], [b]) => a - b)
        .map(([owner, { through, foreign }]) => [owner, through, sortedEntries(foreign)] as const),
    };
  }

  /** An INSERT with this causal past is applied. Returns the step that takes it back. */
  applyInsert(origin: number, sequence: number, past: VersionVector): () => void {
    const undo: (() => void)[] = [];
    for (const [other, last] of this.#lastInsert) {
      const known = sequenceOf(past, other);
      if (other === origin || last <= known) continue;
      // the other origin's nodes behind `known` are concurrent with this one
      undo.push(this.#widen(other, origin, last, known, sequence - 1));
      undo.push(this.#widen(origin, other, sequence, sequence - 1, known));
    }
    const before = this.#lastInsert.get(origin);
    this.#lastInsert.set(origin, sequence);
    undo.push(() => {
      if (before === undefined) this.#lastInsert.delete(origin);
      else this.#lastInsert.set(origin, before);
    });
    return () => {
      for (const step of undo.reverse()) step();
    };
  }

  /** An owner has linked its nodes. Returns the step that takes it back. */
  close({ owner, through, foreign }: WindowClosing): () => void {
    const pairs = this.#pairs.get(owner) ?? new Map<number, Pair>();
    const closedBefore = this.#closed.get(owner);
    const pairsBefore = [...pairs.values()].map((pair) => [pair, { ...pair }] as const);
    const before = closedBefore ?? notClosed;
    this.#closed.set(owner, {
      through: Math.max(before.through, through),
      foreign: mergeVersionVectors(before.foreign, foreign),
    });
    for (const [other, pair] of pairs) {
      const { begun } = pair;
      // a closing may also be an older one, of an owner that somebody else cares for by now
      if (begun !== undefined && begun.through <= through && begun.foreignThrough <= sequenceOf(foreign, other)) {
        pair.begun = undefined;
      }
      if (!this.#isPairOpen(owner, other, pair)) {
        [pair.from, pair.foreignFrom, pair.begun] = [NOTHING, NOTHING, undefined];
      }
    }
    this.#open = undefined;
    return () => {
      for (const [pair, values] of pairsBefore) Object.assign(pair, values);
      if (closedBefore === undefined) this.#closed.delete(owner);
      else this.#closed.set(owner, closedBefore);
      this.#open = undefined;
    };
  }

  /** Is any window open? Then searches start at the entry points of all origins. */
  isOpen(): boolean {
    this.#open ??= this.#anyOpen();
    return this.#open;
  }

  /** Highest sequence of an INSERT of `a` that is concurrent with some INSERT of `b`, 0 for none. */
  concurrent(a: number, b: number): number {
    return this.#pairs.get(a)?.get(b)?.concurrent ?? 0;
  }

  /** What `owner` has to link now; the caller does it and closes it. What comes up meanwhile is work for the next call. */
  begin(owner: number): WindowWork | undefined {
    const foreign = new Map<number, SequenceRange>();
    let from = Number.POSITIVE_INFINITY;
    let through = 0;
    for (const [other, pair] of this.#pairs.get(owner) ?? []) {
      if (!this.#isPairOpen(owner, other, pair)) continue;
      const low = orStart(Math.min(pair.from, pair.begun?.from ?? NOTHING));
      const foreignLow = orStart(Math.min(pair.foreignFrom, pair.begun?.foreignFrom ?? NOTHING));
      const foreignThrough = this.concurrent(other, owner);
      from = Math.min(from, low);
      through = Math.max(through, pair.concurrent);
      foreign.set(other, { from: foreignLow, through: foreignThrough });
      pair.begun = { from: low, through: pair.concurrent, foreignFrom: foreignLow, foreignThrough };
      [pair.from, pair.foreignFrom] = [NOTHING, NOTHING];
    }
    return foreign.size === 0 ? undefined : { from, through, foreign };
  }

  #anyOpen(): boolean {
    for (const [a, b, pair] of this.#eachPair()) if (this.#isPairOpen(a, b, pair)) return true;
    return false;
  }

  *#eachPair(): IterableIterator<[number, number, Pair]> {
    for (const [a, pairs] of this.#pairs) for (const [b, pair] of pairs) yield [a, b, pair];
  }

  #pair(a: number, b: number): Pair {
    let ofA = this.#pairs.get(a);
    if (ofA === undefined) {
      ofA = new Map();
      this.#pairs.set(a, ofA);
    }
    let pair = ofA.get(b);
    if (pair === undefined) {
      pair = { concurrent: 0, from: NOTHING, foreignFrom: NOTHING, begun: undefined };
      ofA.set(b, pair);
    }
    return pair;
  }

  #isPairOpen(a: number, b: number, pair: Pair): boolean {
    const closed = this.#closed.get(a) ?? notClosed;
    return pair.concurrent > closed.through || this.concurrent(b, a) > sequenceOf(closed.foreign, b);
  }

  #widen(a: number, b: number, sequence: number, from: number, foreignFrom: number): () => void {
    const pair = this.#pair(a, b);
    const before = { ...pair };
    pair.concurrent = Math.max(pair.concurrent, sequence);
    pair.from = Math.min(pair.from, from);
    pair.foreignFrom = Math.min(pair.foreignFrom, foreignFrom);
    this.#open = undefined;
    return () => {
      Object.assign(pair, before);
      this.#open = undefined;
    };
  }
}
