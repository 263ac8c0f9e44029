import {
  covers,
  emptyVersionVector,
  limits,
  type ReplicaView,
  resolveCollection,
  type SessionToken,
  SYSTEM_SHARD,
  sequenceOf,
  type VersionVector,
} from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import type { Patience } from "./database.js";

/** Tokens that are kept at a time. */
const TOKENS_MAX = 256;

interface Waiting {
  readonly token: SessionToken;
  readonly names: readonly string[];
  readonly done: (isCovered: boolean) => void;
}

/** How many operations of `wanted` are not in `held`. */
function lack(held: VersionVector, wanted: VersionVector): number {
  let operations = 0;
  for (const [origin, sequence] of wanted) operations += Math.max(0, sequence - sequenceOf(held, origin));
  return operations;
}

/** What a view has followed, as session tokens, and who waits until it has followed more. */
export class FollowedTokens {
  readonly #view: ReplicaView;
  readonly #waiting = new Set<Waiting>();
  /** By the collections they are of, until something is followed: most answers of an epoch carry the same one. */
  readonly #current = new Map<string, SessionToken>();

  constructor(view: ReplicaView) {
    this.#view = view;
  }

  /** Frontiers of the catalogue and of these collections as they are now, whatever is followed later. */
  frontiers(names: readonly string[]): SessionToken {
    const key = names.length === 1 ? (names[0] as string) : names.join("\u0000");
    const current = this.#current.get(key);
    if (current !== undefined) return current;
    // the view's own go on
    const frontiers = new Map([[SYSTEM_SHARD, new Map(this.#view.frontier) as VersionVector]]);
    for (const [id, frontier] of this.#shards(names)) frontiers.set(id, new Map(frontier));
    if (this.#current.size >= TOKENS_MAX) this.#current.clear();
    this.#current.set(key, frontiers);
    return frontiers;
  }

  /** Operations that the token has seen and the view has not. A collection that is not here counts by the catalogue alone. */
  missing(token: SessionToken, names: readonly string[]): number {
    let operations = 0;
    for (const [shard, frontier] of this.frontiers(names)) {
      operations += lack(frontier, token.get(shard) ?? emptyVersionVector);
    }
    return operations;
  }

  /** Resolves to false when the time is over or nobody waits any more. Rejects with `unavailable` when too many wait. */
  untilCovered(token: SessionToken, names: readonly string[], { timeoutMs, signal }: Patience): Promise<boolean> {
    if (this.#covers(token, names)) return Promise.resolve(true);
    if (this.#waiting.size >= limits.openWaitsMax) {
      const message = `${limits.openWaitsMax} requests wait for what other replicas wrote already`;
      return Promise.reject(new MurmurationError("unavailable", message));
    }
    return new Promise((resolve) => {
      const done = (isCovered: boolean) => {
        this.#waiting.delete(waiting);
        clearTimeout(timer);
        signal.removeEventListener("abort", giveUp);
        resolve(isCovered);
      };
      const giveUp = () => done(false);
      const timer = setTimeout(giveUp, timeoutMs);
      const waiting: Waiting = { token, names, done };
      this.#waiting.add(waiting);
      signal.addEventListener("abort", giveUp);
    });
  }

  /** The view has followed something. */
  followed(): void {
    this.#current.clear();
    for (const { token, names, done } of this.#waiting) if (this.#covers(token, names)) done(true);
  }

  #covers(token: SessionToken, names: readonly string[]): boolean {
    if (!covers(this.#view.frontier, token.get(SYSTEM_SHARD) ?? emptyVersionVector)) return false;
    return this.#shards(names).every(([id, frontier]) => covers(frontier, token.get(id) ?? emptyVersionVector));
  }

  #shards(names: readonly string[]): [id: string, frontier: VersionVector][] {
    const { catalogue } = this.#view;
    const shards: [string, VersionVector][] = [];
    for (const name of names) {
      const id = resolvedId(catalogue, name);
      if (id !== undefined) shards.push([id, this.#view.shard(name).frontier]);
    }
    return shards;
  }
}

function resolvedId(catalogue: ReplicaView["catalogue"], name: string): string | undefined {
  try {
    return resolveCollection(catalogue, name).id;
  } catch (error) {
    if (error instanceof MurmurationError && error.code === "not-found") return undefined;
    throw error;
  }
}
