import {
  assert,
  type CollectionHandle,
  Columns,
  createLargestSegment,
  emptyPayloadKey,
  MurmurationError,
  type PointId,
  type RowChange,
  type Segment,
  type Space,
} from "@murmuration/index";
import { nameOfKey } from "../catalogue/vector-incarnation.js";
import type { Operation } from "../operation/operation.js";
import { isPlanted } from "../planted.js";
import { PayloadBytes } from "./payload-bytes.js";
import { PayloadColumns } from "./payload-columns.js";
import { keepsPayloadsInMemory, PayloadsInMemory } from "./payloads-in-memory.js";
import { latestStamp, type PointState, visibleDot } from "./point-state.js";
import type { Shard } from "./shard.js";

/** Gives two random words that ids in a table are hashed with. */
export type NewTableSeed = () => readonly [number, number];

/** Rows that a step of building or emptying a column passes over. */
export const ROWS_PER_STEP = 1_024;
/** Points whose rows are made as one group while a table is filled: no more than a `PointTable` has at hand, so that none is read twice. */
export const FILLED_PER_GROUP = 1_024;

/** A point, and its state where it exists. */
export type NotedPoint = readonly [PointId, PointState | undefined];

/** Numbers spaces, so that a thread that reads one by two tables knows it again. */
let spacesNumbered = 0;
const numberOfSpace = new WeakMap<Space, number>();

function numberOf(space: Space): number {
  const known = numberOfSpace.get(space);
  if (known !== undefined) return known;
  spacesNumbered += 1;
  numberOfSpace.set(space, spacesNumbered);
  return spacesNumbered;
}

/** The rows of a shard for the vectors that it has, and its payload indexes as columns. What it cannot do is to have other vectors: another table does. */
export class RowTable {
  /** Keys of its vectors, by the number of the space. */
  readonly keys: readonly string[];
  readonly segment: Segment;
  readonly columns: PayloadColumns;
  /** Payloads that are kept in memory; `undefined` where readers have them from the log alone. */
  readonly payloads: PayloadsInMemory | undefined;
  readonly payloadBytes: PayloadBytes;
  readonly #shard: Shard;
  readonly #spaces: readonly Space[];
  #knownOf: ReadonlyMap<string, Space>;

  constructor(shard: Shard, spaces: ReadonlyMap<string, Space>, segment: Segment) {
    this.#shard = shard;
    this.keys = [...spaces.keys()];
    this.#spaces = [...spaces.values()];
    this.#knownOf = spaces;
    this.segment = segment;
    this.columns = new PayloadColumns(new Columns(segment.engine, ROWS_PER_STEP), (row) => {
      return shard.table.live(segment.reader.rows.idAt(row))?.payload ?? {};
    });
    this.payloadBytes = new PayloadBytes(shard);
    this.payloads = keepsPayloadsInMemory(shard.collection) ? new PayloadsInMemory() : undefined;
  }

  /** An empty one. Throws `capacity` when no memory is left. */
  static create(shard: Shard, spaces: ReadonlyMap<string, Space>, newSeed: NewTableSeed): RowTable {
    return new RowTable(shard, spaces, createLargestSegment(tableOptions(spaces, newSeed)));
  }

  /** What other threads read it by. */
  handle(): CollectionHandle {
    const { collection } = this.#shard;
    return {
      table: this.segment.handle(),
      spaces: this.keys.map((key, number) => {
        const space = this.#spaces[number] as Space;
        // of one that is dropped with the group in work, nobody reads by this any more
        return {
          name: nameOfKey(collection, key) ?? key,
          graph: space.handle(),
          id: `${this.#shard.id}/${numberOf(space)}`,
        };
      }),
      ...(this.payloads && { payloads: this.payloads.memory.handle() }),
      payloadBytes: this.payloadBytes.shared,
    };
  }

  /** Are its vectors these, in this order? */
  isOf(spaces: ReadonlyMap<string, Space>): boolean {
    if (spaces === this.#knownOf) return true;
    const keys = [...spaces.keys()];
    if (keys.length !== this.keys.length || keys.some((key, i) => key !== this.keys[i])) return false;
    this.#knownOf = spaces;
    return true;
  }

  /** The number of a vector's space. It has one: what a row says of no space is what stands beside the slots. */
  spaceOf(key: string): number {
    const space = this.keys.indexOf(key);
    assert(space >= 0, "the rows name slots of this graph");
    return space;
  }

  /**
   * Make the rows of these points, and show and hide payload indexes as the collection has them. Nobody sees it before the segment is published.
   * Throws `capacity` when there is no room for a row or in a payload index; then nothing is prepared. `givesUp`: a payload index without room
   * is given up instead.
   */
  prepare(all: readonly NotedPoint[], { givesUp }: { readonly givesUp: boolean }): void {
    const { segment, columns } = this;
    const states = isPlanted("deleted-rows-stay") ? all.filter(([, state]) => state !== undefined) : all;
    const wanted = this.#shard.collection.payloadIndexes;
    this.payloadBytes.follow(segment);
    const { reader, epoch } = segment;
    const before = states.map(([id]) => reader.rowOf(id, epoch) ?? 0);
    // each round ends, or gives one payload index up
    for (;;) {
      columns.follow(wanted, segment.reader.rowCount, givesUp);
      const rows = this.#prepareRows(this.#changesOf(states, givesUp));
      try {
        columns.beginGroup(wanted);
        for (const [i, row] of rows.entries()) {
          const [id, state] = states[i] as NotedPoint;
          this.payloadBytes.changed(id, before[i] as number, state === undefined ? 0 : row);
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

  /** Readers see what was prepared. Returns the epoch from which on they do. */
  publish(): number {
    const epoch = this.segment.publish({ allEntries: this.#shard.windows.isOpen() });
    this.columns.published();
    this.payloads?.published(epoch, this.segment);
    this.payloadBytes.published();
    return epoch;
  }

  /** What was prepared has never been. */
  takeBack(): void {
    this.segment.takeBack();
    this.columns.takenBack();
    this.payloads?.takenBack();
    this.payloadBytes.takenBack();
  }

  /** Throws `capacity` when an operation may make rows for which there is no room beside so many that are to be made. */
  requireRoomFor(operation: Operation, noted: number): void {
    const wanted = rowsOf(operation);
    if (wanted === 0) return;
    const { segment, payloads } = this;
    const { name } = this.#shard.collection;
    payloads?.requireRoom(name);
    const isFull = () => segment.use.capacity - segment.use.used < noted + wanted;
    if (!isFull()) return;
    segment.reclaim(noted + wanted);
    if (!isFull()) return;
    const { capacity, waiting } = segment.use;
    const why = `of ${capacity} rows none is free; ${waiting} wait for readers of older epochs`;
    throw new MurmurationError("capacity", `the table of collection ${name} is full: ${why}`);
  }

  /** The key that the row of a point has for its payload, when all that was noted is published. */
  payloadKeyOf(id: PointId): number {
    return this.payloads?.keptKey(id) ?? this.#shard.table.payloadKeyOf(id);
  }

  #changesOf(states: readonly NotedPoint[], givesUp: boolean): RowChange[] {
    try {
      return states.map(([id, state]) => this.#changeOf(id, state, givesUp));
    } catch (error) {
      this.payloads?.takenBack();
      throw error;
    }
  }

  #prepareRows(changes: readonly RowChange[]): ReturnType<Segment["prepare"]> {
    try {
      return this.segment.prepare(changes);
    } catch (error) {
      this.payloads?.takenBack();
      throw error;
    }
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
      slots: this.#spaces.map((space, number) => {
        const dot = visibleDot(state, this.keys[number] as string);
        return this.#slotBefore(id, number) ?? (dot === undefined ? undefined : space.slotOf(dot));
      }),
    };
  }

  /** Where the vector stands that readers see now: of interest to a planted bug alone. */
  #slotBefore(id: PointId, space: number): number | undefined {
    if (!isPlanted("row-keeps-slot")) return undefined;
    const { reader, epoch } = this.segment;
    const row = reader.rowOf(id, epoch);
    return row === undefined ? undefined : reader.rows.slotAt(row, space);
  }
}

/** What a table for these spaces is made with. */
export function tableOptions(spaces: ReadonlyMap<string, Space>, newSeed: NewTableSeed) {
  return { slots: Array.from(spaces.values(), (space) => space.capacity), seed: newSeed() };
}

/** Points of which an operation may make another row. */
function rowsOf(operation: Operation): number {
  if (operation.kind === "delete" || operation.kind === "forget") return 0;
  if ("ids" in operation) return operation.ids.length;
  return "id" in operation ? 1 : 0;
}
