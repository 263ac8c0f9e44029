import { compileSelector, finish, type PayloadSelection, type PointId, type Sliced } from "@murmuration/index";
import { FrozenPoints } from "../state/frozen-points.js";
import { visibleVectorNames } from "../state/point-state.js";
import type { Shard } from "../state/shard.js";
import type { Emit, PointRecord, ScoredPoint, Selection } from "./request.js";

/**
 * What a read returns of the points of a shard, as they were when it was made: whatever is written until it is ended. It keeps what
 * changes meanwhile, and the slots of the graphs.
 */
export class RecordReader {
  readonly points: FrozenPoints;
  readonly #shard: Shard;
  readonly #selection: Selection;
  readonly #payload: PayloadSelection;
  readonly #releases: (() => void)[] = [];

  /** Throws `format` for a bad path in the selection. */
  constructor(shard: Shard, selection: Selection) {
    this.#shard = shard;
    this.#selection = selection;
    this.#payload = compileSelector(selection.payload);
    for (const { reader } of shard.graphs.values()) this.#releases.push(reader.hold());
    this.points = new FrozenPoints(shard.table);
  }

  /** The selected parts of the point at a row. */
  recordAt(row: number): PointRecord {
    const state = this.points.at(row);
    const payload = this.#payload(state.payload);
    const { vectors } = this.#selection;
    return {
      id: state.id,
      ...(payload === undefined ? {} : { payload }),
      ...(vectors === false ? {} : { vectors: this.#vectorsAt(row, vectors) }),
    };
  }

  /** The same of a point that was found, with its score. */
  scoredAt(row: number, score: number): ScoredPoint {
    const { payload, vectors } = this.#selection;
    const { id, version } = this.points.at(row);
    return payload === false && vectors === false ? { id, score, version } : { ...this.recordAt(row), score, version };
  }

  /** Copies of a point's vectors: all of them, or those named that it has. */
  #vectorsAt(row: number, selector: true | readonly string[]): { [name: string]: Float32Array } {
    const names = visibleVectorNames(this.points.at(row)).filter(
      (name) => selector === true || selector.includes(name),
    );
    const vectors: { [name: string]: Float32Array } = {};
    for (const name of names.sort()) {
      const slot = this.points.slotOf(name, row);
      if (slot !== undefined) vectors[name] = this.#shard.graph(name).reader.vectorAt(slot);
    }
    return vectors;
  }

  end(): void {
    this.points.end();
    for (const release of this.#releases) release();
  }
}

/** Points by id, in the order asked for; unknown ids are passed over. */
export function* retrieveInSlices(
  shard: Shard,
  ids: readonly PointId[],
  selection: Selection,
  emit: Emit<PointRecord>,
): Sliced<void> {
  const records = new RecordReader(shard, selection);
  try {
    const rows = shard.table.orderedRows();
    yield "fixed";
    for (const id of ids) {
      const row = rows.rowOf(id);
      if (row !== undefined) emit(records.recordAt(row));
      yield "pause";
    }
  } finally {
    records.end();
  }
}

/** The same at once. */
export function retrieve(shard: Shard, ids: readonly PointId[], selection: Selection): PointRecord[] {
  const records: PointRecord[] = [];
  finish(retrieveInSlices(shard, ids, selection, (record) => records.push(record)));
  return records;
}
