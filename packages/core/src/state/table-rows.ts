import {
  accessOfIndex,
  assert,
  comparePointIds,
  type FieldAccess,
  type FilterSubject,
  type PayloadIndex,
  PayloadIndexes,
  type PayloadIndexSchema,
  type PointId,
  type PointSource,
  RowSet,
} from "@murmuration/index";
import sortedBTree from "sorted-btree";
import { type PointState, visibleVectorNames } from "./point-state.js";
import type { RowWatch } from "./row-watch.js";
import { SlotMap } from "./slot-map.js";

// The package is CommonJS: its default export arrives as a property.
const BTree = sortedBTree.default;

/** Rows of live points by ascending id, as they were when it was made. */
export class OrderedRows {
  readonly #rows: ReturnType<typeof emptyTree>;

  constructor(rows: ReturnType<typeof emptyTree>) {
    this.#rows = rows;
  }

  /** From `first` (inclusive) on. */
  *from(first: PointId | undefined): IterableIterator<number> {
    for (const [, row] of this.#rows.entries(first)) yield row;
  }

  rowOf(id: PointId): number | undefined {
    return this.#rows.get(id);
  }
}

function emptyTree() {
  return new BTree<PointId, number>(undefined, comparePointIds);
}

/**
 * The live points of a shard by row and in order of ids, payload indexes, and where each vector's node is. A row is a point's small integer in this
 * memory only. Made for whoever asks a table for them.
 */
export class TableRows implements PointSource {
  readonly liveRows = new RowSet();
  readonly #rows: (PointState | undefined)[] = [];
  readonly #freeRows: number[] = [];
  readonly #ordered = emptyTree();
  readonly #indexes = new PayloadIndexes();
  readonly #watches = new Set<RowWatch>();
  /** Where each vector's visible versions stand, by its name. */
  readonly slotMaps: ReadonlyMap<string, SlotMap>;

  constructor(vectorNames: Iterable<string>) {
    this.slotMaps = new Map(Array.from(vectorNames, (name) => [name, new SlotMap()]));
  }

  get rowCount(): number {
    return this.#rows.length;
  }

  /** The live point at a row. */
  at(row: number): PointState {
    const state = this.#rows[row];
    assert(state !== undefined, "the row holds a live point");
    return state;
  }

  /** The rows in order, as they are now: what changes later does not show. Costs nothing, but some of each later change. */
  orderedRows(): OrderedRows {
    return new OrderedRows(this.#ordered.clone());
  }

  slotMap(vector: string): SlotMap | undefined {
    return this.slotMaps.get(vector);
  }

  /** Tell `watch` of every row that is about to change, until the returned function is called. */
  watch(watch: RowWatch): () => void {
    this.#watches.add(watch);
    return () => void this.#watches.delete(watch);
  }

  /** How many watch. */
  get watchers(): number {
    return this.#watches.size;
  }

  /** The point's row, or the place of one of its vectors, is about to change. */
  beginChange(id: PointId): void {
    if (this.#watches.size === 0) return;
    const row = this.#ordered.get(id);
    if (row !== undefined) for (const watch of this.#watches) watch.rowChanges(row);
  }

  subjectAt(row: number): FilterSubject {
    const state = this.at(row);
    return { id: state.id, payload: state.payload, hasVector: (name) => visibleVectorNames(state).includes(name) };
  }

  rowOf(id: PointId): number | undefined {
    return this.#ordered.get(id);
  }

  indexOn(path: string): PayloadIndex | undefined {
    return this.#indexes.get(path);
  }

  accessTo(path: string): FieldAccess | undefined {
    const index = this.#indexes.get(path);
    return index && accessOfIndex(index);
  }

  indexPaths(): string[] {
    return this.#indexes.paths();
  }

  /** Build payload indexes over the live points and drop others: all of it, or nothing when it throws (`format` for a bad path). */
  changeIndexes(
    created: readonly (readonly [path: string, schema: PayloadIndexSchema])[],
    dropped: readonly string[],
  ): void {
    const points = Array.from(this.liveRows, (row) => [row, this.at(row).payload] as const);
    this.#indexes.change(created, dropped, points);
  }

  /** Put a state in place of the one before. Vectors are placed by `SlotMap`. Returns its row if live. */
  put(id: PointId, previous: PointState | undefined, next: PointState | undefined): number | undefined {
    this.beginChange(id);
    const wasLive = previous?.exists === true;
    const isLive = next?.exists === true;
    if (!wasLive && !isLive) return undefined;
    const row = wasLive ? (this.#ordered.get(id) as number) : this.#takeRow();
    const samePayload = wasLive && isLive && previous.payload === next.payload;
    if (wasLive && !samePayload) this.#indexes.removePoint(row, previous.payload);
    if (!isLive) {
      this.#rows[row] = undefined;
      this.liveRows.delete(row);
      this.#ordered.delete(id);
      this.#freeRows.push(row);
      return undefined;
    }
    if (!wasLive) for (const watch of this.#watches) watch.rowIsTaken(row);
    this.#rows[row] = next;
    if (!wasLive) {
      this.liveRows.add(row);
      this.#ordered.set(id, row);
    }
    if (!samePayload) this.#indexes.addPoint(row, next.payload);
    return row;
  }

  #takeRow(): number {
    return this.#freeRows.pop() ?? this.#rows.push(undefined) - 1;
  }
}
