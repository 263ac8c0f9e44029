import { mergeVersionVectors, type PublishedRows, type ReadableShard, type VersionVector } from "@murmuration/core";
import { hasReached } from "@murmuration/index";
import type { ReadableCollection } from "../read/readers.js";
import { ShardCounts } from "./shard-counts.js";

/** A shard in this thread: how it is read in others, and what it holds at which epoch. */
export class FollowedShard {
  /** As readers know it. */
  readonly readable: ReadableCollection;
  readonly counts: ShardCounts;
  /** The epochs that were told of and may be asked for, the newest last. */
  readonly #told: ReadableFrontier[];
  /** Epochs at which reads may be that are under way, the oldest first. */
  readonly #holds = new Set<{ readonly epoch: number }>();
  readonly #waiting = new Map<() => void, number>();
  #isGone = false;

  constructor(shard: string, { handle, epoch, frontier }: ReadableShard) {
    this.readable = { shard, handle };
    this.counts = new ShardCounts(handle);
    this.#told = [{ epoch, frontier: new Map(frontier) }];
  }

  /** As of what was told last. */
  get frontier(): VersionVector {
    return this.#newest.frontier;
  }

  get epoch(): number {
    return this.#newest.epoch;
  }

  /** Follow what the writer has published. */
  follow({ epoch, frontier }: PublishedRows): void {
    const { epoch: before, frontier: held } = this.#newest;
    // told again after a start
    if (hasReached(before, epoch)) return;
    this.#told.push({ epoch, frontier: frontier.size === 0 ? held : mergeVersionVectors(held, frontier) });
    this.#forgetOld();
    for (const [done, wanted] of this.#waiting) if (hasReached(epoch, wanted)) done();
  }

  /** It is read no more: nothing will be told of it. */
  end(): void {
    this.#isGone = true;
    for (const done of this.#waiting.keys()) done();
  }

  /** A read begins, which will be of no older epoch than that of now: until it is over, its frontier can be asked for. */
  hold(): () => void {
    const hold = { epoch: this.epoch };
    this.#holds.add(hold);
    return () => {
      this.#holds.delete(hold);
      this.#forgetOld();
    };
  }

  /** What an epoch is made of that a read under way has seen: as soon as the writer has told of it, which it does right after it. */
  frontierAt(epoch: number): VersionVector | Promise<VersionVector> {
    if (this.#isGone || hasReached(this.epoch, epoch)) return this.#toldAt(epoch);
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done);
        resolve(this.#toldAt(epoch));
      };
      this.#waiting.set(done, epoch);
    });
  }

  get #newest(): ReadableFrontier {
    return this.#told[this.#told.length - 1] as ReadableFrontier;
  }

  #toldAt(epoch: number): VersionVector {
    for (let i = this.#told.length - 1; i > 0; i--) {
      const { epoch: at, frontier } = this.#told[i] as ReadableFrontier;
      if (hasReached(epoch, at)) return frontier;
    }
    return (this.#told[0] as ReadableFrontier).frontier;
  }

  /** Of those before the one that the oldest read under way began at. */
  #forgetOld(): void {
    const [oldest] = this.#holds;
    const needed = oldest?.epoch ?? this.epoch;
    let old = 0;
    while (old + 1 < this.#told.length && hasReached(needed, (this.#told[old + 1] as ReadableFrontier).epoch)) old++;
    if (old > 0) this.#told.splice(0, old);
  }
}

interface ReadableFrontier {
  readonly epoch: number;
  readonly frontier: VersionVector;
}
