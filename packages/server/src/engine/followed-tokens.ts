import {
  covers,
  emptyVersionVector,
  limits,
  missingFrom,
  resolveCollection,
  type SessionToken,
  SYSTEM_SHARD,
  type VersionVector,
} from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import type { Followed } from "./followed.js";

/** Tokens that are kept at a time. */
const TOKENS_MAX = 256;

/** How long something is waited for. */
export interface Patience {
  readonly timeoutMs: number;
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
}

interface Waiting {
  readonly token: SessionToken;
  readonly names: readonly string[];
  readonly done: (isCovered: boolean) => void;
}

/** A token, and what it was made of. */
interface MadeToken {
  readonly token: SessionToken;
  readonly frontiers: readonly VersionVector[];
}

/** What was followed of a replica, as session tokens, and who waits until more was. */
export class FollowedTokens {
  readonly #followed: Followed;
  readonly #waiting = new Set<Waiting>();
  /** By the collections they are of: most answers of an epoch carry the same one. */
  readonly #made = new Map<string, MadeToken>();

  constructor(followed: Followed) {
    this.#followed = followed;
  }

  /** Frontiers of the catalogue and of these collections as they are now, whatever is followed later. */
  frontiers(names: readonly string[]): SessionToken {
    const shards = this.#shards(names);
    const ids = shards.map(([id]) => id);
    return this.tokenOf(
      this.#followed.frontier,
      ids,
      shards.map(([, frontier]) => frontier),
    );
  }

  /** The token of a frontier of the catalogue, and of those of these shards, one each. */
  tokenOf(catalogue: VersionVector, ids: readonly string[], frontiers: readonly VersionVector[]): SessionToken {
    const key = ids.length === 1 ? (ids[0] as string) : ids.join(" ");
    const made = this.#made.get(key);
    if (made !== undefined && isOf(made, catalogue, frontiers)) return made.token;
    const token = new Map([[SYSTEM_SHARD, catalogue]]);
    for (const [i, id] of ids.entries()) token.set(id, frontiers[i] as VersionVector);
    if (this.#made.size >= TOKENS_MAX) this.#made.clear();
    this.#made.set(key, { token, frontiers });
    return token;
  }

  /** Operations that the token has seen and what was followed has not. A collection that is not here counts by the catalogue alone. */
  missing(token: SessionToken, names: readonly string[]): number {
    let operations = 0;
    for (const [shard, frontier] of this.frontiers(names)) {
      operations += missingFrom(frontier, token.get(shard) ?? emptyVersionVector);
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

  /** Something was followed. */
  followed(): void {
    for (const { token, names, done } of this.#waiting) if (this.#covers(token, names)) done(true);
  }

  #covers(token: SessionToken, names: readonly string[]): boolean {
    if (!covers(this.#followed.frontier, token.get(SYSTEM_SHARD) ?? emptyVersionVector)) return false;
    return this.#shards(names).every(([id, frontier]) => covers(frontier, token.get(id) ?? emptyVersionVector));
  }

  #shards(names: readonly string[]): [id: string, frontier: VersionVector][] {
    const { catalogue } = this.#followed;
    const shards: [string, VersionVector][] = [];
    for (const name of names) {
      const id = resolvedId(catalogue, name);
      if (id !== undefined) shards.push([id, this.#followed.shard(name).frontier]);
    }
    return shards;
  }
}

function isOf({ token, frontiers }: MadeToken, catalogue: VersionVector, others: readonly VersionVector[]): boolean {
  return token.get(SYSTEM_SHARD) === catalogue && frontiers.every((frontier, i) => frontier === others[i]);
}

function resolvedId(catalogue: Followed["catalogue"], name: string): string | undefined {
  try {
    return resolveCollection(catalogue, name).id;
  } catch (error) {
    if (error instanceof MurmurationError && error.code === "not-found") return undefined;
    throw error;
  }
}
