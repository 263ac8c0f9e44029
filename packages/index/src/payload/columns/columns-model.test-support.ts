import assert from "node:assert/strict";
import fc from "fast-check";
import { MurmurationError } from "../../errors.js";
import { bindTexts } from "../../filter/bind-texts.js";
import { compileFilter } from "../../filter/compile.js";
import type { Condition, Filter } from "../../filter/condition.js";
import { compilePredicate } from "../../filter/matches.js";
import { emptyFilter } from "../../filter/parse.js";
import type { FilterSubject, PointSource } from "../../filter/point-source.js";
import { type PlantedIndexBug, plant } from "../../planted.js";
import type { PointId } from "../../point/point-id.js";
import { RowSet } from "../../row-set.js";
import { H_ARENA_END, H_POSTING_ROWS } from "../../segment/column-layout.js";
import type { EpochPin } from "../../segment/epochs.js";
import { decodeSegmentImage, encodeSegmentImage } from "../../segment/image.js";
import { H_ARENA_NEXT } from "../../segment/layout.js";
import { SegmentReader } from "../../segment/reader.js";
import type { RowChange } from "../../segment/row-change.js";
import { Segment } from "../../segment/segment.js";
import { attachTable, createTable, type TableEngine } from "../../segment/table-engine.js";
import { finish, Meter } from "../../sliced.js";
import type { FacetView, FieldAccess } from "../access.js";
import { datetimeOf, parseDatetime } from "../datetime.js";
import { EqualityIndex } from "../equality-index.js";
import { accessOfIndex } from "../index-access.js";
import type { Json, Payload } from "../json.js";
import { NumberIndex } from "../number-index.js";
import { parsePath, valuesAt } from "../path.js";
import type { IndexableValue, PayloadIndex, RangeBounds } from "../payload-index.js";
import { createPayloadIndex } from "../payload-indexes.js";
import {
  type PayloadIndexKind,
  type PayloadIndexSchema,
  payloadIndexKinds,
  type TextIndexes,
  textIndexesOf,
} from "../schema.js";
import { columnProblems } from "./column-problems.js";
import { ColumnReader } from "./column-reader.js";
import { Columns, type WrittenColumn } from "./columns.js";

// The model of columns: at each epoch, the payloads of the rows that it shows. What columns answer there is what the predicate of a condition
// says of each row, and what the indexes on one thread's heap answer.

const near = 2n ** 63n;
const numbers: readonly Json[] = [
  ...[
    0,
    -0,
    1,
    -1,
    2,
    1.5,
    -1.5,
    0.1,
    2 ** 31,
    -(2 ** 31),
    2 ** 32,
    2 ** 53,
    -(2 ** 53),
    2 ** 53 - 1,
    1e300,
    -1e300,
    5e-324,
  ],
  ...[
    near - 1n,
    near - 2n,
    near,
    near + 1n,
    -near,
    -near + 1n,
    -near - 1n,
    2n ** 53n,
    2n ** 53n + 1n,
    2n ** 60n,
    2n ** 60n + 1n,
  ],
  ...[2n ** 64n, 2n ** 70n + 1n, -(2n ** 70n)],
];
const datetimes = [
  ...[
    "2024-02-29",
    "2024-02-29T00:00:00.000001Z",
    "2024-02-29 02:00+02:00",
    "0001-01-01",
    "9999-12-31T23:59:59.999999Z",
  ],
  "2024-02-30",
];
const uuids = ["00000000-0000-0000-0000-000000000001", "550e8400-e29b-41d4-a716-446655440000"].flatMap((uuid) => [
  ...[uuid, uuid.toUpperCase(), uuid.replaceAll("-", "")],
]);
const words = fc.array(fc.constantFrom("x", "xy", "xyz", "the", "X.y", "東京", "京", "-"), { maxLength: 4 });
const lon = fc.constantFrom(-180, 180, -179.9, 179.9, 0, -0, 1, 13.4, -13.4);
const lat = fc.constantFrom(-90, 90, 89.99, -89.99, 0, -0, 1, 52.5, -52.5);
const geoPlace = fc.record({ lon, lat });
const scalar: fc.Arbitrary<Json> = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: -2, max: 3 }) },
  { weight: 3, arbitrary: fc.constantFrom<Json>(...numbers) },
  { weight: 3, arbitrary: fc.constantFrom<Json>("x", "xy", "y", "", "1", "ü\u{1f426}", "x".repeat(8_193)) },
  { weight: 2, arbitrary: fc.constantFrom<Json>(...datetimes, ...uuids) },
  { weight: 4, arbitrary: fc.oneof(geoPlace, geoPlace, fc.constantFrom<Json>({ lon: 181, lat: 0 }, { lat: 1 })) },
  { weight: 4, arbitrary: words.map((each) => each.join(" ")) },
  { weight: 2, arbitrary: fc.boolean() },
  { weight: 1, arbitrary: fc.constant(null) },
);
const value: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 3, arbitrary: fc.array(scalar, { maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom<Json>([[]], [["x"], 1], {}, { x: 1 }) },
);
export const modelPaths = ["a", "b", "c[].x", "d.a"] as const;
export const modelPayload: fc.Arbitrary<Payload> = fc.record(
  {
    a: value,
    b: value,
    c: fc.array(fc.record({ x: value }, { requiredKeys: [] }), { maxLength: 3 }),
    d: fc.record({ a: value }),
  },
  { requiredKeys: [] },
);
const schema: fc.Arbitrary<PayloadIndexSchema> = fc.oneof(
  fc.constantFrom(...payloadIndexKinds).map((kind): PayloadIndexSchema => ({ kind })),
  fc
    .record({
      tokenizer: fc.constantFrom("word", "whitespace", "prefix", "multilingual"),
      phrase_matching: fc.boolean(),
      min_token_len: fc.constantFrom(1, 2),
      max_token_len: fc.constantFrom(2, 20),
      stopwords: fc.constantFrom<Json>("english", { custom: ["x"] }),
    })
    .map((parameters): PayloadIndexSchema => ({ kind: "text", parameters })),
  fc.record({ kind: fc.constant("integer" as const), lookup: fc.boolean(), range: fc.boolean() }),
);

const key = fc.constantFrom(...modelPaths);
const wanted = scalar.filter((each) => typeof each !== "object") as fc.Arbitrary<IndexableValue>;
const bound = fc.option(fc.constantFrom(...(numbers as (number | bigint)[]), 0.5, -(2 ** 63), 2 ** 63), {
  nil: undefined,
});
const ring = fc
  .array(geoPlace, { minLength: 3, maxLength: 5 })
  .map((corners) => [...corners, corners[0] as (typeof corners)[0]]);
function bounds(each: fc.Arbitrary<number | bigint | undefined>) {
  return fc.record({ key, lt: each, gt: each, lte: each, gte: each }).map(({ key, ...given }) => ({
    key,
    ...(Object.fromEntries(Object.entries(given).filter(([, one]) => one !== undefined)) as RangeBounds),
  }));
}
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ kind: fc.constant("match-value" as const), key, value: wanted }),
  fc.record({ kind: fc.constant("match-any" as const), key, values: fc.array(wanted, { maxLength: 10 }) }),
  fc.record({
    kind: fc.constant("match-except" as const),
    key,
    values: fc.array(wanted.filter((each) => typeof each !== "boolean") as fc.Arbitrary<string | number | bigint>, {
      maxLength: 3,
    }),
  }),
  bounds(bound).map((each) => ({ kind: "range" as const, ...each })),
  bounds(fc.option(fc.constantFrom(...datetimes.flatMap((text) => parseDatetime(text) ?? [])), { nil: undefined })).map(
    (each) => ({ kind: "datetime-range" as const, ...each }),
  ),
  bounds(fc.option(fc.nat(3), { nil: undefined })).map((each) => ({ kind: "values-count" as const, ...each })),
  fc.record({
    kind: fc.constant("match-text" as const),
    key,
    how: fc.constantFrom("all" as const, "any" as const, "phrase" as const),
    text: words.map((each) => each.join(" ")),
  }),
  fc.record({ kind: fc.constant("geo-box" as const), key, topLeft: geoPlace, bottomRight: geoPlace }),
  fc.record({
    kind: fc.constant("geo-radius" as const),
    key,
    center: geoPlace,
    radius: fc.constantFrom(0, 1, 1_000, 30_000, 2_000_000, 10_000_000, 20_010_000, 1e9),
  }),
  fc.record({
    kind: fc.constant("geo-polygon" as const),
    key,
    exterior: ring,
    interiors: fc.array(ring, { maxLength: 2 }),
  }),
  fc.record({ kind: fc.constant("match-prefix" as const), key, prefix: fc.constantFrom("", "x", "xy", "ü", "2024-") }),
  fc.record({ kind: fc.constantFrom("is-empty" as const, "is-null" as const), key }),
);
export const modelConditions = fc.array(condition, { minLength: 4, maxLength: 8 });

/** What becomes of a point: a payload, or nothing. */
interface Sketch {
  readonly id: number;
  readonly payload: Payload | undefined;
}
export type Step =
  | { readonly kind: "group"; readonly changes: readonly Sketch[]; readonly fails: boolean }
  | { readonly kind: "create"; readonly path: string; readonly schema: PayloadIndexSchema }
  | { readonly kind: "build" | "drop" | "empty"; readonly fails: boolean }
  | { readonly kind: "pin"; readonly reader: number }
  | { readonly kind: "release"; readonly which: number };

const IDS = 40;
const sketch: fc.Arbitrary<Sketch> = fc.record({
  id: fc.nat(IDS - 1),
  payload: fc.option(modelPayload, { nil: undefined, freq: 4 }),
});
const fails = fc.nat(3).map((each) => each === 0);
export const modelSteps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant("group" as const),
        changes: fc.array(sketch, { maxLength: 14 }),
        fails,
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("create" as const), path: key, schema }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("build" as const), fails }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("drop" as const, "empty" as const), fails }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("pin" as const), reader: fc.nat(1) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("release" as const), which: fc.nat(5) }) },
  ),
  { minLength: 10, maxLength: 60, size: "max" },
);

/** Payloads by row, and schemas by path. */
interface World {
  readonly rows: ReadonlyMap<number, Payload>;
  readonly schemas: ReadonlyMap<string, PayloadIndexSchema>;
}

/** The rows that an epoch shows, with the columns that it has. */
class EpochPoints implements PointSource {
  readonly liveRows: RowSet;
  readonly #world: World;
  readonly #accessTo: (path: string) => FieldAccess | undefined;

  constructor(world: World, accessTo: (path: string) => FieldAccess | undefined) {
    this.liveRows = new RowSet(world.rows.keys());
    this.#world = world;
    this.#accessTo = accessTo;
  }

  get rowCount(): number {
    return this.liveRows.wordCount * 32;
  }

  get texts(): TextIndexes | undefined {
    return textIndexesOf(Object.fromEntries(this.#world.schemas));
  }

  subjectAt(row: number): FilterSubject {
    const payload = this.#world.rows.get(row);
    assert.ok(payload !== undefined, "only rows that the epoch shows are looked at");
    return { id: row, payload, hasVector: () => false };
  }

  rowOf(id: PointId): number | undefined {
    return this.#world.rows.has(Number(id)) ? Number(id) : undefined;
  }

  accessTo(path: string): FieldAccess | undefined {
    return this.#accessTo(path);
  }
}

interface Held {
  readonly reader: number;
  readonly pin: EpochPin;
  readonly world: World;
}

/** What a model is made for. */
export interface ModelOptions {
  readonly firstEpoch?: number;
  readonly bugs?: readonly PlantedIndexBug[];
  /** Values of more rows are common, unless they are rare. */
  readonly postingRows?: number;
  /** Memory that columns have. */
  readonly arenaBytes?: number;
}

const CAPACITY = 4_096;
/** Of building: so few that groups come in between. */
const ROWS_PER_STEP = 24;

/** A table with columns beside its model. */
export class ModelledColumns {
  engine: TableEngine;
  segment: Segment;
  columns: Columns;
  #readers: readonly { readonly rows: SegmentReader; readonly columns: ColumnReader }[];
  readonly #held: Held[] = [];
  #world: World = { rows: new Map(), schemas: new Map() };
  readonly #rowOf = new Map<number, number>();
  readonly #payloads = new Map<number, Payload>();
  #building: { readonly made: WrittenColumn; readonly work: Generator<void, void, void>; isDone: boolean }[] = [];
  #emptying: Generator<void, void, void> | undefined;
  #writes = 0;
  /** Rows that filters found, and columns that were asked. */
  found = 0;
  columnsAsked = 0;
  /** Groups and columns that the memory had no room for. */
  refused = 0;

  constructor({ firstEpoch = 1, bugs = [], postingRows, arenaBytes }: ModelOptions = {}) {
    plant(bugs);
    this.engine = createTable({ capacity: CAPACITY, slots: [] }, firstEpoch);
    const { u32 } = this.engine;
    if (postingRows !== undefined) u32[H_POSTING_ROWS >>> 2] = postingRows;
    if (arenaBytes !== undefined) u32[H_ARENA_END >>> 2] = (u32[H_ARENA_NEXT >>> 2] as number) + arenaBytes;
    this.segment = new Segment(this.engine);
    this.columns = new Columns(this.engine, ROWS_PER_STEP);
    this.#readers = this.#attach();
  }

  #attach(): readonly { readonly rows: SegmentReader; readonly columns: ColumnReader }[] {
    const other = attachTable(this.segment.handle().memory, 3);
    return [
      { rows: this.segment.reader, columns: new ColumnReader(this.engine) },
      { rows: new SegmentReader(other), columns: new ColumnReader(other) },
    ];
  }

  /** Goes on from an image, as after a restart: no reader is at an epoch, and what was being built is not there any more. */
  reload(): void {
    this.end();
    const bytes = Buffer.concat(encodeSegmentImage(this.segment, ""));
    let at = 0;
    const read = (into: Uint8Array) => {
      into.set(bytes.subarray(at, at + into.length));
      at += into.length;
      return at <= bytes.length;
    };
    this.segment = decodeSegmentImage(this.segment.options, read).segment;
    this.engine = this.segment.engine;
    this.columns = new Columns(this.engine, ROWS_PER_STEP);
    this.#readers = this.#attach();
    this.#building = [];
    this.#emptying = undefined;
  }

  run(step: Step): void {
    switch (step.kind) {
      case "group":
        return this.#group(step.changes, step.fails);
      case "create":
        return this.#create(step.path, step.schema);
      case "build":
        return this.#build(step.fails);
      case "drop":
        return this.#drop(step.fails);
      case "empty":
        this.#emptying ??= this.columns.emptyDropped();
        if (this.#emptying.next().done === true) this.#emptying = undefined;
        return;
      case "pin":
        this.#held.push({ reader: step.reader, pin: this.#reader(step.reader).rows.pin(), world: this.#world });
        return;
      case "release":
        return this.#release(step.which);
    }
  }

  #reader(i: number): { readonly rows: SegmentReader; readonly columns: ColumnReader } {
    return this.#readers[i] as { readonly rows: SegmentReader; readonly columns: ColumnReader };
  }

  #release(which: number): void {
    if (this.#held.length > 0) this.#held.splice(which % this.#held.length, 1)[0]?.pin.release();
  }

  end(): void {
    while (this.#held.length > 0) this.#release(0);
  }

  #prepare(changes: readonly Sketch[]): Map<number, Payload> {
    const rows = new Map(this.#world.rows);
    const made = changes.map(({ id, payload }): RowChange => {
      if (payload === undefined) return { kind: "remove", id };
      const stamp = { wallMs: 1, counter: 0, origin: 1 };
      return { kind: "put", id, payloadKey: ++this.#writes, stamp, version: this.#writes, slots: [] };
    });
    const prepared = this.segment.prepare(made);
    for (const [i, row] of prepared.entries()) {
      const { id, payload } = changes[i] as Sketch;
      if (payload === undefined) {
        rows.delete(row);
        continue;
      }
      const before = [...rows.keys()].find((each) => this.#rowOf.get(each) === id);
      if (before !== undefined) rows.delete(before);
      rows.set(row, payload);
      this.#rowOf.set(row, id);
      this.columns.enter(row, payload);
    }
    return rows;
  }

  #commit(world: World, fails: boolean): void {
    if (fails) {
      this.segment.takeBack();
      this.columns.takenBack();
      return;
    }
    this.segment.publish();
    this.columns.published();
    this.#world = world;
    for (const [row, payload] of world.rows) this.#payloads.set(row, payload);
  }

  #group(changes: readonly Sketch[], fails: boolean): void {
    let rows: Map<number, Payload>;
    try {
      rows = this.#prepare(changes);
    } catch (error) {
      this.#refuse(error);
      this.segment.takeBack();
      this.columns.takenBack();
      return;
    }
    this.#commit({ ...this.#world, rows }, fails);
  }

  #refuse(error: unknown): void {
    assert.ok(error instanceof MurmurationError && error.code === "capacity", String(error));
    this.refused++;
  }

  #create(path: string, schema: PayloadIndexSchema): void {
    let made: WrittenColumn;
    try {
      made = this.columns.create(path, schema);
    } catch (error) {
      this.#refuse(error);
      return;
    }
    const work = this.columns.build(made, (row) => {
      const payload = this.#world.rows.get(row);
      assert.ok(payload !== undefined, "payloads of visible rows are asked for");
      return payload;
    });
    this.#building.push({ made, work, isDone: false });
  }

  /** Goes on with a column that is being built; shows one that is done. */
  #build(fails: boolean): void {
    const [one] = this.#building;
    if (one === undefined) return;
    try {
      if (!one.isDone) one.isDone = one.work.next().done === true;
    } catch (error) {
      this.#refuse(error);
      this.columns.abandon(one.made);
      this.#building.shift();
    }
    if (!one.isDone) return;
    this.segment.prepare([]);
    this.columns.show(one.made);
    const schemas = new Map(this.#world.schemas).set(one.made.path.text, one.made.schema);
    this.#commit({ ...this.#world, schemas }, fails);
    if (!fails) this.#building = this.#building.filter((each) => each !== one);
  }

  #drop(fails: boolean): void {
    const [path] = this.#world.schemas.keys();
    const shown = path === undefined ? undefined : this.columns.on(path);
    if (path === undefined || shown === undefined) return;
    this.segment.prepare([]);
    this.columns.hide(shown);
    const schemas = new Map(this.#world.schemas);
    schemas.delete(path);
    this.#commit({ ...this.#world, schemas }, fails);
  }

  /** All that the columns answer, at every epoch that a reader is at, and what they are made of. */
  check(conditions: readonly Condition[]): void {
    const now = { reader: 0, pin: this.segment.reader.pin(), world: this.#world };
    for (const held of [...this.#held, now]) this.#checkAt(held, conditions);
    now.pin.release();
    assert.deepEqual(columnProblems(this.engine), []);
  }

  #checkAt({ reader, pin, world }: Held, conditions: readonly Condition[]): void {
    const { columns } = this.#reader(reader);
    const visible = finish(columns.visibleRows(pin.epoch, new Meter()));
    assert.deepEqual(
      [...visible],
      [...world.rows.keys()].sort((a, b) => a - b),
      "visible rows",
    );
    assert.deepEqual(new Set(columns.paths(pin.epoch)), new Set(world.schemas.keys()), "columns at the epoch");
    const indexes = new Map(
      [...world.schemas].map(([path, schema]) => {
        const index = heapIndexOf(schema);
        for (const [row, payload] of world.rows) index.add(row, valuesAt(payload, parsePath(path)));
        return [path, index] as const;
      }),
    );
    const inColumns = new EpochPoints(world, (path) => columns.accessTo(path, pin.epoch));
    const onHeap = new EpochPoints(world, (path) => {
      const index = indexes.get(path);
      return index && isOnHeap(index.kind) ? accessOfIndex(index) : undefined;
    });
    const filters: Filter[] = conditions.flatMap((each, i) => [
      { ...emptyFilter, must: [each] },
      { ...emptyFilter, mustNot: [each], should: [conditions[(i + 1) % conditions.length] ?? each] },
    ]);
    for (const filter of filters) {
      const predicate = compilePredicate(bindTexts(filter, inColumns.texts));
      const expected = [...inColumns.liveRows].filter((row) => predicate(inColumns.subjectAt(row)));
      assert.deepEqual([...compileFilter(filter, inColumns)], expected, "columns and predicate");
      assert.deepEqual([...compileFilter(filter, onHeap)], expected, "indexes on the heap and predicate");
      this.found += expected.length;
    }
    this.columnsAsked += indexes.size;
    for (const [path, index] of indexes) {
      const access = columns.accessTo(path, pin.epoch);
      assert.ok(access !== undefined);
      if (access.facet !== undefined) checkFacet(access, access.facet, world, path, inColumns.liveRows);
      const frozen = index.freezeOrder();
      assert.equal(access.order === undefined, frozen === undefined);
      for (const direction of ["asc", "desc"] as const) {
        if (frozen === undefined) continue;
        const isHeld = (each: number | bigint): boolean =>
          access.equality?.holds(each) ?? !(typeof each === "bigint" && BigInt.asIntN(64, each) !== each);
        const expected: unknown[] = [...frozen.groups(direction)]
          .filter(({ value }) => isHeld(value))
          .map(({ value, rows }) => [value, [...rows].sort((a, b) => a - b)]);
        assert.deepEqual(inOrder(access, direction, inColumns.liveRows), expected, `order of ${path} ${direction}`);
      }
      frozen?.end();
    }
  }
}

function isOnHeap(kind: PayloadIndexKind): boolean {
  return kind !== "datetime" && kind !== "uuid" && kind !== "text" && kind !== "geo";
}

/** What a column is compared with: where there is no such index on the heap, its order alone. */
function heapIndexOf(schema: PayloadIndexSchema): PayloadIndex {
  if (isOnHeap(schema.kind)) return createPayloadIndex(schema);
  return schema.kind === "datetime"
    ? new NumberIndex(schema, datetimeOf)
    : new EqualityIndex(schema.kind, () => undefined);
}

function inOrder(access: FieldAccess, direction: "asc" | "desc", among: RowSet): unknown[] {
  const all: unknown[] = [];
  let after: number | bigint | undefined;
  for (;;) {
    const groups = finish(
      access.order?.nextGroups(
        { direction, limit: 1, ...(after === undefined ? {} : { after }) },
        among,
        new Meter(),
      ) ?? assert.fail(),
    );
    if (groups.length === 0) return all;
    for (const { value, rows } of groups) all.push([value, [...rows].sort((a, b) => a - b)]);
    after = groups.at(-1)?.value;
  }
}

function checkFacet(access: FieldAccess, facet: FacetView, { rows }: World, path: string, among: RowSet): void {
  const expected = new Map<unknown, number>();
  const holds = access.equality?.holds;
  if (holds === undefined) return;
  for (const [row, payload] of rows) {
    if (!among.has(row)) continue;
    const canonical = valuesAt(payload, parsePath(path))
      .filter((each) => holds(each))
      .map((each) => (typeof each === "number" || typeof each === "bigint" ? canonicalOf(each) : each));
    for (const each of new Set(canonical)) expected.set(each, (expected.get(each) ?? 0) + 1);
  }
  assert.deepEqual(finish(facet.countsAmong(among, new Meter())), expected, `facet of ${path}`);
}

function canonicalOf(value: number | bigint): number | bigint {
  if (typeof value === "bigint")
    return BigInt.asIntN(54, value) === value && value > -(2n ** 53n) ? Number(value) : value;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value + 0;
}
