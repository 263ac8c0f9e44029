import { MurmurationError } from "@murmuration/index";
import { QueryTap } from "../read/query-tap.js";
import type { Readers, ReadingLimits } from "../read/readers.js";
import type { ReadAnswer, Reading } from "../read/reading.js";
import type { Followed } from "./followed.js";
import type { FollowedShard } from "./followed-shard.js";
import type { FollowedTokens } from "./followed-tokens.js";

/** So often a reading begins whose collections go, or are made again, while it reads. */
const BEGINS_MAX = 3;

/** Readings of collections by their names: answered in other threads, with the frontiers of exactly the epochs that they are of. */
export class FollowedReads {
  readonly #followed: Followed;
  readonly #tokens: FollowedTokens;
  readonly #readers: Readers;
  /** Sees what is read. */
  readonly tap = new QueryTap();
  readonly #onDamaged: (shard: string) => Promise<void>;

  /** `onDamaged` is told of shards of which a payload could not be read; once it resolves, all is followed that was done until it was told. */
  constructor(
    followed: Followed,
    tokens: FollowedTokens,
    readers: Readers,
    onDamaged: (shard: string) => Promise<void>,
  ) {
    this.#followed = followed;
    this.#tokens = tokens;
    this.#readers = readers;
    this.#onDamaged = onDamaged;
  }

  /** See `Database.read`. */
  async read(names: readonly string[], reading: Reading, limits: ReadingLimits): Promise<ReadAnswer> {
    for (let begun = 1; ; begun++) {
      const shards = names.map((name) => this.#followed.shard(name));
      try {
        return await this.#readOf(names, shards, reading, limits);
      } catch (error) {
        if (!(error instanceof MurmurationError) || error.code !== "corrupt") throw error;
        await Promise.all(shards.map(({ readable }) => this.#onDamaged(readable.shard)));
        // payloads of a collection that is dropped go at once, also from under those who read it: then nothing is damaged
        const isOther = names.some((name, i) => this.#followed.shard(name) !== shards[i]);
        if (!isOther || begun === BEGINS_MAX) throw error;
      }
    }
  }

  async #readOf(
    names: readonly string[],
    shards: readonly FollowedShard[],
    reading: Reading,
    limits: ReadingLimits,
  ): Promise<ReadAnswer> {
    const { frontier } = this.#followed;
    const releases = shards.map((shard) => shard.hold());
    try {
      const collections = shards.map(({ readable }) => readable);
      const ids = collections.map(({ shard }) => shard);
      const texts = names.map((name) => this.#followed.texts(name));
      const asked = texts.some((one) => one !== undefined) ? { ...reading, texts } : reading;
      const { pieces, epochs, settled, report } = await this.#readers.read(collections, asked, limits);
      const told = shards.map((shard, i) => shard.frontierAt(epochs[i] as number));
      this.tap.offer(ids[0], reading);
      const frontiers = this.#tokens.tokenOf(frontier, ids, await Promise.all(told));
      return {
        pieces,
        frontiers,
        ...(settled === undefined ? {} : { settled }),
        ...(report === undefined ? {} : { report }),
      };
    } finally {
      for (const release of releases) release();
    }
  }
}
