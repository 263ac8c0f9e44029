import {
  type Catalogue,
  type CatalogueChanged,
  type Change,
  type ReadableShard,
  resolveCollection,
  type VersionVector,
  withDelta,
} from "@murmuration/core";
import { type CollectionHandle, MurmurationError, type TextIndexes, textIndexesOf } from "@murmuration/index";
import { FollowedShard } from "./followed-shard.js";

/** What a replica shows to other threads when it has started. */
export interface FollowedStart {
  readonly catalogue: Catalogue;
  /** Of the catalogue. */
  readonly frontier: VersionVector;
  /** By shard id. */
  readonly shards: ReadonlyMap<string, ReadableShard>;
}

/**
 * A replica as the HTTP thread knows it: the catalogue, and how each shard is read and what it holds at which epoch. It follows what the
 * engine tells of durable changes, in its order; points themselves are read in shared memory.
 */
export class Followed {
  readonly #shards = new Map<string, FollowedShard>();
  /** Why shards are not served. */
  readonly #quarantined = new Map<string, string>();
  readonly #onGone: (handle: CollectionHandle) => void;
  #catalogue: Catalogue;
  #frontier: VersionVector;

  /** `onGone`: nothing reads by this handle any more. */
  constructor({ catalogue, frontier, shards }: FollowedStart, onGone: (handle: CollectionHandle) => void) {
    this.#onGone = onGone;
    this.#catalogue = catalogue;
    this.#frontier = frontier;
    for (const [id, readable] of shards) this.#shards.set(id, new FollowedShard(id, readable));
  }

  get catalogue(): Catalogue {
    return this.#catalogue;
  }

  /** Frontier of the catalogue. */
  get frontier(): VersionVector {
    return this.#frontier;
  }

  /** The shard of the collection of this name or alias. Throws `not-found`, or `unavailable` for one that is not served. */
  shard(name: string): FollowedShard {
    const { id, name: collection } = resolveCollection(this.#catalogue, name);
    const followed = this.#shards.get(id);
    if (followed !== undefined) return followed;
    throw new MurmurationError("unavailable", this.#refusal(id, collection));
  }

  /** Is the collection of this id read here? */
  serves(id: string): boolean {
    return this.#shards.has(id);
  }

  /** The text indexes of the collection of this name or alias. Throws `not-found`. */
  texts(name: string): TextIndexes | undefined {
    return textIndexesOf(resolveCollection(this.#catalogue, name).payloadIndexes);
  }

  /** By id. */
  shards(): ReadonlyMap<string, FollowedShard> {
    return this.#shards;
  }

  /** Why collections are not served, for people. */
  refusals(): string[] {
    const { collections } = this.#catalogue;
    return Object.values(collections)
      .filter(({ id }) => !this.#shards.has(id))
      .map(({ id, name }) => this.#refusal(id, name));
  }

  /** Follow what the engine did, in its order. */
  follow(changes: readonly Change[]): void {
    for (const change of changes) {
      switch (change.kind) {
        case "catalogue":
          this.#followCatalogue(change);
          break;
        case "published":
          // it may have been dropped later in the same group
          this.#shards.get(change.shard)?.follow(change);
          break;
        case "replaced":
          if (this.#catalogue.collections[change.shard] !== undefined) this.#open(change.shard, change.readable);
          break;
        case "quarantined":
          this.#drop(change.shard);
          this.#quarantined.set(change.shard, change.refusal);
      }
    }
  }

  /** What another thread is to begin with that follows from here on. */
  shown(): FollowedStart {
    const shards = Array.from(this.#shards, ([id, { readable, epoch, frontier }]) => {
      return [id, { handle: readable.handle, epoch, frontier }] as const;
    });
    return { catalogue: this.#catalogue, frontier: this.#frontier, shards: new Map(shards) };
  }

  /** Nothing more will be told: the engine is gone. */
  end(): void {
    for (const shard of this.#shards.values()) shard.end();
  }

  #refusal(id: string, name: string): string {
    return this.#quarantined.get(id) ?? `collection ${name} is being made again from the log`;
  }

  #followCatalogue({ delta, frontier, collections }: CatalogueChanged): void {
    this.#catalogue = withDelta(this.#catalogue, delta);
    this.#frontier = frontier;
    for (const [id, readable] of collections) this.#open(id, readable);
    for (const id of delta.dropped) {
      this.#drop(id);
      this.#quarantined.delete(id);
    }
  }

  #open(id: string, readable: ReadableShard): void {
    this.#drop(id);
    this.#quarantined.delete(id);
    this.#shards.set(id, new FollowedShard(id, readable));
  }

  #drop(id: string): void {
    const shard = this.#shards.get(id);
    if (shard === undefined) return;
    this.#shards.delete(id);
    shard.end();
    this.#onGone(shard.readable.handle);
  }
}
