import {
  emptyPayloadKey,
  type FieldAccess,
  type FilterSubject,
  type PayloadIndex,
  type PayloadIndexSchema,
  type PointId,
  type PointSource,
  parsePath,
  type RowSet,
} from "@murmuration/index";
import type { Dot } from "../causality/dot.js";
import { type PointState, visibleDot } from "./point-state.js";
import type { RowWatch } from "./row-watch.js";
import type { SlotMap } from "./slot-map.js";
import { type OrderedRows, TableRows } from "./table-rows.js";

/** What a table of points asks of the shard that it is of. */
export interface TableOptions {
  readonly vectorNames: readonly string[];
  /** Gives a key for a payload that comes into the table, none twice. */
  readonly newPayloadKey: () => number;
  /** Where the node of a vector stands. */
  readonly slotOf: (vector: string, dot: Dot) => number | undefined;
}

/**
 * The points of a shard: states by id, tombstones included. Rows, an order and payload indexes on the heap are made when they are asked for first,
 * and kept up from then on: a replica that serves readers by its `ReadModel` asks for none.
 */
export class PointTable implements PointSource {
  readonly #options: TableOptions;
  readonly #states = new Map<PointId, PointState>();
  /** Of those that have one; not of empty payloads. */
  readonly #payloadKeys = new Map<PointId, number>();
  readonly #schemas = new Map<string, PayloadIndexSchema>();
  #live = 0;
  #rows: TableRows | undefined;

  constructor(options: TableOptions) {
    this.#options = options;
  }

  get vectorNames(): readonly string[] {
    return this.#options.vectorNames;
  }

  /** Live points. */
  get size(): number {
    return this.#live;
  }

  /** The point's state, a tombstone's too. */
  state(id: PointId): PointState | undefined {
    return this.#states.get(id);
  }

  /** The point's state when it exists. */
  live(id: PointId): PointState | undefined {
    const state = this.state(id);
    return state?.exists === true ? state : undefined;
  }

  /**
   * Names the payload that a point has now, tombstones too, on this replica alone: another one with every other payload, the same while only
   * vectors change. 0 for an empty payload, and for a point that is not here.
   */
  payloadKeyOf(id: PointId): number {
    return this.#payloadKeys.get(id) ?? emptyPayloadKey;
  }

  /** All states, tombstones included. */
  states(): IterableIterator<PointState> {
    return this.#states.values();
  }

  /** Put a state in place of the one before; `undefined` forgets the point. `payloadKey`: of a payload that has one already. */
  put(id: PointId, next: PointState | undefined, payloadKey?: number): void {
    const previous = this.#states.get(id);
    this.#keyPayload(id, previous, next, payloadKey);
    if (next === undefined) this.#states.delete(id);
    else this.#states.set(id, next);
    this.#live += Number(next?.exists === true) - Number(previous?.exists === true);
    this.#rows?.put(id, previous, next);
  }

  #keyPayload(id: PointId, previous: PointState | undefined, next: PointState | undefined, given?: number): void {
    if (given === undefined && previous !== undefined && next?.payload === previous.payload) return;
    const isEmpty = next === undefined || Object.keys(next.payload).length === 0;
    const key = isEmpty ? emptyPayloadKey : (given ?? this.#options.newPayloadKey());
    if (key === emptyPayloadKey) this.#payloadKeys.delete(id);
    else this.#payloadKeys.set(id, key);
  }

  // ---- payload indexes

  indexPaths(): string[] {
    return [...this.#schemas.keys()];
  }

  /** Have payload indexes from here on, and others no more: all of it, or nothing when it throws (`format` for a bad path). */
  changeIndexes(
    created: readonly (readonly [path: string, schema: PayloadIndexSchema])[],
    dropped: readonly string[],
  ): void {
    for (const [path] of created) parsePath(path, "field_name");
    this.#rows?.changeIndexes(created, dropped);
    for (const path of dropped) this.#schemas.delete(path);
    for (const [path, schema] of created) this.#schemas.set(path, schema);
  }

  // ---- rows on the heap

  #rowed(): TableRows {
    if (this.#rows !== undefined) return this.#rows;
    const rows = new TableRows(this.vectorNames);
    for (const state of this.states()) {
      const row = rows.put(state.id, undefined, state);
      if (row === undefined) continue;
      for (const [name, slots] of rows.slotMaps) {
        const dot = visibleDot(state, name);
        const slot = dot === undefined ? undefined : this.#options.slotOf(name, dot);
        if (slot !== undefined) slots.link(row, slot);
      }
    }
    rows.changeIndexes([...this.#schemas], []);
    this.#rows = rows;
    return rows;
  }

  get liveRows(): RowSet {
    return this.#rowed().liveRows;
  }

  get rowCount(): number {
    return this.#rowed().rowCount;
  }

  /** The live point at a row. */
  at(row: number): PointState {
    return this.#rowed().at(row);
  }

  rowOf(id: PointId): number | undefined {
    return this.#rowed().rowOf(id);
  }

  subjectAt(row: number): FilterSubject {
    return this.#rowed().subjectAt(row);
  }

  /** The rows in order, as they are now: what changes later does not show. Costs nothing, but some of each later change. */
  orderedRows(): OrderedRows {
    return this.#rowed().orderedRows();
  }

  /** Where each vector's visible versions stand, by its name. */
  get slotMaps(): ReadonlyMap<string, SlotMap> {
    return this.#rowed().slotMaps;
  }

  slotMap(vector: string): SlotMap | undefined {
    return this.#rowed().slotMap(vector);
  }

  /** The vector of a live point is at this slot from here on. */
  link(id: PointId, vector: string, slot: number): void {
    const row = this.#rows?.rowOf(id);
    if (row !== undefined) this.#rows?.slotMap(vector)?.link(row, slot);
  }

  /** It is not there any more. */
  unlink(id: PointId, vector: string, slot: number): void {
    const row = this.#rows?.rowOf(id);
    if (row !== undefined) this.#rows?.slotMap(vector)?.unlink(row, slot);
  }

  /** Tell `watch` of every row that is about to change, until the returned function is called. */
  watch(watch: RowWatch): () => void {
    return this.#rowed().watch(watch);
  }

  /** How many watch. */
  get watchers(): number {
    return this.#rows?.watchers ?? 0;
  }

  /** The point's row, or the place of one of its vectors, is about to change. */
  beginChange(id: PointId): void {
    this.#rows?.beginChange(id);
  }

  indexOn(path: string): PayloadIndex | undefined {
    return this.#rowed().indexOn(path);
  }

  accessTo(path: string): FieldAccess | undefined {
    return this.#rowed().accessTo(path);
  }
}
