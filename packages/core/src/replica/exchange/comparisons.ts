import { compareVersionVectors, type VersionVector } from "../../causality/version-vector.js";
import type { Shard } from "../../state/shard.js";
import type { ReplicaStore } from "../commit/store.js";

/** What the latest comparison of a shard with a peer came to. */
export interface Comparison {
  readonly shard: string;
  readonly peer: number;
  /** In words; `undefined`: digests of points and graphs were the same. */
  readonly differs: string | undefined;
  readonly atMs: number;
  /** Is the frontier at which they were compared the one here still? */
  readonly isCurrent: boolean;
}

interface Noted {
  readonly differs: string | undefined;
  readonly atMs: number;
  readonly frontier: VersionVector;
}

/** The latest comparison of each shard with each peer, for who looks at them. */
export class Comparisons {
  /** Shard → peer. */
  readonly #latest = new Map<string, Map<number, Noted>>();

  /** A shard was compared with a peer's at the frontier of both. */
  note({ id, frontier }: Shard, peer: number, differs: string | undefined, atMs: number): void {
    const ofShard = this.#latest.get(id) ?? new Map<number, Noted>();
    this.#latest.set(id, ofShard.set(peer, { differs, atMs, frontier: new Map(frontier) }));
  }

  /** Forget those of shards and peers that are not there any more. */
  letGo({ shards }: Pick<ReplicaStore, "shards">, peers: readonly number[]): void {
    for (const [shard, byPeer] of this.#latest) {
      if (!shards.has(shard)) this.#latest.delete(shard);
      else for (const peer of byPeer.keys()) if (!peers.includes(peer)) byPeer.delete(peer);
    }
  }

  /** Of shards and peers that are there still. */
  status({ shards }: Pick<ReplicaStore, "shards">, peers: readonly number[]): Comparison[] {
    const found: Comparison[] = [];
    for (const [shard, byPeer] of this.#latest) {
      const here = shards.get(shard)?.shard.frontier;
      if (here === undefined) continue;
      for (const [peer, { differs, atMs, frontier }] of byPeer) {
        if (!peers.includes(peer)) continue;
        found.push({ shard, peer, differs, atMs, isCurrent: compareVersionVectors(frontier, here) === "equal" });
      }
    }
    return found;
  }
}
