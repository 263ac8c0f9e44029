import { compileFilter } from "../../filter/compile.js";
import type { Condition } from "../../filter/condition.js";
import { compilePredicate } from "../../filter/matches.js";
import { emptyFilter } from "../../filter/parse.js";
import type { FilterSubject, PointSource } from "../../filter/point-source.js";
import type { RowSet } from "../../row-set.js";
import type { SegmentReader } from "../../segment/reader.js";
import type { RowChange } from "../../segment/row-change.js";
import type { Segment } from "../../segment/segment.js";
import { finish, Meter } from "../../sliced.js";
import type { FieldAccess } from "../access.js";
import type { Payload } from "../json.js";
import type { PayloadIndexSchema } from "../schema.js";
import { ColumnReader } from "./column-reader.js";
import { Columns, type WrittenColumn } from "./columns.js";

// Columns in the stress test of rows: a point's payload is a function of its key, so that a reader knows what each condition is true of.

const schemas: Readonly<Record<string, PayloadIndexSchema>> = {
  tag: { kind: "keyword" },
  user: { kind: "keyword" },
  n: { kind: "integer" },
  many: { kind: "integer", lookup: false },
  part: { kind: "float" },
  flag: { kind: "bool" },
};
const paths = Object.keys(schemas);

/** The payload that has this key. */
export function stressPayload(key: number): Payload {
  const drawn = Math.imul(key, 0x9e3779b1) >>> 0;
  return {
    tag: drawn % 3 === 0 ? [`t${drawn % 5}`, "t9"] : `t${drawn % 5}`,
    user: `user ${drawn % 700}`,
    n: drawn % 16 === 0 ? 2n ** 62n + BigInt(drawn) : (drawn % 1_000) - 500,
    ...(drawn % 7 === 0 ? {} : { many: Array.from({ length: drawn % 4 }, (_, i) => (drawn >>> i) % 50) }),
    part: drawn / 2 ** 32,
    flag: drawn % 11 === 0 ? null : drawn % 2 === 0,
  };
}

const conditions: readonly Condition[] = [
  { kind: "match-value", key: "tag", value: "t3" },
  { kind: "match-any", key: "tag", values: ["t1", "t9"] },
  { kind: "match-any", key: "user", values: Array.from({ length: 20 }, (_, i) => `user ${i * 7}`) },
  { kind: "match-except", key: "tag", values: ["t0"] },
  { kind: "match-value", key: "n", value: 17 },
  { kind: "range", key: "n", gte: 400 },
  { kind: "range", key: "many", gt: 10, lte: 20 },
  { kind: "range", key: "part", lt: 0.25 },
  { kind: "match-value", key: "flag", value: true },
  { kind: "is-null", key: "flag" },
  { kind: "is-empty", key: "many" },
];
/** Groups between one change of the columns there are and the next. */
const GROUPS_PER_CHANGE = 40;
const ROWS_PER_STEP = 256;

/** Columns beside a writer of rows: one after the other is built while it goes on, shown, and made anew. */
export class StressColumns {
  readonly #segment: Segment;
  readonly #columns: Columns;
  readonly #reader: ColumnReader;
  #groups = 0;
  #building: { readonly made: WrittenColumn; readonly work: Generator<void, void, void>; isDone: boolean } | undefined;
  #emptying: Generator<void, void, void> | undefined;

  constructor(segment: Segment) {
    this.#segment = segment;
    this.#columns = new Columns(segment.engine, ROWS_PER_STEP);
    this.#reader = new ColumnReader(segment.engine);
  }

  /** Between groups: goes on with what is under way. */
  goOn(): void {
    this.#emptying ??= this.#columns.emptyDropped();
    if (this.#emptying.next().done === true) this.#emptying = undefined;
    if (this.#building === undefined) {
      if (this.#groups++ % GROUPS_PER_CHANGE !== 0) return;
      const path = paths[((this.#groups / GROUPS_PER_CHANGE) % paths.length) | 0] as string;
      const made = this.#columns.create(path, schemas[path] as PayloadIndexSchema);
      const { rows } = this.#segment.reader;
      const work = this.#columns.build(made, (row) => stressPayload(rows.payloadKeyAt(row)));
      this.#building = { made, work, isDone: false };
    } else if (!this.#building.isDone) this.#building.isDone = this.#building.work.next().done === true;
  }

  /** With a group that is prepared. */
  enter(changes: readonly RowChange[], rows: Uint32Array): void {
    for (const [i, change] of changes.entries()) {
      if (change.kind === "put") this.#columns.enter(rows[i] as number, stressPayload(change.payloadKey));
    }
    if (this.#building?.isDone === true) this.#columns.show(this.#building.made);
  }

  published(): void {
    this.#columns.published();
    if (this.#building?.isDone === true) this.#building = undefined;
  }

  takenBack(): void {
    this.#columns.takenBack();
  }

  get bytesInUse(): number {
    return this.#columns.bytesInUse;
  }

  /** Paths that have a column by now. */
  get shown(): number {
    const pin = this.#segment.reader.pin();
    const count = this.#reader.paths(pin.epoch).length;
    pin.release();
    return count;
  }
}

/** Conditions that are asked at a time: while a reader is at an epoch, nothing is given back. */
const CONDITIONS_PER_CHECK = 3;

/** What is wrong with what columns answer at an epoch, the first thing; other conditions each round. `expected`: the keys of the payloads that it shows. */
export function columnMistakeAt(
  reader: SegmentReader,
  columns: ColumnReader,
  epoch: number,
  expected: readonly number[],
  round: number,
): string | undefined {
  const { rows } = reader;
  const visible = finish(columns.visibleRows(epoch, new Meter()));
  const source = new StressPoints(
    visible,
    (row) => stressPayload(rows.payloadKeyAt(row)),
    (path) => columns.accessTo(path, epoch),
  );
  const keysOf = (found: RowSet) => Array.from(found, (row) => rows.payloadKeyAt(row)).sort((a, b) => a - b);
  const live = [...expected].sort((a, b) => a - b);
  if (keysOf(visible).join() !== live.join()) return "other rows are visible";
  for (let i = 0; i < CONDITIONS_PER_CHECK; i++) {
    const condition = conditions[(CONDITIONS_PER_CHECK * round + i) % conditions.length] as Condition;
    const predicate = compilePredicate({ ...emptyFilter, must: [condition] });
    const wanted = live.filter((key) => predicate({ id: key, payload: stressPayload(key), hasVector: () => false }));
    const found = keysOf(compileFilter({ ...emptyFilter, must: [condition] }, source));
    if (found.join() !== wanted.join()) {
      return `${condition.kind} of ${"key" in condition ? condition.key : ""} finds ${found.length} rows, not ${wanted.length}, or others`;
    }
  }
  return undefined;
}

class StressPoints implements PointSource {
  readonly liveRows: RowSet;
  readonly accessTo: (path: string) => FieldAccess | undefined;
  readonly #payloadAt: (row: number) => Payload;

  constructor(liveRows: RowSet, payloadAt: (row: number) => Payload, accessTo: StressPoints["accessTo"]) {
    this.liveRows = liveRows;
    this.accessTo = accessTo;
    this.#payloadAt = payloadAt;
  }

  get rowCount(): number {
    return this.liveRows.wordCount * 32;
  }

  subjectAt(row: number): FilterSubject {
    return { id: row, payload: this.#payloadAt(row), hasVector: () => false };
  }

  rowOf(): undefined {
    return undefined;
  }
}
