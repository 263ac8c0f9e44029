import { ColumnReader } from "../payload/columns/column-reader.js";
import { readPayloadMemory } from "../payload/payload-memory.js";
import type { TextIndexes } from "../payload/schema.js";
import type { PayloadReader } from "../payload/store.js";
import { isPlanted } from "../planted.js";
import { attachSegmentReader, type SegmentReader } from "../segment/reader.js";
import type { OpenRowFile } from "../vector-index/graph-handle.js";
import type { CollectionHandle } from "./collection-handle.js";
import { MatchingCache } from "./matching-cache.js";
import { type LastVisible, PointsAtEpoch } from "./points-at-epoch.js";
import type { ReadWatch } from "./read-watch.js";
import { Snapshot } from "./snapshot.js";
import { type AttachedSpaces, SpaceReader } from "./space-reader.js";

/** One thread's view of a collection beside its writer: rows, columns, graphs and payloads. */
export class CollectionReader {
  readonly #segment: SegmentReader;
  readonly #columns: ColumnReader;
  readonly #spaces: readonly SpaceReader[];
  readonly #payloads: PayloadReader;
  readonly #last: LastVisible = { epoch: 0, rows: undefined, matching: new MatchingCache() };

  /**
   * `thread`: this thread's number, from 1 on, for table and graphs alike; it has one reader of the collection. What an earlier holder of the
   * number left is wiped. `openRows`: for vectors that are off memory. `attached`: the spaces that this thread is attached to by other tables. Throws
   * `validation` for a number out of bounds.
   */
  constructor(
    handle: CollectionHandle,
    thread: number,
    payloads: PayloadReader,
    openRows?: OpenRowFile,
    attached?: AttachedSpaces,
  ) {
    this.#segment = attachSegmentReader(handle.table, thread);
    this.#columns = new ColumnReader(this.#segment.engine);
    this.#spaces = handle.spaces.map((space, number) => new SpaceReader(space, number, thread, openRows, attached));
    this.#payloads = handle.payloads === undefined ? payloads : readPayloadMemory(handle.payloads, payloads);
  }

  /**
   * The collection as it is now, to be released. `texts`: its text indexes, which decide what conditions on texts mean. `watch` is told how it is
   * read.
   */
  begin(texts?: TextIndexes, watch?: ReadWatch): Snapshot {
    // graphs before rows: a slot that these rows name is not used again from here on
    const holds = this.#spaces.map((space) => space.enter());
    if (isPlanted("graphs-not-held")) for (const hold of holds) hold.leave();
    const pin = this.#segment.pin();
    const view = {
      points: new PointsAtEpoch(this.#segment, this.#columns, this.#payloads, this.#last, pin.epoch),
      spaces: this.#spaces,
      texts,
      watch,
      graphs: holds,
      allEntries: this.#segment.allEntries(pin.epoch) && !isPlanted("entries-ignored"),
    };
    return new Snapshot(view, () => {
      pin.release();
      for (const hold of holds) hold.leave();
    });
  }
}
