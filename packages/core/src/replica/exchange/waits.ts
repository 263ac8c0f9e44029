import { MurmurationError } from "@murmuration/index";
import { covers, emptyVersionVector, sequenceOf, type VersionVector } from "../../causality/version-vector.js";
import { type ConsistencyLevel, membersNeeded } from "../../consistency/level.js";
import { Quorum, type QuorumAnswer } from "../../consistency/quorum.js";
import type { SessionToken } from "../../consistency/token.js";
import type { Frontiers, IndexWait, ReadWait, SettledWait, WaitRequest, WriteWait } from "../../consistency/wait.js";
import { limits } from "../../limits.js";
import { mark } from "../../marks.js";
import { isPlanted } from "../../planted.js";
import type { ReplicaStore } from "../commit/store.js";
import { SYSTEM_SHARD } from "../commit/stored-causality.js";

/** Who takes part in quorums, as this replica knows it. */
export interface Electorate {
  /** Ids of the members, ascending. */
  members(): readonly number[];
  /** Does this replica count as one of them? */
  countsItself(): boolean;
}

/** What is to be asked of members: "answer at once, and again when you hold this durably". */
export interface Questions {
  /** Counts them. */
  readonly round: number;
  /** Member → shard → what is waited for; nothing, where its frontier alone is of interest. */
  readonly byMember: ReadonlyMap<number, ReadonlyMap<string, VersionVector>>;
}

/** Counts of waits since the start. */
export interface WaitsStatus {
  readonly open: number;
  readonly quorumsReached: number;
  readonly quorumsMissed: number;
  /** Members that a read found behind, and that were told what they lack. */
  readonly repairs: number;
}

/** The electorate at one moment. */
interface Voters {
  readonly members: readonly number[];
  readonly countsItself: boolean;
}

interface OpenQuorum {
  readonly request: WriteWait | ReadWait;
  readonly needed: number;
  quorum: Quorum;
}

/** What a host does with waits: it begins them, and takes those that are over after each `receive`, `tick` and `execute`. */
export interface RequestWaits {
  /**
   * Begin to wait. Returns the id under which the outcome comes. Throws `validation` for a level of more members than there are or a time
   * beyond its bound, `unavailable` when too many wait.
   */
  begin(request: WaitRequest): number;
  /** Throws what `begin` would throw for this level now: a write asks before it is executed. */
  check(level: ConsistencyLevel, field: string): void;
  /** Nobody is interested in the outcome any more. */
  cancel(id: number): void;
  /** Takes the waits that are over. */
  settled(): SettledWait[];
}

/** Name of the parameter that gives the level of a read. */
const READ_FIELD = "consistency";

interface OpenWait {
  readonly request: WaitRequest;
  readonly deadlineMs: number;
  readonly open: OpenQuorum | undefined;
}

/**
 * What requests wait for on this replica: that members hold a write, that this replica holds what members held, that it covers a
 * session's token, that readers use an index. What members say comes from the exchange with them (`quorum-exchange.ts`).
 */
export class Waits implements RequestWaits {
  readonly #store: ReplicaStore;
  readonly #now: () => number;
  #electorate: Electorate;
  /** It takes part in no cluster. */
  #isAlone = true;
  readonly #open = new Map<number, OpenWait>();
  /** Members that reads found behind, with the shards. */
  #lagging = new Map<number, Set<string>>();
  #nextId = 1;
  #round = 0;
  #isAskDue = false;
  #lastMs: number | undefined;
  /** Time that has passed by the clock, jumps back left out: deadlines come even if the clock is put back. */
  #passedMs = 0;
  #reached = 0;
  #missed = 0;
  #repairs = 0;

  constructor(store: ReplicaStore, clock: { now(): number }) {
    this.#store = store;
    this.#now = () => clock.now();
    this.#electorate = { members: () => [store.id], countsItself: () => true };
  }

  /** From now on the members of a cluster decide. */
  join(electorate: Electorate): void {
    this.#electorate = electorate;
    this.#isAlone = false;
  }

  begin(request: WaitRequest): number {
    const { timeoutMs } = request;
    if (!(timeoutMs >= 0 && timeoutMs <= limits.waitMsMax)) {
      throw new MurmurationError("validation", `timeout: from 0 to ${limits.waitMsMax} ms can be waited`, "timeout");
    }
    if (this.#open.size >= limits.openWaitsMax) {
      throw new MurmurationError("unavailable", `${limits.openWaitsMax} requests wait for other replicas already`);
    }
    const open = request.kind === "write" || request.kind === "read" ? this.#openQuorum(request) : undefined;
    const id = this.#nextId++;
    this.#open.set(id, { request, deadlineMs: this.#passed() + timeoutMs, open });
    if (open !== undefined) this.#isAskDue = true;
    return id;
  }

  check(level: ConsistencyLevel, field: string): void {
    this.#needed(level, this.#electorate.members(), field);
  }

  cancel(id: number): void {
    this.#open.delete(id);
  }

  settled(): SettledWait[] {
    if (this.#open.size === 0) return [];
    const passedMs = this.#passed();
    const voters = { members: this.#electorate.members(), countsItself: this.#electorate.countsItself() };
    const settled: SettledWait[] = [];
    for (const [id, wait] of this.#open) {
      const outcome = this.#settle(id, wait, voters, passedMs >= wait.deadlineMs);
      if (outcome === undefined) continue;
      this.#open.delete(id);
      settled.push(outcome);
    }
    return settled;
  }

  status(): WaitsStatus {
    return {
      open: this.#open.size,
      quorumsReached: this.#reached,
      quorumsMissed: this.#missed,
      repairs: this.#repairs,
    };
  }

  // ---- for the exchange with the members

  /** A member said what it holds durably, over the members `members`. Over other members than this replica knows it does not count. */
  note(answer: QuorumAnswer, members: readonly number[]): void {
    const mine = this.#electorate.members();
    if (!areEqual(mine, members)) return;
    for (const { open } of this.#open.values()) {
      if (open !== undefined && areEqual(open.quorum.members, mine)) open.quorum.note(answer);
    }
  }

  /** Ask all again that have not answered. */
  askAgain(): void {
    this.#isAskDue = this.#open.size > 0;
  }

  /** Takes the questions that are to be sent now, in a round of their own. */
  questions(): Questions | undefined {
    if (!this.#isAskDue) return undefined;
    this.#isAskDue = false;
    this.#round++;
    const byMember = new Map<number, Map<string, VersionVector>>();
    for (const { open } of this.#open.values()) {
      if (open === undefined) continue;
      for (const member of open.quorum.members) {
        if (member === this.#store.id || !open.quorum.lacks(member)) continue;
        const wanted = byMember.get(member) ?? new Map<string, VersionVector>();
        byMember.set(member, wanted);
        this.#want(wanted, open.request);
      }
    }
    return byMember.size === 0 ? undefined : { round: this.#round, byMember };
  }

  /** Takes the members that lag behind what reads have seen, with the shards. */
  takeLagging(): ReadonlyMap<number, ReadonlySet<string>> {
    const lagging = this.#lagging;
    if (lagging.size > 0) this.#lagging = new Map();
    return lagging;
  }

  #want(wanted: Map<string, VersionVector>, request: WriteWait | ReadWait): void {
    const { id } = this.#store;
    for (const shard of shardsOf(request)) {
      const before = wanted.get(shard) ?? emptyVersionVector;
      const sequence = Math.max(sequenceOf(before, id), request.kind === "write" ? request.operationId : 0);
      wanted.set(shard, sequence === 0 ? emptyVersionVector : new Map([[id, sequence]]));
    }
  }

  // ---- settling

  #openQuorum(request: WriteWait | ReadWait): OpenQuorum {
    const members = this.#electorate.members();
    const field = request.kind === "write" ? "write_consistency" : READ_FIELD;
    const needed = this.#needed(request.level, members, field);
    return { request, needed, quorum: this.#newQuorum(request, members) };
  }

  #needed(level: ConsistencyLevel, members: readonly number[], field: string): number {
    if (isLocal(level)) return 0;
    if (members.length === 0) {
      throw new MurmurationError("unavailable", "this replica has joined no cluster yet: it knows of no members");
    }
    // where there are no others, a read from here sees all that there is
    if (this.#isAlone && field === READ_FIELD) return members.length;
    return membersNeeded(level, members.length, field);
  }

  /** Answers to questions that were sent before do not count. */
  #newQuorum(request: WriteWait | ReadWait, members: readonly number[]): Quorum {
    const subject = { self: this.#store.id, request, shards: shardsOf(request) };
    return new Quorum(subject, members, this.#round + 1);
  }

  #settle(id: number, { request, open }: OpenWait, voters: Voters, isLate: boolean): SettledWait | undefined {
    // what is not in the log yet may be forgotten, and its name given again
    const isDurable = this.#store.isDurable();
    if (request.kind === "index") return this.#settleIndex(id, request, isLate);
    if (open === undefined) {
      const { token } = request as Extract<WaitRequest, { kind: "session" }>;
      if (isDurable && (this.#holds(token) || isPlanted("token-unchecked"))) return { id, result: "covered" };
      return isLate ? { id, result: "not-covered" } : undefined;
    }
    const { members, countsItself } = voters;
    if (!areEqual(members, open.quorum.members)) {
      open.quorum = this.#newQuorum(open.request, members);
      this.#isAskDue = true;
    }
    const agreed = open.quorum.agreed((frontiers) => this.#holds(frontiers));
    if (agreed.length < open.quorum.answers().size) mark("read waited");
    if (countsItself) {
      agreed.push(this.#store.id);
      agreed.sort((a, b) => a - b);
    }
    const needed = neededAmong(open, members.length);
    const count = agreed.length + (isPlanted("quorum-counts-itself-twice") ? 1 : 0);
    if (isDurable && count >= needed) {
      this.#noteReached(open);
      return { id, result: "done", agreed, needed, members };
    }
    if (!isLate) return undefined;
    this.#missed++;
    mark("quorum missed");
    return { id, result: "quorum-missed", agreed, needed, members };
  }

  #settleIndex(id: number, { shard, path }: IndexWait, isLate: boolean): SettledWait | undefined {
    const target = this.#store.shards.get(shard);
    const isWanted = target !== undefined && Object.hasOwn(target.shard.collection.payloadIndexes, path);
    const progress = isWanted ? target.rows.columns.progressOf(path) : "shown";
    if (progress === "shown") return { id, result: "index-shown" };
    if (progress !== "building") return { id, result: "index-given-up", code: progress.code, reason: progress.message };
    return isLate ? { id, result: "index-building" } : undefined;
  }

  #noteReached({ request, needed, quorum }: OpenQuorum): void {
    if (needed > 1) mark("quorum reached");
    this.#reached++;
    if (request.kind !== "read") return;
    for (const [member, frontiers] of quorum.answers()) {
      for (const [shard, frontier] of frontiers) {
        const held = this.#store.causality(shard)?.frontier;
        if (held === undefined || covers(frontier, held)) continue;
        if (!this.#lagging.has(member)) this.#repairs++;
        this.#lagging.set(member, (this.#lagging.get(member) ?? new Set()).add(shard));
      }
    }
  }

  /** Does this replica hold all of it? A shard that is not here was deleted, if what is known of the catalogue is held. */
  #holds(wanted: Frontiers): boolean {
    for (const [shard, frontier] of wanted) {
      const held = this.#store.causality(shard)?.frontier;
      if (held === undefined && wanted.has(SYSTEM_SHARD)) continue;
      if (!covers(held ?? emptyVersionVector, frontier)) return false;
    }
    return true;
  }

  #passed(): number {
    const nowMs = this.#now();
    this.#passedMs += Math.max(0, nowMs - (this.#lastMs ?? nowMs));
    this.#lastMs = nowMs;
    return this.#passedMs;
  }
}

/** Copies of the frontiers of those of these shards that are here. */
export function frontiersOf(store: ReplicaStore, shards: Iterable<string>): SessionToken {
  const frontiers = new Map<string, VersionVector>();
  for (const shard of shards) {
    const held = store.causality(shard)?.frontier;
    if (held !== undefined) frontiers.set(shard, new Map(held));
  }
  return frontiers;
}

/** Shards that a wait is about. */
function shardsOf(request: WriteWait | ReadWait): string[] {
  return request.kind === "write" ? [request.shard] : [...new Set([SYSTEM_SHARD, ...request.shards])];
}

function isLocal(level: ConsistencyLevel): boolean {
  return level.kind === "eventual" || level.kind === "session";
}

/** As many as were needed when the wait began, or as the level asks for now that members have come or gone. */
function neededAmong({ request: { level }, needed }: OpenQuorum, members: number): number {
  return level.kind === "quorum" || level.kind === "all" ? membersNeeded(level, Math.max(1, members), "") : needed;
}

function areEqual(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((member, i) => member === b[i]);
}
