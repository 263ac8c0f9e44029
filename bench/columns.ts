import {
  accessOfIndex,
  ColumnReader,
  Columns,
  type Condition,
  compileFilter,
  createPayloadIndex,
  createSegment,
  emptyFilter,
  type FieldAccess,
  type Filter,
  finish,
  Meter,
  type Payload,
  type PayloadIndexSchema,
  type PointSource,
  type RowSet,
  slotsOfRows,
} from "@murmuration/index";
import { type Benchmark, type BenchRow, cpuSeconds } from "./harness.js";

const GROUP = 1_000;
const ROUNDS = 25;
const USERS = 100_000;
/** Vectors that a filtered walk looks at. */
const CANDIDATES = 4_096;

const schemas: Readonly<Record<string, PayloadIndexSchema>> = {
  share: { kind: "keyword" },
  user: { kind: "keyword" },
  number: { kind: "integer" },
};

/** A number from 0 to 1 for a row, the same in every run. */
function drawn(row: number, salt: number): number {
  return (Math.imul(Math.imul(row + salt, 0x9e3779b1) ^ (row >>> 7), 0x85ebca6b) >>> 0) / 2 ** 32;
}

function payloadOf(i: number): Payload {
  const share = drawn(i, 1);
  const name = share < 0.5 ? "50 %" : share < 0.6 ? "10 %" : share < 0.61 ? "1 %" : share < 0.611 ? ".1 %" : undefined;
  return {
    share: name ?? `other ${Math.floor(drawn(i, 2) * 50)}`,
    user: `user ${Math.floor(drawn(i, 3) * USERS)}`,
    number: Math.floor(drawn(i, 4) * 1_000_000),
  };
}

const is = (key: string, value: string | number): Condition => ({ kind: "match-value", key, value });
const users = Array.from({ length: 8 }, (_, i) => `user ${i * 1_000}`);
const filters: Readonly<Record<string, readonly Condition[]>> = {
  "keyword of 50 %": [is("share", "50 %")],
  "keyword of 10 %": [is("share", "10 %")],
  "keyword of 1 %": [is("share", "1 %")],
  "keyword of .1 %": [is("share", ".1 %")],
  "one user of 100,000": [is("user", "user 77")],
  "any of 8 users": [{ kind: "match-any", key: "user", values: users }],
  "integer, looked up": [is("number", 777)],
  "range of 50 %": [{ kind: "range", key: "number", lt: 500_000 }],
  "range of 10 %": [{ kind: "range", key: "number", lt: 100_000 }],
  "range of 1 %": [{ kind: "range", key: "number", lt: 10_000 }],
  "range of .1 %": [{ kind: "range", key: "number", lt: 1_000 }],
  "keyword of 10 % and range of 50 %": [is("share", "10 %"), { kind: "range", key: "number", lt: 500_000 }],
};

function sourceOf(
  liveRows: RowSet,
  payloads: (row: number) => Payload,
  accessTo: PointSource["accessTo"],
): PointSource {
  return {
    rowCount: liveRows.wordCount * 32,
    liveRows,
    subjectAt: (row) => ({ id: row, payload: payloads(row), hasVector: () => false }),
    rowOf: () => undefined,
    accessTo,
  };
}

/** Microseconds of processor time, the least of rounds in which each takes its turn: others on the machine use its memory too. */
function microseconds(runs: readonly (() => void)[]): number[] {
  const times: number[][] = runs.map(() => []);
  for (let round = -2; round < ROUNDS; round++) {
    for (const [i, run] of runs.entries()) {
      // the clock of the processor has steps: a short run is made several times
      const start = cpuSeconds();
      let [spent, count] = [0, 0];
      do {
        run();
        spent = cpuSeconds() - start;
        count++;
      } while (spent < 0.002);
      if (round >= 0) times[i]?.push((spent / count) * 1e6);
    }
  }
  return times.map((each) => Math.min(...each));
}

interface Both {
  readonly columns: PointSource;
  readonly heap: PointSource;
  readonly rows: RowSet;
  readonly segment: ReturnType<typeof createSegment>;
  readonly writeNs: readonly [columns: number, heap: number];
  readonly bytesPerRow: number;
  readonly release: () => void;
}

function build(count: number): Both {
  const segment = createSegment({ capacity: count + 2, slots: [count + 2] });
  const columns = new Columns(segment.engine);
  const stamp = { wallMs: 1, counter: 0, origin: 1 };
  for (let from = 0; from < count; from += GROUP) {
    segment.prepare(
      Array.from({ length: GROUP }, (_, i) => {
        const id = from + i;
        // slots are in no order of rows, as after many changes
        const slot = (id * 7_919) % count;
        return { kind: "put" as const, id, payloadKey: id, stamp, version: id, slots: [slot] };
      }),
    );
    segment.publish();
  }
  const { rows: inRows } = segment.reader;
  const payloads = (row: number) => payloadOf(inRows.payloadKeyAt(row));
  const before = columns.bytesInUse;
  let start = cpuSeconds();
  for (const [path, schema] of Object.entries(schemas)) {
    const made = columns.create(path, schema);
    for (const _ of columns.build(made, payloads));
    segment.prepare([]);
    columns.show(made);
    segment.publish();
    columns.published();
  }
  const columnsNs = ((cpuSeconds() - start) / count) * 1e9;
  const bytesPerRow = (columns.bytesInUse - before) / count;
  const pin = segment.reader.pin();
  const reader = new ColumnReader(segment.engine);
  const rows = finish(reader.visibleRows(pin.epoch, new Meter()));
  start = cpuSeconds();
  const indexes = new Map<string, FieldAccess>();
  for (const [path, schema] of Object.entries(schemas)) {
    const index = createPayloadIndex(schema);
    for (const row of rows) index.add(row, [payloads(row)[path] as string | number]);
    indexes.set(path, accessOfIndex(index));
  }
  const heapNs = ((cpuSeconds() - start) / count) * 1e9;
  return {
    columns: sourceOf(rows, payloads, (path) => reader.accessTo(path, pin.epoch)),
    heap: sourceOf(rows, payloads, (path) => indexes.get(path)),
    rows,
    segment,
    writeNs: [columnsNs, heapNs],
    bytesPerRow,
    release: () => pin.release(),
  };
}

/** Rows to slots: one by one here, all at once in the module, and asked at the candidates of a walk. */
function translations({ segment, rows, columns }: Both): BenchRow[] {
  const { engine, reader } = segment;
  const half = compileFilter({ ...emptyFilter, must: filters["keyword of 50 %"] ?? [] }, columns);
  const bits = new Uint32Array((rows.wordCount * 32 + 64) >>> 5);
  const oneByOne = () => {
    bits.fill(0);
    for (const row of half) {
      const slot = reader.rows.slotAt(row, 0);
      if (slot !== undefined) bits[slot >>> 5] = (bits[slot >>> 5] as number) | (1 << (slot & 31));
    }
  };
  const slots = Uint32Array.from({ length: CANDIDATES }, (_, i) => Math.floor(drawn(i, 9) * rows.size));
  const pin = reader.pin();
  const atCandidates = () => {
    let kept = 0;
    for (let from = 0; from < CANDIDATES; from += 1_024) {
      for (const row of reader.rowsAtSlots(0, slots.subarray(from, from + 1_024), pin.epoch)) if (half.has(row)) kept++;
    }
    if (kept === 0) throw new Error("no candidate is kept");
  };
  const times = microseconds([oneByOne, () => slotsOfRows(engine, 0, half), atCandidates]);
  pin.release();
  const names = [
    "rows of 50 % to slots, here",
    "rows of 50 % to slots, in the module",
    `${CANDIDATES} candidates asked`,
  ];
  return names.map((name, i) => ({ what: name, columns_us: times[i] ?? Number.NaN }));
}

/** Order and facets: what the views answer, against the same from the heap. */
function orderAndFacets({ columns, rows }: Both): BenchRow[] {
  const half = compileFilter({ ...emptyFilter, must: filters["keyword of 50 %"] ?? [] }, columns);
  const { order } = columns.accessTo("number") as FieldAccess;
  const { facet } = columns.accessTo("share") as FieldAccess;
  if (order === undefined || facet === undefined) throw new Error("columns have order and facets");
  const request = { direction: "asc" as const, limit: 100, startFrom: 500_000 };
  const times = microseconds([
    () => finish(order.nextGroups(request, rows, new Meter())),
    () => finish(order.nextGroups(request, half, new Meter())),
    () => finish(facet.countsAmong(half, new Meter())),
  ]);
  const names = ["page of 100 in order, of all", "page of 100 in order, of 50 %", "facet of 54 keywords, of 50 %"];
  return names.map((name, i) => ({ what: name, columns_us: times[i] ?? Number.NaN }));
}

/** Conditions on columns in shared memory against the payload indexes on the heap. */
export const columnsBenchmark: Benchmark = {
  name: "columns",
  summary: "conditions on columns in shared memory against payload indexes on the heap",
  run({ quick }) {
    const count = quick ? 100_000 : 1_000_000;
    const both = build(count);
    const ratios: Record<string, number> = {};
    const rows: BenchRow[] = Object.entries(filters).map(([what, must]) => {
      const filter: Filter = { ...emptyFilter, must };
      const found = compileFilter(filter, both.columns).size;
      if (found !== compileFilter(filter, both.heap).size) throw new Error(`${what}: answers differ`);
      const [columns = Number.NaN, heap = Number.NaN] = microseconds([
        () => compileFilter(filter, both.columns).size,
        () => compileFilter(filter, both.heap).size,
      ]);
      ratios[`${what}: time over heap`] = columns / heap;
      return { what, found, columns_us: columns, heap_us: heap };
    });
    rows.push(...orderAndFacets(both), ...translations(both));
    const [columnsNs, heapNs] = both.writeNs;
    rows.push({ what: "enter a row with three fields, ns", columns_us: columnsNs, heap_us: heapNs });
    ratios["entering a row: time over heap"] = columnsNs / heapNs;
    ratios["bytes a row of three columns"] = both.bytesPerRow;
    both.release();
    return { bench: "columns", params: { rows: count, rounds: ROUNDS, clock: "cpu" }, rows, ratios };
  },
};
