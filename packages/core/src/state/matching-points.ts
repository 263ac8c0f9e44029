import {
  ColumnReader,
  type CompiledFilter,
  comparePointIds,
  type FieldAccess,
  type Filter,
  type FilterSubject,
  finish,
  Meter,
  type PointId,
  type PointSource,
  prepareFilter,
  type RowSet,
  type SegmentReader,
  type Sliced,
  type TextIndexes,
  textIndexesOf,
} from "@murmuration/index";
import { keyOfVector } from "../catalogue/vector-incarnation.js";
import { type PointState, visibleDot } from "./point-state.js";
import type { Shard } from "./shard.js";
import type { WritableShard } from "./writable-shard.js";

/** What filters look at of a point. */
export function subjectOf({ collection }: Shard, state: PointState): FilterSubject {
  return {
    id: state.id,
    // what is kept of a payload may be read where a condition looks at it
    get payload() {
      return state.payload;
    },
    hasVector: (name) => {
      const key = keyOfVector(collection, name);
      return key !== undefined && visibleDot(state, key) !== undefined;
    },
  };
}

/** The rows that an epoch shows, with the points as they are now. */
class RowsOfPoints implements PointSource {
  readonly liveRows: RowSet;
  readonly #shard: Shard;
  readonly #reader: SegmentReader;
  readonly #columns: ColumnReader;
  readonly #epoch: number;

  constructor(shard: Shard, reader: SegmentReader, columns: ColumnReader, epoch: number, liveRows: RowSet) {
    this.#shard = shard;
    this.#reader = reader;
    this.#columns = columns;
    this.#epoch = epoch;
    this.liveRows = liveRows;
  }

  get rowCount(): number {
    return this.#reader.rowCount;
  }

  get texts(): TextIndexes | undefined {
    return textIndexesOf(this.#shard.collection.payloadIndexes);
  }

  subjectAt(row: number): FilterSubject {
    const id = this.#reader.rows.idAt(row);
    const state = this.#shard.table.live(id);
    // one that is gone since is decided about again
    return state === undefined ? { id, payload: {}, hasVector: () => false } : subjectOf(this.#shard, state);
  }

  rowOf(id: PointId): number | undefined {
    return this.#reader.rowOf(id, this.#epoch);
  }

  accessTo(path: string): FieldAccess | undefined {
    return this.#columns.accessTo(path, this.#epoch);
  }
}

/**
 * Ids of the live points that satisfy a filter, ascending, as of the moment when the work ends. Points may change between two slices, and be others
 * than their rows: those are decided about by themselves, until none has changed. Throws `format` for a bad path.
 */
export function* matchingPoints({ shard, rows }: WritableShard, filter: Filter): Sliced<PointId[]> {
  const { reader, engine } = rows.segment;
  let changed = new Set(rows.noted);
  const unwatch = shard.watchPoints((id) => changed.add(id));
  const pin = reader.pin();
  try {
    const columns = new ColumnReader(engine);
    const live = yield* columns.visibleRows(pin.epoch, new Meter());
    const compiled = prepareFilter(filter, new RowsOfPoints(shard, reader, columns, pin.epoch, live));
    const found: PointId[] = [];
    for (const row of yield* compiled.rows()) {
      found.push(reader.rows.idAt(row));
      compiled.meter.steps++;
      if (compiled.meter.isDue()) yield "pause";
    }
    const decided = new Map<PointId, boolean>();
    while (changed.size > 0) {
      const again = changed;
      changed = new Set();
      yield* decide(again, decided, compiled, shard);
    }
    const ids = found.filter((id) => !decided.has(id));
    for (const [id, matches] of decided) if (matches) ids.push(id);
    return ids.sort(comparePointIds);
  } finally {
    pin.release();
    unwatch();
  }
}

function* decide(
  ids: Iterable<PointId>,
  decided: Map<PointId, boolean>,
  { predicate, meter }: CompiledFilter,
  shard: Shard,
): Sliced<void> {
  for (const id of ids) {
    const state = shard.table.live(id);
    decided.set(id, state !== undefined && predicate(subjectOf(shard, state)));
    meter.steps++;
    if (meter.isDue()) yield "pause";
  }
}

/** The same in one go. */
export function matchingPointsNow(target: WritableShard, filter: Filter): PointId[] {
  return finish(matchingPoints(target, filter));
}
