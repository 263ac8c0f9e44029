import {
  assert,
  type CollectionHandle,
  ColumnReader,
  Columns,
  createLargestSegment,
  decodeSegmentImage,
  emptyPayloadKey,
  encodeSegmentImage,
  finish,
  Meter,
  MurmurationError,
  type PointId,
  type ReadExactly,
  type RowChange,
  type Segment,
  type Space,
} from "@murmuration/index";
import { emptyVersionVector, type VersionVector, versionVectorDelta } from "../causality/version-vector.js";
import type { Operation } from "../operation/operation.js";
import { isPlanted } from "../planted.js";
import { PayloadColumns } from "./payload-columns.js";
import { keepsPayloadsInMemory, PayloadsInMemory } from "./payloads-in-memory.js";
import { latestStamp, type PointState, visibleDot } from "./point-state.js";
import type { Shard } from "./shard.js";

/** Gives two random words that ids in a table are hashed with. */
export type NewTableSeed = () => readonly [number, number];

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
}

/** Rows that a step of building or emptying a column passes over. */
const ROWS_PER_STEP = 1_024;
/** Points whose rows are made as one group while a table is filled. */
const FILLED_PER_GROUP = 4_096;

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
  #table:
    | { readonly segment: Segment; readonly columns: PayloadColumns; readonly payloads: PayloadsInMemory | undefined }
    | undefined;
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
    if (this.#table !== undefined) return this.handle();
    this.#use(createLargestSegment(this.#options(newSeed)));
    return this.handle();
  }

  /**
   * Take rows and columns from an image, before `open` and `fill`; `accept` may refuse it by its note, and throws then. No point is decoded.
   * Whoever knows of points that changed since notes them. Throws `corrupt` for an image that cannot be used; then nothing is taken.
   */
  load(read: ReadExactly, newSeed: NewTableSeed, accept: (note: string) => void): void {
    assert(this.#table === undefined, "a table is loaded before it is used");
    this.#use(decodeSegmentImage(this.#options(newSeed), read, accept).segment);
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
    const space = this.#shard.table.vectorNames.indexOf(vector);
    const row = reader.rowAtSlot(space, slot, epoch);
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

  /** Make the graphs show the vectors that the rows name. */
  showVectors(): void {
    const { reader, engine, epoch } = this.segment;
    const rows = finish(new ColumnReader(engine).visibleRows(epoch, new Meter()));
    for (const [space, [, index]] of this.#spaces().entries()) {
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
   * reader reads yet. `isBegun`: rows of those alone that are noted, the others were made by `fillNoted`. Throws as `open` does.
   */
  fill(newSeed: NewTableSeed, { isBegun = this.#isLoaded }: { readonly isBegun?: boolean } = {}): void {
    this.open(newSeed);
    const wanted = isBegun ? [...this.#changed] : this.#liveIds();
    this.#changed.clear();
    for (const id of wanted) {
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

  #options(newSeed: NewTableSeed) {
    return { slots: this.#spaces().map(([, index]) => index.capacity), seed: newSeed() };
  }

  #use(segment: Segment): void {
    const columns = new PayloadColumns(new Columns(segment.engine, ROWS_PER_STEP), (row) => {
      return this.#shard.table.live(segment.reader.rows.idAt(row))?.payload ?? {};
    });
    const payloads = keepsPayloadsInMemory(this.#shard.collection) ? new PayloadsInMemory() : undefined;
    this.#table = { segment, columns, payloads };
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
    const { segment, payloads } = this.#opened();
    return {
      table: segment.handle(),
      spaces: this.#spaces().map(([name, index]) => ({ name, graph: index.handle() })),
      ...(payloads && { payloads: payloads.memory.handle() }),
    };
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

  /**
   * Make the rows of every point that was noted, and show and hide payload indexes as the collection has them. Nobody sees it before `publish`.
   * Throws `capacity` when there is no room for a row or in a payload index; then nothing is prepared. `givesUp`: a payload index without room
   * is given up instead.
   */
  prepare({ givesUp }: { readonly givesUp: boolean }): void {
    const { segment, columns } = this.#opened();
    const all = Array.from(this.#changed, (id) => [id, this.#shard.table.live(id)] as const);
    const states = isPlanted("deleted-rows-stay") ? all.filter(([, state]) => state !== undefined) : all;
    const wanted = this.#shard.collection.payloadIndexes;
    // each round ends, or gives one payload index up
    for (;;) {
      columns.follow(wanted, segment.reader.rowCount, givesUp);
      const rows = this.#prepareRows(this.#changesOf(states, givesUp));
      try {
        columns.beginGroup(wanted);
        for (const [i, row] of rows.entries()) {
          const state = (states[i] as (typeof states)[number])[1];
          if (state === undefined || (isPlanted("column-not-entered") && row % 2 === 0)) continue;
          columns.enter(row, state);
        }
        return;
      } catch (error) {
        this.takeBack();
        if (!givesUp || !columns.giveUp(wanted, error)) throw error;
      }
    }
  }

  /** Throws `capacity` when an operation may make rows for which there is no room. */
  requireRoomFor(operation: Operation): void {
    const wanted = rowsOf(operation);
    if (wanted === 0) return;
    const { segment, payloads } = this.#opened();
    payloads?.requireRoom(this.#shard.collection.name);
    const isFull = () => segment.use.capacity - segment.use.used < this.#changed.size + wanted;
    if (!isFull()) return;
    segment.reclaim(this.#changed.size + wanted);
    if (!isFull()) return;
    const { capacity, waiting } = segment.use;
    const why = `of ${capacity} rows none is free; ${waiting} wait for readers of older epochs`;
    throw new MurmurationError("capacity", `the table of collection ${this.#shard.collection.name} is full: ${why}`);
  }

  /** Payloads that could not be read can be again. */
  payloadsMended(): void {
    this.columns.payloadsMended();
  }

  /** Readers see what was prepared from here on. */
  publish(): PublishedRows {
    const { segment, columns, payloads } = this.#opened();
    const epoch = segment.publish({ allEntries: this.#shard.windows.isOpen() });
    if (this.#changed.size > 0 || columns.areOthersInGroup) this.#isImaged = false;
    columns.published();
    payloads?.published(epoch, segment);
    // after the rows: who enters a graph by this sees rows that name no slot retired before it
    for (const index of this.#indexes.values()) index.published();
    this.#changed.clear();
    const frontier = versionVectorDelta(this.#shard.frontier, this.#frontier);
    this.#frontier = new Map(this.#shard.frontier);
    this.#toldEpoch = epoch;
    return { epoch, frontier };
  }

  /** What was prepared has never been. The points stay noted. */
  takeBack(): void {
    const { segment, columns, payloads } = this.#opened();
    segment.takeBack();
    columns.takenBack();
    payloads?.takenBack();
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
    const { segment, columns } = this.#opened();
    return segment.reclaim(ROWS_PER_STEP) === ROWS_PER_STEP ? columns.goOn(steps - 1) : columns.goOn(steps);
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

  #changesOf(states: readonly (readonly [PointId, PointState | undefined])[], givesUp: boolean): RowChange[] {
    try {
      return states.map(([id, state]) => this.#changeOf(id, state, givesUp));
    } catch (error) {
      this.payloads?.takenBack();
      throw error;
    }
  }

  #prepareRows(changes: readonly RowChange[]): ReturnType<Segment["prepare"]> {
    const { segment, payloads } = this.#opened();
    try {
      return segment.prepare(changes);
    } catch (error) {
      payloads?.takenBack();
      throw error;
    }
  }

  /** Payloads that are kept in memory; `undefined` where readers have them from the log alone. */
  get payloads(): PayloadsInMemory | undefined {
    return this.#table?.payloads;
  }

  /** The key that the row of a point has for its payload, when all that was noted is published. */
  payloadKeyOf(id: PointId): number {
    return this.payloads?.keptKey(id) ?? this.#shard.table.payloadKeyOf(id);
  }

  /** `givesUp`: where there is no room for it in memory, the payload is read from the log. */
  #keyFor(state: PointState, givesUp: boolean): number {
    const logKey = this.#shard.table.payloadKeyOf(state.id);
    const { payloads } = this;
    if (payloads === undefined || logKey === emptyPayloadKey) {
      payloads?.forget(state.id);
      return logKey;
    }
    try {
      return payloads.keyOf(state, logKey);
    } catch (error) {
      if (!givesUp || !(error instanceof MurmurationError)) throw error;
      payloads.forget(state.id);
      return logKey;
    }
  }

  #changeOf(id: PointId, state: PointState | undefined, givesUp: boolean): RowChange {
    if (state === undefined) {
      this.payloads?.forget(id);
      return { kind: "remove", id };
    }
    const { time, origin } = latestStamp(state);
    return {
      kind: "put",
      id,
      payloadKey: this.#keyFor(state, givesUp),
      stamp: { ...time, origin },
      version: state.version,
      slots: this.#spaces().map(([name, index], space) => {
        const dot = visibleDot(state, name);
        return this.#slotBefore(id, space) ?? (dot === undefined ? undefined : index.slotOf(dot));
      }),
    };
  }

  /** Where the vector stands that readers see now: of interest to a planted bug alone. */
  #slotBefore(id: PointId, space: number): number | undefined {
    if (!isPlanted("row-keeps-slot")) return undefined;
    const { reader, epoch } = this.#opened().segment;
    const row = reader.rowOf(id, epoch);
    return row === undefined ? undefined : reader.rows.slotAt(row, space);
  }

  /** In the order of the table's spaces. */
  #spaces(): [name: string, index: Space][] {
    return Array.from(this.#shard.table.vectorNames, (name) => {
      const index = this.#indexes.get(name);
      assert(index !== undefined, "every vector has a graph");
      return [name, index];
    });
  }

  #opened() {
    assert(this.#table !== undefined, "the table was made");
    return this.#table;
  }
}

/** Points of which an operation may make another row. */
function rowsOf(operation: Operation): number {
  if (operation.kind === "delete" || operation.kind === "forget") return 0;
  if ("ids" in operation) return operation.ids.length;
  return "id" in operation ? 1 : 0;
}
