import { covers, emptyVersionVector, sequenceOf, type VersionVector } from "../causality/version-vector.js";
import { isPlanted } from "../planted.js";

type Frontiers = ReadonlyMap<string, VersionVector>;

/** What a member said to hold of one shard, with what it held of the system shard when it said so. */
interface Report {
  readonly held: VersionVector;
  readonly system: VersionVector;
}

/** A member that keeps what is known from being complete. */
export interface WaitedFor {
  readonly member: number;
  /** What is missing: a word from it; that it and this replica know the same of the catalogue; operations that it said to hold. */
  readonly lacks: "word" | "catalogue" | "operations";
}

interface MemberState {
  /** The last heartbeat. */
  newest: Frontiers;
  /** By shard: the latest report that counts. */
  readonly counted: Map<string, Report>;
  /** By shard: the report that is to count next. */
  readonly pending: Map<string, Report>;
}

/**
 * Causal stability: what every member is known to hold (replication.md). A member's report on a shard counts only
 *  - when its sender knew the members that this replica knows: else the minimum would be over the wrong set;
 *  - when this replica holds everything that it reports: an operation that its sender had written without knowing of what it
 *    now reports to hold must have arrived here. Only then can nothing concurrent with it still come.
 *
 * Shards are counted apart: one that lags behind holds no other up.
 */
export class Stability {
  readonly #self: number;
  readonly #systemShard: string;
  readonly #members = new Map<number, MemberState>();
  readonly #stable = new Map<string, Map<number, number>>();
  #everyoneCounts = false;
  #everyoneKnows = false;
  #waitedFor: readonly WaitedFor[] = [];

  constructor(self: number, systemShard: string) {
    this.#self = self;
    this.#systemShard = systemShard;
  }

  /** A member says what it holds, by shard. The map is kept. */
  note(member: number, frontiers: Frontiers): void {
    const state = this.#members.get(member);
    if (state === undefined) {
      this.#members.set(member, { newest: frontiers, counted: new Map(), pending: new Map() });
    } else {
      state.newest = frontiers;
    }
  }

  /**
   * Count what counts now. `active` are the members, this replica among them or not; `membership` is the frontier of the system shard at
   * which they were last changed, `own` what this replica holds, by shard.
   */
  settle(active: readonly number[], membership: VersionVector, own: Frontiers): void {
    const others = active.filter((member) => member !== this.#self);
    const states = others.map((member) => this.#members.get(member));
    this.#forgetOthers(others, own);
    this.#everyoneCounts = true;
    const system = own.get(this.#systemShard) ?? emptyVersionVector;
    const lacking = new Map<number, WaitedFor["lacks"]>();
    for (const [i, state] of states.entries()) {
      const theirs = state?.newest.get(this.#systemShard) ?? emptyVersionVector;
      const isAlike = covers(theirs, membership) && covers(system, theirs);
      if (!isAlike) lacking.set(others[i] as number, state === undefined ? "word" : "catalogue");
    }
    this.#everyoneKnows = lacking.size === 0;
    for (const [shard, frontier] of own) {
      const reports: VersionVector[] = [];
      for (const [i, state] of states.entries()) {
        const report = state === undefined ? undefined : this.#count(state, shard, frontier);
        if (report !== undefined && (covers(report.system, membership) || isPlanted("stability-ignores-joiners")))
          reports.push(report.held);
        else if (!lacking.has(others[i] as number)) lacking.set(others[i] as number, "operations");
      }
      if (reports.length === others.length) this.#raise(shard, frontier, reports);
      else this.#everyoneCounts = false;
    }
    this.#waitedFor = [...lacking].map(([member, lacks]) => ({ member, lacks }));
  }

  /** The members for want of whose word, or of what they hold, not everyone counts; as of the last `settle`. */
  waitedFor(): readonly WaitedFor[] {
    return this.#waitedFor;
  }

  /** Has every other active member been heard to know the members, with all that it held then received here? */
  everyoneCounts(): boolean {
    return this.#everyoneCounts;
  }

  /** Does every other active member know the members that this replica knows, and this replica all that they know of them? */
  everyoneKnows(): boolean {
    return this.#everyoneKnows;
  }

  /** What every member holds of a shard, without anything concurrent still to come. Never goes back. */
  stable(shard: string): VersionVector {
    return this.#stable.get(shard) ?? emptyVersionVector;
  }

  /** The latest report of a member that counts, after taking in those that count by now. */
  #count(state: MemberState, shard: string, frontier: VersionVector): Report | undefined {
    const newest = {
      held: state.newest.get(shard) ?? emptyVersionVector,
      system: state.newest.get(this.#systemShard) ?? emptyVersionVector,
    };
    // the pending one stays: were it replaced each time, a replica that always lags a little would never count any
    const pending = state.pending.get(shard);
    if (pending !== undefined && covers(frontier, pending.held)) {
      state.counted.set(shard, pending);
      state.pending.delete(shard);
    }
    if (covers(frontier, newest.held) || isPlanted("stability-uncovered")) {
      state.counted.set(shard, newest);
      state.pending.delete(shard);
    } else if (!state.pending.has(shard)) {
      state.pending.set(shard, newest);
    }
    return state.counted.get(shard);
  }

  #raise(shard: string, frontier: VersionVector, reports: readonly VersionVector[]): void {
    let stable = this.#stable.get(shard);
    if (stable === undefined) {
      stable = new Map();
      this.#stable.set(shard, stable);
    }
    for (const [origin, held] of frontier) {
      let least = held;
      for (const report of reports) least = Math.min(least, sequenceOf(report, origin));
      if (least > sequenceOf(stable, origin)) stable.set(origin, least);
    }
  }

  /** Those that are no members any more start anew should they come back; shards that are gone leave nothing. */
  #forgetOthers(others: readonly number[], own: Frontiers): void {
    for (const shard of this.#stable.keys()) if (!own.has(shard)) this.#stable.delete(shard);
    for (const [member, { counted, pending }] of this.#members) {
      for (const shard of counted.keys()) if (!own.has(shard)) counted.delete(shard);
      for (const shard of pending.keys()) if (!own.has(shard)) pending.delete(shard);
      if (!others.includes(member)) this.#members.delete(member);
    }
  }
}
