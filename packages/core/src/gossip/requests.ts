import { emptyVersionVector, sequenceOf, type VersionVector } from "../causality/version-vector.js";
import { limits } from "../limits.js";
import { mark } from "../marks.js";

/** Operations of an origin behind `after`, asked of a peer. */
export interface Request {
  readonly to: number;
  readonly shard: string;
  readonly origin: number;
  readonly after: number;
  readonly limit: number;
}

/** What is missing: operations of an origin behind `held`, up to `known`. */
export interface Missing {
  readonly shard: string;
  readonly origin: number;
  readonly held: number;
  readonly known: number;
  /** Peers to ask last. */
  readonly avoid?: ReadonlySet<number>;
}

/** What is known of a peer. */
export interface PeerFrontiers {
  readonly id: number;
  readonly heardMs: number;
  readonly frontiers: ReadonlyMap<string, VersionVector>;
}

/** A range that was asked for. */
interface Asked {
  readonly to: number;
  readonly after: number;
  readonly upTo: number;
  /** Silences in a row, this range and those before it. */
  readonly silences: number;
  /** Asked in vain since something came last. */
  readonly tried: ReadonlySet<number>;
  /** Was more known to be missing than one range takes? */
  readonly isFollowed: boolean;
  /** When it was asked for, or when something of it came last. */
  atMs: number;
  held: number;
  /** Of the answer, as far as it came. */
  bytes: number;
}

/** Operations from `first` on that a replica has sent. */
export interface AwaitedRange {
  readonly shard: string;
  readonly origin: number;
  readonly first: number;
}

interface Awaited {
  readonly after: number;
  readonly upTo: number;
  readonly untilMs: number;
}

/** What is missing since when: it may be on its way. */
interface Noticed {
  readonly known: number;
  readonly atMs: number;
}

const key = (shard: string, origin: number) => `${origin} ${shard}`;

/**
 * Decides what to ask of whom. What is missing is given a moment to arrive by itself: what says that it exists often comes a shorter way.
 * One range per origin and shard is under way at a time; one whose answer stops coming is asked again, of the next peer that holds it,
 * after a time that doubles up to a bound. A range is over when all of it came or when as many bytes came as one answer has.
 */
export class RequestPlanner {
  readonly #asked = new Map<string, Asked>();
  readonly #noticed = new Map<string, Noticed>();
  /** Per peer and range: what was asked of it and may still come. */
  readonly #awaited = new Map<string, Awaited>();
  /** Per range and peer: up to where its log is compacted. */
  readonly #compacted = new Map<string, Map<number, number>>();
  #needsSnapshot = new Set<string>();

  /** Operations came, asked for or not: this origin's are held up to `held` now. `bytes` is the size of what came. */
  noteArrived(shard: string, origin: number, held: number, bytes = 0): void {
    const asked = this.#asked.get(key(shard, origin));
    if (asked !== undefined && held > asked.held) asked.bytes += bytes;
  }

  /** Was this replica asked for operations of an origin, these among them, not so long ago? */
  isAwaited(from: number, { shard, origin, first }: AwaitedRange, nowMs: number): boolean {
    const awaited = this.#awaited.get(`${from} ${key(shard, origin)}`);
    return awaited !== undefined && first > awaited.after && first <= awaited.upTo && nowMs <= awaited.untilMs;
  }

  /** A peer's log does not hold these operations any more, up to `upTo` if it said so. What was not asked of it says nothing. */
  noteCompacted(from: number, shard: string, origin: number, upTo?: number): void {
    const name = key(shard, origin);
    const asked = this.#asked.get(name);
    if (asked === undefined || (asked.to !== from && !asked.tried.has(from))) return;
    const peers = this.#compacted.get(name) ?? new Map<number, number>();
    this.#compacted.set(name, peers.set(from, upTo ?? (asked?.after ?? 0) + 1));
    if (asked?.to === from) this.#asked.delete(name);
  }

  /** Shards of which no peer holds the missing operations any more. */
  needSnapshot(): readonly string[] {
    return [...this.#needsSnapshot];
  }

  /** A snapshot of the shard was taken over. */
  noteSnapshot(shard: string): void {
    for (const name of [...this.#compacted.keys()]) if (name.endsWith(` ${shard}`)) this.#compacted.delete(name);
    this.#needsSnapshot.delete(shard);
  }

  /** The requests to send now. `missing` is everything that is missing: what is not in it is not waited for any more. */
  plan(nowMs: number, missing: readonly Missing[], peers: readonly PeerFrontiers[]): Request[] {
    this.#forgetOthers(missing);
    for (const [name, { untilMs }] of this.#awaited)
      if (nowMs > untilMs || nowMs < untilMs - limits.answerAwaitedMs) this.#awaited.delete(name);
    this.#needsSnapshot = new Set();
    const underWay = new Map<number, number>();
    const due: Missing[] = [];
    for (const wanted of missing) {
      if (wanted.known <= wanted.held) continue;
      const name = key(wanted.shard, wanted.origin);
      const asked = this.#asked.get(name);
      if (asked === undefined || (wanted.held >= asked.upTo && !asked.isFollowed)) {
        this.#asked.delete(name);
        if (this.#isOverdue(name, wanted, nowMs)) due.push(wanted);
      } else if (isUnderWay(asked, wanted.held, nowMs)) {
        underWay.set(asked.to, (underWay.get(asked.to) ?? 0) + 1);
      } else due.push(wanted);
    }
    const lastMs = ({ shard, origin }: Missing) => this.#asked.get(key(shard, origin))?.atMs ?? -1;
    // whoever has waited longest first: peers take so many ranges at a time
    due.sort((a, b) => lastMs(a) - lastMs(b));
    const requests: Request[] = [];
    for (const wanted of due) {
      const request = this.#ask(nowMs, wanted, peers, underWay);
      if (request !== undefined) requests.push(request);
    }
    return requests;
  }

  /** Has what was known to be missing not come for longer than it may take? */
  #isOverdue(name: string, { held, known }: Missing, nowMs: number): boolean {
    // it was asked for before, of a peer that does not hold it any more
    if (this.#compacted.has(name)) return true;
    const noticed = this.#noticed.get(name);
    if (noticed !== undefined && held < noticed.known) return nowMs - noticed.atMs >= limits.requestGraceMs;
    this.#noticed.set(name, { known, atMs: nowMs });
    return false;
  }

  #ask(
    nowMs: number,
    { shard, origin, held, known, avoid }: Missing,
    peers: readonly PeerFrontiers[],
    underWay: Map<number, number>,
  ): Request | undefined {
    const name = key(shard, origin);
    const holds = (peer: PeerFrontiers) => sequenceOf(peer.frontiers.get(shard) ?? emptyVersionVector, origin);
    const holding = peers.filter((peer) => holds(peer) > held);
    const compacted = this.#compacted.get(name);
    const able = holding.filter(({ id }) => (compacted?.get(id) ?? 0) <= held);
    if (able.length === 0 && holding.length > 0) this.#needsSnapshot.add(shard);
    const prefer = (peer: PeerFrontiers) => peer.id === origin && nowMs - peer.heardMs <= limits.suspectMs;
    able.sort((a, b) => Number(prefer(b)) - Number(prefer(a)) || b.heardMs - a.heardMs || a.id - b.id);

    const before = this.#asked.get(name);
    const inVain = before !== undefined && held === before.after;
    if (inVain) mark("asked again");
    let tried = new Set(inVain ? [...before.tried, before.to] : avoid);
    if (able.every(({ id }) => tried.has(id))) tried = new Set();
    const peer = able.find(({ id }) => !tried.has(id) && (underWay.get(id) ?? 0) < limits.requestsPerPeerMax);
    if (peer === undefined) return undefined;
    underWay.set(peer.id, (underWay.get(peer.id) ?? 0) + 1);
    const upTo = Math.min(held + limits.requestOperationsMax, known, holds(peer));
    const silences = inVain ? before.silences + 1 : 0;
    const isFollowed = upTo < known;
    this.#noticed.delete(name);
    this.#asked.set(name, { to: peer.id, after: held, upTo, silences, tried, isFollowed, atMs: nowMs, held, bytes: 0 });
    const asksOf = `${peer.id} ${name}`;
    const earlier = this.#awaited.get(asksOf);
    const after = Math.min(held, earlier?.after ?? held);
    this.#awaited.set(asksOf, {
      after,
      upTo: Math.max(upTo, earlier?.upTo ?? 0),
      untilMs: nowMs + limits.answerAwaitedMs,
    });
    return { to: peer.id, shard, origin, after: held, limit: upTo - held };
  }

  #forgetOthers(missing: readonly Missing[]): void {
    const names = new Set(missing.map(({ shard, origin }) => key(shard, origin)));
    for (const name of this.#asked.keys()) if (!names.has(name)) this.#asked.delete(name);
    for (const name of this.#noticed.keys()) if (!names.has(name)) this.#noticed.delete(name);
    for (const name of this.#compacted.keys()) if (!names.has(name)) this.#compacted.delete(name);
  }
}

/** Is more of the answer to be waited for? Takes note of what came. */
function isUnderWay(asked: Asked, held: number, nowMs: number): boolean {
  if (held >= asked.upTo || asked.bytes >= limits.answerBytesMax) return false;
  if (held > asked.held) {
    asked.held = held;
    asked.atMs = nowMs;
  }
  const silences = asked.held > asked.after ? 0 : asked.silences;
  const patienceMs = Math.min(limits.requestRetryMs * 2 ** Math.min(silences, 16), limits.requestRetryMsMax);
  return nowMs - asked.atMs < patienceMs;
}
