import {
  assert,
  bindTexts,
  ColumnReader,
  type Condition,
  columnProblems,
  comparePointIds,
  compileFilter,
  compilePredicate,
  emptyFilter,
  type Filter,
  finish,
  geoPointOf,
  type Json,
  type MatchScalar,
  Meter,
  MurmurationError,
  type PointId,
  type PointSource,
  parseDatetime,
  parsePath,
  printPayload,
  RowSet,
  textIndexesOf,
  valuesAt,
} from "@murmuration/index";
import { latestStamp, type PointState, visibleDot } from "./point-state.js";
import { encodeStoredPayload } from "./point-state-codec.js";
import type { WritableShard } from "./writable-shard.js";

/** Points of one page. */
const PAGE = 100;
/** Values that a column is asked for. */
const VALUES_ASKED = 20;

/**
 * What readers would find in a shard's rows and columns that is not what its points say: nothing, when everything that was applied is
 * published. Looks at everything. For tests, the simulator, and whoever looks into a damaged replica. `states`: those of the shard, for who has read
 * them: most of what this takes is reading each point and its payload.
 */
export function rowProblems(
  target: WritableShard,
  states: readonly PointState[] = [...target.shard.table.states()],
): string[] {
  const { shard, rows: model } = target;
  const { reader } = model.segment;
  const pin = reader.pin();
  try {
    const { epoch } = pin;
    const problems: string[] = [];
    const rowOf = new Map<PointId, number>();
    for (const state of states) {
      const row = reader.rowOf(state.id, epoch);
      if (row === undefined) {
        if (state.exists) problems.push(`point ${state.id} has no row`);
        continue;
      }
      if (!state.exists) problems.push(`point ${state.id} is deleted and has a row`);
      rowOf.set(state.id, row);
      for (const what of rowDifferences(target, state, row, epoch)) problems.push(`point ${state.id}: ${what}`);
    }
    const count = reader.count(epoch);
    if (count !== shard.table.size) problems.push(`${count} points are counted, ${shard.table.size} there are`);
    if (pagedIds(target, epoch) !== shard.table.size) problems.push("pages do not give every point once");
    problems.push(...payloadBytesProblems(target, states));
    problems.push(...columnProblems(model.segment.engine), ...columnDifferences(target, states, rowOf, epoch));
    return problems;
  } finally {
    pin.release();
  }
}

/** What is counted of payloads is what they take; where one cannot be read, nobody knows. */
function payloadBytesProblems({ rows: model }: WritableShard, states: readonly PointState[]): string[] {
  const { payloadBytes: counted } = model;
  if (counted === undefined) return [];
  let bytes = 0;
  try {
    for (const { exists, payload } of states) {
      if (exists && Object.keys(payload).length > 0) bytes += encodeStoredPayload(payload).length;
    }
  } catch (error) {
    if (error instanceof MurmurationError) return [];
    throw error;
  }
  return counted === bytes ? [] : [`${counted} bytes of payloads are counted, ${bytes} there are`];
}

function rowDifferences(
  { shard, rows: model }: WritableShard,
  state: PointState,
  row: number,
  epoch: number,
): string[] {
  const { reader } = model.segment;
  const { rows } = reader;
  const problems: string[] = [];
  const expect = (what: string, found: unknown, wanted: unknown, name?: string) => {
    if (found === wanted) return;
    const where = name === undefined ? what : `${what} "${name}"`;
    problems.push(`${where} is ${found} in its row, ${wanted} in its state`);
  };
  const { time, origin } = latestStamp(state);
  const stamp = rows.stampAt(row);
  expect("id", rows.idAt(row), state.id);
  expect("payload key", rows.payloadKeyAt(row), model.payloadKeyOf(state.id));
  const kept = model.payloads?.keptKey(state.id);
  if (kept !== undefined) {
    const text = Buffer.from(model.payloads?.bytesOf(kept) ?? []).toString();
    expect("payload in memory", text, printPayload(state.payload));
  }
  expect("version", rows.versionAt(row), state.version);
  if (stamp.wallMs !== time.wallMs || stamp.counter !== time.counter || stamp.origin !== origin)
    expect("stamp", [stamp.wallMs, stamp.counter, stamp.origin].join(), [time.wallMs, time.counter, origin].join());
  for (const [space, name] of model.vectorKeys.entries()) {
    const dot = visibleDot(state, name);
    const slot = dot === undefined ? undefined : shard.graph(name).slotOf(dot);
    expect("the slot of vector", rows.slotAt(row, space), slot, name);
    if (slot !== undefined) expect("the row at its slot of", reader.rowAtSlot(space, slot, epoch), row, name);
  }
  return problems;
}

/** Points that pages give, in ascending order; −1 when the order is another. */
function pagedIds({ shard, rows: model }: WritableShard, epoch: number): number {
  const { reader } = model.segment;
  let count = 0;
  let from: PointId | undefined;
  let last: PointId | undefined;
  do {
    const page = reader.scroll(from, PAGE, epoch);
    for (const row of page.rows) {
      const id = reader.rows.idAt(row);
      if (shard.table.live(id) === undefined || (last !== undefined && comparePointIds(last, id) >= 0)) return -1;
      last = id;
      count++;
    }
    from = page.next;
  } while (from !== undefined);
  return count;
}

function columnDifferences(
  target: WritableShard,
  states: readonly PointState[],
  rowOf: ReadonlyMap<PointId, number>,
  epoch: number,
): string[] {
  const { shard, rows: model } = target;
  const reader = new ColumnReader(model.segment.engine);
  const wanted = shard.collection.payloadIndexes;
  const shown = reader.paths(epoch);
  const problems = shown
    .filter((path, at) => !Object.hasOwn(wanted, path) || shown.indexOf(path) !== at)
    .map((path) => `there is a column on '${path}' and no index, or two`);
  if (shown.length < Object.keys(wanted).length && !model.columns.hasWork && model.columns.givenUp().length === 0) {
    problems.push("an index has no column, and none is being built");
  }
  const points = pointsOf(target, states, rowOf, reader, epoch);
  const live = rowsText(finish(reader.visibleRows(epoch, new Meter())));
  if (live !== rowsText(points.liveRows))
    problems.push(`rows ${live} are visible, those of points are ${rowsText(points.liveRows)}`);
  for (const path of shown) {
    problems.push(...answersOf(path, points, rowOf).map((what) => `column on '${path}': ${what}`));
  }
  return problems;
}

/** The points as filters see them, by their rows. */
function pointsOf(
  { shard, rows: model }: WritableShard,
  states: readonly PointState[],
  rowOf: ReadonlyMap<PointId, number>,
  columns: ColumnReader,
  epoch: number,
): PointSource {
  const { reader } = model.segment;
  const stateAt = new Map<number, PointState>();
  for (const state of states) {
    const row = state.exists ? rowOf.get(state.id) : undefined;
    if (row !== undefined) stateAt.set(row, state);
  }
  return {
    rowCount: reader.rowCount,
    liveRows: new RowSet(stateAt.keys()),
    subjectAt: (row) => {
      const state = stateAt.get(row);
      assert(state !== undefined, "only rows of points are looked at");
      return { id: state.id, payload: state.payload, hasVector: () => false };
    },
    rowOf: (id) => reader.rowOf(id, epoch),
    accessTo: (path) => columns.accessTo(path, epoch),
    texts: textIndexesOf(shard.collection.payloadIndexes),
  };
}

/** What a column answers that a look at every payload does not. */
function answersOf(path: string, points: PointSource, rowOf: ReadonlyMap<PointId, number>): string[] {
  const problems: string[] = [];
  const values = new Set<MatchScalar>();
  const parsed = parsePath(path);
  for (const row of rowOf.values()) {
    if (values.size >= VALUES_ASKED) break;
    for (const value of valuesAt(points.subjectAt(row).payload, parsed)) if (isScalar(value)) values.add(value);
  }
  const places = [...rowOf.values()]
    .flatMap((row) => valuesAt(points.subjectAt(row).payload, parsed))
    .flatMap((value) => geoPointOf(value) ?? [])
    .slice(0, PLACES_ASKED);
  const conditions: Condition[] = [
    ...places.map((center): Condition => ({ kind: "geo-radius", key: path, center, radius: 1_000 })),
    ...places.map((place): Condition => ({ kind: "geo-box", key: path, topLeft: place, bottomRight: place })),
    { kind: "is-empty", key: path },
    { kind: "is-null", key: path },
    ...Array.from(values, (value): Condition => ({ kind: "match-value", key: path, value })),
    ...Array.from(values).flatMap((value) => conditionsFrom(path, value)),
  ];
  for (const condition of conditions) {
    const filter: Filter = { ...emptyFilter, must: [condition] };
    const predicate = compilePredicate(bindTexts(filter, points.texts));
    const wanted = rowsText([...points.liveRows].filter((row) => predicate(points.subjectAt(row))));
    const found = rowsText(compileFilter(filter, points));
    if (found !== wanted)
      problems.push(`rows of ${JSON.stringify(condition, textOfBigInt)} are ${found}, not ${wanted}`);
  }
  const facet = points.accessTo(path)?.facet;
  for (const [value, count] of facet === undefined ? [] : finish(facet.countsAmong(points.liveRows, new Meter()))) {
    const predicate = compilePredicate({ ...emptyFilter, must: [{ kind: "match-value", key: path, value }] });
    const rows = [...points.liveRows].filter((row) => predicate(points.subjectAt(row)));
    if (rows.length !== count) problems.push(`${count} rows have ${String(value)}, ${rows.length} there are`);
  }
  return problems;
}

/** Places around which a column is asked. */
const PLACES_ASKED = 24;

/** What else to ask of a path that has this value. */
function conditionsFrom(key: string, value: MatchScalar): Condition[] {
  if (typeof value === "boolean") return [{ kind: "values-count", key, gte: 1 }];
  if (typeof value !== "string") return [{ kind: "range", key, gte: value }];
  const micros = parseDatetime(value);
  return [
    { kind: "match-prefix", key, prefix: value.slice(0, 1).toWellFormed() },
    { kind: "match-text", key, how: "all", text: value },
    { kind: "match-text", key, how: "phrase", text: value },
    { kind: "match-text", key, how: "any", text: value },
    ...(micros === undefined ? [] : [{ kind: "datetime-range", key, gt: micros } as const]),
  ];
}

function isScalar(value: Json): value is MatchScalar {
  return typeof value !== "object";
}

function textOfBigInt(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

function rowsText(rows: Iterable<number>): string {
  return [...rows].sort((a, b) => a - b).join();
}
