import {
  advance,
  emptyVersionVector,
  type MutableVersionVector,
  mergeVersionVectors,
  sequenceOf,
  sortedEntries,
  type VersionVector,
  versionVectorDelta,
} from "../causality/version-vector.js";
import { dotOf, type OperationHeader } from "../operation/operation.js";
import type { Journal } from "./journal.js";

type Entries = readonly (readonly [origin: number, sequence: number])[];

/** What `CausalState.toJson` gives: plain data for a setting or a snapshot. */
export interface StoredCausalState {
  readonly frontier: Entries;
  readonly declared: readonly (readonly [origin: number, entries: Entries])[];
}

/** The past of an operation on top of what its origin had declared. */
interface KnownPast {
  readonly operation: OperationHeader;
  readonly before: VersionVector | undefined;
  /** Everything that the origin has declared with it. */
  readonly declared: VersionVector;
  readonly past: VersionVector;
}

/**
 * What a shard holds and what each origin knew: the frontier, and per origin everything that its operations so far declared to depend
 * on. Operations say only what their origin has learned since its previous one (see `OperationHeader.dependencies`); here it is put
 * together again.
 */
export class CausalState {
  readonly #frontier: MutableVersionVector;
  readonly #declared: Map<number, VersionVector>;
  /** Of the operation asked for last: who checks one applies it next. */
  #known: KnownPast | undefined;

  constructor(stored?: StoredCausalState) {
    this.#frontier = new Map(stored?.frontier);
    this.#declared = new Map((stored?.declared ?? []).map(([origin, entries]) => [origin, new Map(entries)]));
  }

  /** Origin → highest contiguous sequence applied. */
  get frontier(): VersionVector {
    return this.#frontier;
  }

  /** Dependencies of the next operation of this origin when it is written here and now. */
  dependenciesOf(origin: number): VersionVector {
    const seen = new Map(this.#frontier);
    seen.delete(origin);
    return versionVectorDelta(seen, this.#declared.get(origin) ?? emptyVersionVector);
  }

  /**
   * Take the next operation of its origin into the frontier. Returns its causal past: everything its planner had applied, earlier
   * operations of its own origin included.
   */
  advance(operation: OperationHeader, journal?: Journal): VersionVector {
    const { origin } = operation;
    const before = this.#declared.get(origin);
    const { declared, past } = this.#knownPast(operation);
    if (declared !== before && declared.size > 0) {
      this.#declared.set(origin, declared);
      journal?.push(() => {
        if (before === undefined) this.#declared.delete(origin);
        else this.#declared.set(origin, before);
      });
    }
    const sequenceBefore = this.#frontier.get(origin);
    advance(this.#frontier, dotOf(operation));
    journal?.push(() => {
      if (sequenceBefore === undefined) this.#frontier.delete(origin);
      else this.#frontier.set(origin, sequenceBefore);
    });
    return past;
  }

  /** The causal past of the next operation of its origin, as `advance` returns it. Changes nothing. */
  pastOf(operation: OperationHeader): VersionVector {
    return this.#knownPast(operation).past;
  }

  #knownPast(operation: OperationHeader): KnownPast {
    const { origin, sequence, dependencies } = operation;
    const before = this.#declared.get(origin);
    if (this.#known?.operation === operation && this.#known.before === before) return this.#known;
    const all = before ?? emptyVersionVector;
    const declared = dependencies.size === 0 ? all : mergeVersionVectors(all, dependencies);
    const past = sequence === 1 ? declared : new Map(declared).set(origin, sequence - 1);
    this.#known = { operation, before, declared, past };
    return this.#known;
  }

  /** Highest sequence of `of` that an operation of `origin` has declared to know. */
  knownTo(origin: number, of: number): number {
    return origin === of
      ? sequenceOf(this.#frontier, of)
      : sequenceOf(this.#declared.get(origin) ?? emptyVersionVector, of);
  }

  toJson(): StoredCausalState {
    return {
      frontier: sortedEntries(this.#frontier),
      declared: [...this.#declared]
        .sort(([a], [b]) => a - b)
        .map(([origin, entries]) => [origin, sortedEntries(entries)] as const),
    };
  }
}
