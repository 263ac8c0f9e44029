import { MurmurationError } from "@murmuration/index";
import { QueryTap } from "../read/query-tap.js";
import type { Readers, ReadingLimits } from "../read/readers.js";
import type { ReadAnswer, Reading } from "../read/reading.js";
import type { Followed } from "./followed.js";
import type { FollowedTokens } from "./followed-tokens.js";

/** Readings of collections by their names: answered in other threads, with the frontiers of exactly the epochs that they are of. */
export class FollowedReads {
  readonly #followed: Followed;
  readonly #tokens: FollowedTokens;
  readonly #readers: Readers;
  /** Sees what is read. */
  readonly tap = new QueryTap();
  readonly #onDamaged: (shard: string) => void;

  /** `onDamaged` is told of shards of which a payload could not be read. */
  constructor(followed: Followed, tokens: FollowedTokens, readers: Readers, onDamaged: (shard: string) => void) {
    this.#followed = followed;
    this.#tokens = tokens;
    this.#readers = readers;
    this.#onDamaged = onDamaged;
  }

  /** See `Database.read`. */
  async read(names: readonly string[], reading: Reading, limits: ReadingLimits): Promise<ReadAnswer> {
    const { frontier } = this.#followed;
    const shards = names.map((name) => this.#followed.shard(name));
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
    } catch (error) {
      if (error instanceof MurmurationError && error.code === "corrupt") {
        for (const { readable } of shards) this.#onDamaged(readable.shard);
      }
      throw error;
    } finally {
      for (const release of releases) release();
    }
  }
}
