import { sequenceOf, type VersionVector } from "../causality/version-vector.js";
import { limits } from "../limits.js";
import { mark } from "../planted.js";

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
}

/** What is known of a peer. */
export interface PeerFrontiers {
  readonly id: number;
  readonly heardMs: number;
  readonly frontiers: ReadonlyMap<string, VersionVector>;
}

interface Asked {
  after: number;
  atMs: number;
  attempts: number;
  to: number;
}

const key = (shard: string, origin: number) => `${origin} ${shard}`;

/**
 * Decides what to ask of whom. One range per origin and shard is under way at a time; one that stays without an answer is asked again,
 * of the next peer that holds it, after a time that doubles up to a bound.
 */
export class RequestPlanner {
  readonly #asked = new Map<string, Asked>();
  readonly #compacted = new Map<string, Set<number>>();
  #needsSnapshot = new Set<string>();

  /** An answer came, or what was asked for arrived by itself: the next range may be asked for at once. */
  noteArrived(shard: string, origin: number, held: number): void {
    const asked = this.#asked.get(key(shard, origin));
    if (asked !== undefined && held > asked.after) this.#asked.delete(key(shard, origin));
  }

  /** A peer's log does not hold these operations any more. */
  noteCompacted(from: number, shard: string, origin: number): void {
    const peers = this.#compacted.get(key(shard, origin)) ?? new Set();
    this.#compacted.set(key(shard, origin), peers.add(from));
    this.#asked.delete(key(shard, origin));
  }

  /** Shards of which no peer holds the missing operations any more. */
  needSnapshot(): readonly string[] {
    return [...this.#needsSnapshot];
  }

  noteSnapshot(shard: string): void {
    for (const text of [...this.#compacted.keys()]) if (text.endsWith(` ${shard}`)) this.#compacted.delete(text);
  }

  /** The requests to send now. */
  plan(nowMs: number, missing: readonly Missing[], peers: readonly PeerFrontiers[]): Request[] {
    const requests: Request[] = [];
    const perPeer = new Map<number, number>();
    this.#needsSnapshot = new Set();
    for (const { shard, origin, held } of missing) {
      const asked = this.#asked.get(key(shard, origin));
      const attempts = asked?.after === held ? asked.attempts : 0;
      if (attempts > 0) mark("asked again");
      const patienceMs = Math.min(limits.requestRetryMs * 2 ** Math.min(attempts, 16), limits.requestRetryMsMax);
      if (asked !== undefined && asked.after === held && nowMs - asked.atMs < patienceMs) continue;
      const compacted = this.#compacted.get(key(shard, origin));
      const holding = peers
        .filter((peer) => sequenceOf(peer.frontiers.get(shard) ?? new Map(), origin) > held)
        .sort((a, b) => Number(b.id === origin) - Number(a.id === origin) || b.heardMs - a.heardMs || a.id - b.id);
      const able = holding.filter((peer) => compacted?.has(peer.id) !== true);
      if (able.length === 0 && holding.length > 0) this.#needsSnapshot.add(shard);
      const peer = able[attempts % Math.max(1, able.length)];
      if (peer === undefined) continue;
      const underWay = perPeer.get(peer.id) ?? 0;
      if (underWay >= limits.requestsPerPeerMax) continue;
      perPeer.set(peer.id, underWay + 1);
      this.#asked.set(key(shard, origin), { after: held, atMs: nowMs, attempts: attempts + 1, to: peer.id });
      requests.push({ to: peer.id, shard, origin, after: held, limit: limits.requestOperationsMax });
    }
    return requests;
  }
}
