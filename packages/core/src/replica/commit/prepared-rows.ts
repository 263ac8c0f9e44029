import { isPlanted } from "../../planted.js";
import type { WritableShard } from "../../state/writable-shard.js";
import type { RowsPublished, ShardReplaced } from "./change.js";
import { replacedBy } from "./replaced.js";

/** The rows of the shards that a group has changed: prepared together, and then published or taken back together. */
export class PreparedRows {
  readonly #targets: readonly WritableShard[];

  /** Throws as `ReadModel.prepare` does; then nothing is prepared. */
  constructor(targets: Iterable<WritableShard>, options: { readonly givesUp: boolean }) {
    const prepared: WritableShard[] = [];
    this.#targets = prepared;
    try {
      for (const target of targets) {
        target.rows.prepare(options);
        prepared.push(target);
      }
    } catch (error) {
      this.takeBack();
      throw error;
    }
    if (isPlanted("rows-before-durable")) for (const { rows } of prepared) rows.publish();
  }

  /** The group is durable: readers see it from here on. */
  publish(): (RowsPublished | ShardReplaced)[] {
    if (isPlanted("rows-before-durable")) return [];
    return this.#targets.map((target) => {
      const { shard, rows } = target;
      const { isReplaced, epoch, frontier } = rows.publish();
      return isReplaced === true ? replacedBy(target) : { kind: "published", shard: shard.id, epoch, frontier };
    });
  }

  /** The log has refused the group. */
  takeBack(): void {
    if (isPlanted("rows-before-durable")) return;
    for (const { rows } of this.#targets) {
      if (isPlanted("rows-not-taken-back")) rows.publish();
      else rows.takeBack();
      if (isPlanted("notes-lost")) rows.noteOnly([]);
    }
  }
}
