import {
  assert,
  type CollectionHandle,
  ColumnReader,
  decodeSegmentImage,
  encodeSegmentImage,
  finish,
  Meter,
  MurmurationError,
  type PointId,
  type ReadExactly,
  type Segment,
  type Space,
} from "@murmuration/index";
import type { Collection } from "../catalogue/collection.js";
import { vectorKeysOf } from "../catalogue/vector-incarnation.js";
import { emptyVersionVector, type VersionVector, versionVectorDelta } from "../causality/version-vector.js";
import type { Operation } from "../operation/operation.js";
import type { PayloadColumns } from "./payload-columns.js";
import { keepsPayloadsInMemory, type PayloadsInMemory } from "./payloads-in-memory.js";
import type { PointState } from "./point-state.js";
import {
  FILLED_PER_GROUP,
  type NewTableSeed,
  type NotedPoint,
  ROWS_PER_STEP,
  RowTable,
  tableOptions,
} from "./row-table.js";
import type { Shard } from "./shard.js";

export type { NewTableSeed } from "./row-table.js";

/** What readers of other threads see of a shard from an epoch of its rows on. */
export interface ReadableShard {
  readonly handle: CollectionHandle;
  readonly epoch: number;
  /** The operations that the rows of this epoch are made of. */
  readonly frontier: VersionVector;
}

/** A group that was published. */
export interface PublishedRows {
  readonly epoch: number;
  /** Entries of the frontier that are higher than at the epoch before. */
  readonly frontier: VersionVector;
  /** In another table than before, for other vectors. */
  readonly isReplaced?: boolean;
}

interface FillOptions {
  readonly isBegun?: boolean;
  readonly look?: (id: PointId) => void;
}

/**
 * What readers read of a shard: its points as rows by epoch, and its payload indexes as columns, in memory that all threads share. Points that
 * change are noted by the shard; at the end of a group that is to be made durable each gets one row from its state as it is then
 * (`prepare`), which readers see once the group is durable (`publish`), or never (`takeBack`).
 */
export class ReadModel {
  readonly #shard: Shard;
  readonly #indexes: ReadonlyMap<string, Space>;
  /** Points whose rows are not those of their states. */
  readonly #changed = new Set<PointId>();
  #table: RowTable | undefined;
  /** For other vectors than the table has: filled, and read by nobody until the group in work is durable. */
  #next: RowTable | undefined;
  #newSeed: NewTableSeed | undefined;
  #spacesOf: { readonly collection: Collection; readonly spaces: ReadonlyMap<string, Space> } | undefined;
  #frontier: VersionVector = new Map();
  /** The rows come from an image, and those of points that changed since are noted. */
  #isLoaded = false;
  #isImaged = false;
  /** The epoch that other threads are told of last. */
  #toldEpoch = 0;

  /** Of a shard and its graphs by vector name, in the order of its collection's vectors. */
  constructor(shard: Shard, indexes: ReadonlyMap<string, Space>) {
    this.#shard = shard;
    this.#indexes = indexes;
  }

  /** What other threads read it by; makes an empty table where there is none yet. Throws `capacity` when no memory is left. */
  open(newSeed: NewTableSeed): CollectionHandle {
    this.#newSeed = newSeed;
    this.#table ??= RowTable.create(this.#shard, this.#spaces(), newSeed);
    return this.handle();
  }

  /**
   * Take rows and columns from an image, before `open` and `fill`; `accept` may refuse it by its note, and throws then. No point is decoded.
   * Whoever knows of points that changed since notes them. Throws `corrupt` for an image that cannot be used; then nothing is taken.
   */
  load(read: ReadExactly, newSeed: NewTableSeed, accept: (note: string) => void): void {
    assert(this.#table === undefined, "a table is loaded before it is used");
    const spaces = this.#spaces();
    const { segment } = decodeSegmentImage(tableOptions(spaces, newSeed), read, accept);
    this.#table = new RowTable(this.#shard, spaces, segment);
    this.#newSeed = newSeed;
    this.#isLoaded = true;
    this.#isImaged = true;
  }

  /** Points whose rows are not those of their states. */
  get noted(): ReadonlySet<PointId> {
    return this.#changed;
  }

  /** The row of this point is not that of its state. */
  note(id: PointId): void {
    this.#changed.add(id);
  }

  /** The point whose vector stands at a slot, as of what was published last. */
  pointAtSlot(vector: string, slot: number): PointId | undefined {
    const { reader, epoch } = this.segment;
    const row = reader.rowAtSlot(this.#opened().spaceOf(vector), slot, epoch);
    return row === undefined ? undefined : reader.rows.idAt(row);
  }

  /** Rows and columns as pieces to be written one after the other: views, valid until they change. Everything is published. */
  image(note: string): Uint8Array[] {
    assert(this.#changed.size === 0, "the rows are those of the points");
    return encodeSegmentImage(this.segment, note);
  }

  /** Can it be had from an image? Not where rows name payloads that are in memory alone. */
  get hasImages(): boolean {
    return !keepsPayloadsInMemory(this.#shard.collection) && this.payloads === undefined;
  }

  /** Do the rows come from an image? */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Make the graphs that serve show the vectors that the rows name: of those that are being made they name none. */
  showVectors(): void {
    const { reader, engine, epoch } = this.segment;
    const rows = finish(new ColumnReader(engine).visibleRows(epoch, new Meter()));
    for (const [key, index] of this.#spaces()) {
      const space = this.#opened().spaceOf(key);
      for (const row of rows) {
        const slot = reader.rows.slotAt(row, space);
        if (slot !== undefined) index.reader.show(slot);
      }
    }
  }

  /** Has nothing changed since the last image was loaded or written? */
  get isImaged(): boolean {
    return this.#isImaged;
  }

  /** An image was written of what there is now. */
  imaged(): void {
    this.#isImaged = true;
  }

  /**
   * Make the rows of all points as they are, of those that are noted after `load`, and all payload indexes, and note from here on which change. No
   * reader reads yet. `isBegun`: rows of those alone that are noted, the others were made by `fillNoted`. `look`: is called with each point before its row is
   * made, while its state is at hand. Throws as `open` does.
   */
  fill(newSeed: NewTableSeed, { isBegun = this.#isLoaded, look }: FillOptions = {}): void {
    this.open(newSeed);
    const wanted = isBegun ? [...this.#changed] : this.#liveIds();
    this.#changed.clear();
    for (const id of wanted) {
      look?.(id);
      this.note(id);
      this.fillNoted();
    }
    this.#fillGroup();
    // an index that is newer than the image may have been in use already
    this.columns.goOn(Number.POSITIVE_INFINITY);
    if (this.columns.hasToShow) this.#fillGroup();
    if (!this.#isLoaded && this.count !== this.#shard.table.size) {
      throw new MurmurationError("corrupt", "the rows are others than the stored points");
    }
    this.#shard.watchPoints((id) => this.#changed.add(id));
    this.#shard.table.knowRows((id) => this.segment.reader.rowOf(id, this.segment.epoch) !== undefined);
  }

  /** Points that readers see now. */
  get count(): number {
    const { reader, epoch } = this.segment;
    return reader.count(epoch);
  }

  *#liveIds(): IterableIterator<PointId> {
    for (const { id, exists } of this.#shard.table.states()) if (exists) yield id;
  }

  /** Before readers read: make the rows of the points that are noted, if there are enough for a group. Returns whether there were. */
  fillNoted(): boolean {
    if (this.#changed.size < FILLED_PER_GROUP) return false;
    this.#fillGroup();
    return true;
  }

  #fillGroup(): void {
    this.prepare({ givesUp: true });
    this.publish();
  }

  /** What other threads read it by. */
  handle(): CollectionHandle {
    return this.#opened().handle();
  }

  /** What they read as of what was published last. */
  readable(): ReadableShard {
    return { handle: this.handle(), epoch: this.segment.epoch, frontier: this.#frontier };
  }

  /** The rows. */
  get segment(): Segment {
    return this.#opened().segment;
  }

  /** The payload indexes. */
  get columns(): PayloadColumns {
    return this.#opened().columns;
  }

  /** Keys of the vectors that its rows have, by the number of the space. */
  get vectorKeys(): readonly string[] {
    return this.#opened().keys;
  }

  /**
   * Make the rows of every point that was noted, or of all points where the collection has other vectors than before, and show and hide payload
   * indexes as it has them. Nobody sees it before `publish`. Throws as `RowTable.prepare` does; then nothing is prepared.
   */
  prepare(options: { readonly givesUp: boolean }): void {
    const table = this.#opened();
    const spaces = this.#spaces();
    if (table.isOf(spaces)) {
      table.prepare(this.#noted(), options);
      return;
    }
    assert(this.#newSeed !== undefined, "a table was made before");
    const next = RowTable.create(this.#shard, spaces, this.#newSeed);
    for (const group of groupsOf(this.#shard.table.states())) {
      next.prepare(group, options);
      next.publish();
    }
    next.columns.goOn(Number.POSITIVE_INFINITY);
    next.prepare([], options);
    this.#next = next;
  }

  #noted(): NotedPoint[] {
    return Array.from(this.#changed, (id) => [id, this.#shard.table.live(id)] as const);
  }

  /** Throws as `RowTable.requireRoomFor` does. */
  requireRoomFor(operation: Operation): void {
    this.#opened().requireRoomFor(operation, this.#changed.size);
  }

  /** Payloads that could not be read can be again. */
  payloadsMended(): void {
    this.columns.payloadsMended();
    this.#opened().payloadBytes.again();
  }

  /** Readers see what was prepared from here on. */
  publish(): PublishedRows {
    const isReplaced = this.#next !== undefined;
    this.#table = this.#next ?? this.#opened();
    this.#next = undefined;
    const { columns } = this.#table;
    if (isReplaced || this.#changed.size > 0 || columns.areOthersInGroup) this.#isImaged = false;
    const epoch = this.#table.publish();
    // after the rows: who enters a graph by this sees rows that name no slot retired before it
    for (const index of this.#indexes.values()) index.published();
    this.#changed.clear();
    const frontier = versionVectorDelta(this.#shard.frontier, this.#frontier);
    this.#frontier = new Map(this.#shard.frontier);
    this.#toldEpoch = epoch;
    return { epoch, frontier, isReplaced };
  }

  /** What was prepared has never been. The points stay noted. */
  takeBack(): void {
    if (this.#next === undefined) this.#opened().takeBack();
    this.#next = undefined;
  }

  /** Takes the epoch of now where it came without a change since `publish`, as one does where a group is taken back. */
  takePassed(): PublishedRows | undefined {
    const { epoch } = this.segment;
    if (epoch === this.#toldEpoch) return undefined;
    this.#toldEpoch = epoch;
    return { epoch, frontier: emptyVersionVector };
  }

  /**
   * Between groups, when every point that was noted is published: go on for so many steps with building payload indexes and with giving back what no
   * reader uses any more. Returns the steps that are left: none, when there may be more to do.
   */
  tidy(steps: number): number {
    assert(this.#changed.size === 0, "the rows are those of the points");
    const { segment, columns, payloadBytes } = this.#opened();
    const left = segment.reclaim(ROWS_PER_STEP) === ROWS_PER_STEP ? columns.goOn(steps - 1) : columns.goOn(steps);
    return payloadBytes.goOn(left, segment);
  }

  /** All others that were noted are again as their rows are. */
  noteOnly(ids: Iterable<PointId>): void {
    this.#changed.clear();
    for (const id of ids) this.#changed.add(id);
  }

  /** Everything since `publish` has been undone, in the graphs too. */
  undone(): void {
    for (const index of this.#indexes.values()) index.takenBack();
  }

  /** Payloads that are kept in memory; `undefined` where readers have them from the log alone. */
  get payloads(): PayloadsInMemory | undefined {
    return this.#table?.payloads;
  }

  /** Bytes of the payloads of all points; `undefined` where nobody limits them, or not all of them are counted. */
  get payloadBytes(): number | undefined {
    return this.#opened().payloadBytes.bytes;
  }

  /** The key that the row of a point has for its payload, when all that was noted is published. */
  payloadKeyOf(id: PointId): number {
    return this.#opened().payloadKeyOf(id);
  }

  /** The spaces that the collection has now, in the order of its vectors. */
  #spaces(): ReadonlyMap<string, Space> {
    const { collection } = this.#shard;
    if (this.#spacesOf?.collection === collection) return this.#spacesOf.spaces;
    const spaces = new Map<string, Space>();
    for (const key of vectorKeysOf(collection)) {
      const index = this.#indexes.get(key);
      assert(index !== undefined, "every vector has a graph");
      spaces.set(key, index);
    }
    this.#spacesOf = { collection, spaces };
    return spaces;
  }

  #opened() {
    assert(this.#table !== undefined, "the table was made");
    return this.#table;
  }
}

/** The live points among states, in groups. */
function* groupsOf(states: Iterable<PointState>): IterableIterator<NotedPoint[]> {
  let group: NotedPoint[] = [];
  for (const state of states) {
    if (state.exists) group.push([state.id, state]);
    if (group.length < FILLED_PER_GROUP) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
