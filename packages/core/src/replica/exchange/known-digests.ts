import { MurmurationError } from "@murmuration/index";
import { compareVersionVectors, type VersionVector } from "../../causality/version-vector.js";
import { frontierOf } from "../../checkpoint/manifest.js";
import { CheckpointReader } from "../../checkpoint/read-checkpoint.js";
import { storedCheckpoint } from "../../checkpoint/stored-checkpoint.js";
import { limits } from "../../limits.js";
import type { WritableShard } from "../../state/writable-shard.js";
import type { ReplicaStore } from "../commit/store.js";

/** Digests of a shard's points and graphs. */
export interface Digests {
  readonly points: string;
  readonly graph: string;
}

/** Which digests are other, in words. */
export function whatDiffers(a: Digests, b: Digests): string | undefined {
  const parts = [a.points === b.points ? [] : ["points"], a.graph === b.graph ? [] : ["graphs"]].flat();
  return parts.length === 0 ? undefined : parts.join(" and ");
}

interface AtFrontier extends Digests {
  readonly frontier: VersionVector;
}

interface Known {
  readonly target: WritableShard;
  /** Repairs of the shard by then: what was known before one says nothing. */
  readonly repairs: number;
  /** The latest at the end. */
  readonly latest: AtFrontier[];
}

/** What digests the shards here had at the last few frontiers at which they were made: what other members' snapshots are held against. */
export class KnownDigests {
  readonly #store: ReplicaStore;
  readonly #known = new Map<string, Known>();
  /** Of the current checkpoints, by shard. */
  readonly #checkpoints = new Map<string, AtFrontier & { readonly transfer: number }>();

  constructor(store: ReplicaStore) {
    this.#store = store;
  }

  /** The digests of a shard as it stands were made. */
  note(target: WritableShard, { points, graph }: Digests): void {
    const { latest } = this.#of(target);
    const { frontier } = target.shard;
    const at = latest.findIndex((one) => isSame(one.frontier, frontier));
    if (at >= 0) latest.splice(at, 1);
    latest.push({ frontier: new Map(frontier), points, graph });
    if (latest.length > limits.knownDigestsMax) latest.shift();
  }

  /** The digests that a shard had at a frontier; `undefined`: they are not known. */
  at(target: WritableShard, frontier: VersionVector): Digests | undefined {
    const noted = this.#of(target).latest.find((one) => isSame(one.frontier, frontier));
    if (noted !== undefined) return noted;
    const checkpoint = this.#checkpointOf(target.shard.id);
    return checkpoint !== undefined && isSame(checkpoint.frontier, frontier) ? checkpoint : undefined;
  }

  /** Shards that are gone are not remembered. */
  tidy(): void {
    const { shards } = this.#store;
    for (const known of [this.#known, this.#checkpoints])
      for (const id of known.keys()) if (!shards.has(id)) known.delete(id);
  }

  #of(target: WritableShard): Known {
    const { id, repairs } = target.shard;
    const known = this.#known.get(id);
    if (known?.target === target && known.repairs === repairs) return known;
    const made = { target, repairs, latest: [] };
    this.#known.set(id, made);
    return made;
  }

  /** What the current checkpoint says; one that is to be written anew is not what it should be. */
  #checkpointOf(shard: string): AtFrontier | undefined {
    const { log, checkpointsWanted } = this.#store;
    if (checkpointsWanted.has(shard)) return undefined;
    try {
      const stored = storedCheckpoint(log, shard);
      if (stored === undefined) return undefined;
      const known = this.#checkpoints.get(shard);
      if (known?.transfer === stored.transfer) return known;
      const { manifest } = CheckpointReader.open(log, shard, "current");
      const { pointsDigest: points, graphDigest: graph } = manifest;
      const read = { transfer: stored.transfer, frontier: frontierOf(manifest), points, graph };
      this.#checkpoints.set(shard, read);
      return read;
    } catch (error) {
      if (!(error instanceof MurmurationError) || error.code !== "corrupt") throw error;
      return undefined;
    }
  }
}

function isSame(a: VersionVector, b: VersionVector): boolean {
  return compareVersionVectors(a, b) === "equal";
}
