import assert from "node:assert/strict";
import fc from "fast-check";
import type { Filter } from "../filter/condition.js";
import { compilePredicate } from "../filter/matches.js";
import { parsePath, valuesAt } from "../payload/path.js";
import { printPayload } from "../payload/payload-text.js";
import { type PlantedIndexBug, plant } from "../planted.js";
import { comparePointIds, type PointId } from "../point/point-id.js";
import { finish, type Sliced } from "../sliced.js";
import { trueDistance } from "../vector-index/graphs.test-support.js";
import { compareNodeDots, type NodeDot } from "../vector-index/search-types.js";
import { CollectionReader } from "./collection-reader.js";
import type { PointsQuery, ScoredRecord, ScrolledRecord, ScrollQuery } from "./query.js";
import { scoreOf } from "./scores.js";
import type { Snapshot } from "./snapshot.js";
import { type Points, WrittenCollection, type WrittenPoint } from "./written-collection.test-support.js";

// The model of a collection's snapshots: for each epoch that a reader is at, the points that were there, and every answer by looking at all.

/** One change, drawn without knowing the state that it meets. */
export type Sketch =
  | { readonly kind: "remove"; readonly id: number }
  | {
      readonly kind: "put";
      readonly id: number;
      readonly vector: readonly number[] | undefined;
      readonly other: boolean;
      readonly payload: { readonly tag: number; readonly n: number } | undefined;
    };
export type Step =
  | {
      readonly kind: "group";
      readonly changes: readonly Sketch[];
      readonly fails: boolean;
      readonly isForeign: boolean;
    }
  | { readonly kind: "purge" }
  | { readonly kind: "column"; readonly which: number }
  | { readonly kind: "begin"; readonly reader: number }
  | { readonly kind: "end"; readonly which: number };

const DIMENSIONS = 3;
const modelIds: readonly PointId[] = [
  ...Array.from({ length: 36 }, (_, i) => i * 5),
  2n ** 63n + 5n,
  "00000000-0000-0000-0000-000000000001",
  "7f000000-0000-0000-0000-0000000000ff",
  "ffffffff-ffff-ffff-ffff-ffffffffffff",
];
const tags = ["red", "blue", "rare", ["red", "green"], null] as const;
/** The last two are large integers and no number. */
const numbers = [1, 2, 2.5, -3, 7, 2n ** 53n + 1n, "text"] as const;

const sketches: fc.Arbitrary<Sketch> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("put" as const),
      id: fc.nat(modelIds.length - 1),
      // whole numbers: their distances are exact
      vector: fc.option(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: DIMENSIONS, maxLength: DIMENSIONS }), {
        nil: undefined,
      }),
      other: fc.boolean(),
      payload: fc.option(fc.record({ tag: fc.nat(tags.length - 1), n: fc.nat(numbers.length - 1) }), {
        nil: undefined,
      }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove" as const), id: fc.nat(modelIds.length - 1) }) },
);
/** Steps of a writer and of readers. */
export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("group" as const),
        changes: fc.array(sketches, { maxLength: 24, size: "max" }),
        fails: fc.constantFrom(false, false, true),
        isForeign: fc.boolean(),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("purge" as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("column" as const), which: fc.nat(2) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("begin" as const), reader: fc.nat(1) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("end" as const), which: fc.nat(4) }) },
  ),
  { minLength: 1, maxLength: 30, size: "max" },
);

interface Held {
  readonly snapshot: Snapshot;
  readonly points: Points;
  readonly hasOrder: boolean;
}

const columns = [
  ["n", { kind: "float" }],
  ["n", { kind: "integer" }],
  ["tag", { kind: "keyword" }],
] as const;

const filters: readonly Filter[] = [
  { must: [{ kind: "match-value", key: "tag", value: "red" }], should: [], mustNot: [] },
  { must: [{ kind: "range", key: "n", gte: 2 }], should: [], mustNot: [{ kind: "is-null", key: "tag" }] },
  {
    must: [],
    should: [
      { kind: "has-id", ids: [0, 25, 2n ** 63n + 5n] },
      { kind: "has-vector", vector: "other" },
    ],
    mustNot: [{ kind: "match-any", key: "tag", values: ["blue", "rare"] }],
  },
  { must: [{ kind: "match-value", key: "n", value: 2n ** 53n + 1n }], should: [], mustNot: [] },
];

/** Points that stay as they are. */
const standing = Array.from({ length: 70 }, (_, i) => ({
  id: 1_000 + i,
  vectors: {
    "": Float32Array.of((i % 5) - 2, (i % 7) - 3, (i % 11) - 5),
    other: Float32Array.of(i % 3, i % 4, i % 9),
  },
  payload: { tag: "standing", n: i % 4 },
}));

/** A collection beside its model. */
export class ModelledReads {
  readonly written: WrittenCollection;
  readonly #readers: readonly CollectionReader[];
  readonly #held: Held[] = [];
  #order: string | undefined;

  constructor(bugs: readonly PlantedIndexBug[] = []) {
    plant(bugs);
    const options = { dimensions: DIMENSIONS, links: 4, efConstruction: 8, quantization: "int8" } as const;
    this.written = new WrittenCollection({
      other: { ...options, metric: "manhattan" },
      "": { ...options, metric: "euclid" },
    });
    // enough of them that walks are worth it
    this.written.write(standing);
    const handle = this.written.handle();
    this.#readers = [5, 19].map((thread) => new CollectionReader(handle, thread, this.written.payloads));
  }

  run(step: Step): void {
    switch (step.kind) {
      case "group":
        this.written.write(step.changes.map(changeOf), {
          fails: step.fails,
          isForeign: step.isForeign,
          allEntries: step.isForeign,
        });
        break;
      case "purge":
        this.written.purge();
        break;
      case "column": {
        const [path, schema] = columns[step.which] as (typeof columns)[number];
        this.written.createColumn(path, schema);
        if (path === "n") this.#order = schema.kind;
        break;
      }
      case "begin":
        this.#held.push(this.#begin(step.reader));
        break;
      case "end":
        for (const { snapshot } of this.#held.splice(step.which % Math.max(1, this.#held.length), 1))
          snapshot.release();
        break;
    }
  }

  #begin(reader: number): Held {
    const snapshot = (this.#readers[reader] as CollectionReader).begin();
    return { snapshot, points: this.written.points, hasOrder: this.#order !== undefined };
  }

  /** All that can be asked, at every epoch that a reader is at, and at that of now. */
  check(): void {
    const now = this.#begin(0);
    for (const held of [...this.#held, now]) checkSnapshot(held);
    now.snapshot.release();
  }
}

/** Run steps, and check after every so many of them, and at the end. Throws where something is wrong. */
export function checkAlong(all: readonly Step[], every: number, bugs: readonly PlantedIndexBug[] = []): void {
  const modelled = new ModelledReads(bugs);
  for (const [i, step] of all.entries()) {
    modelled.run(step);
    if (i % every === every - 1 || i === all.length - 1) modelled.check();
  }
}

function changeOf(sketch: Sketch) {
  const id = modelIds[sketch.id] as PointId;
  if (sketch.kind === "remove") return { id, isRemoved: true } as const;
  const { other, payload, vector } = sketch;
  const name = other ? "other" : "";
  return {
    id,
    ...(vector === undefined ? {} : { vectors: { [name]: Float32Array.from(vector) } }),
    ...(payload === undefined
      ? {}
      : { payload: { tag: tags[payload.tag] ?? null, n: numbers[payload.n] ?? null, id: sketch.id } }),
  };
}

const everything = { payload: true, vectors: true } as const;

/** A record as the model has it. */
function recordOf({ id, version, payload, vectors }: WrittenPoint) {
  return { id, version, payload: printPayload(payload), vectors };
}

function collected<Found>(read: (emit: (found: Found) => void) => Sliced<unknown>): Found[] {
  const found: Found[] = [];
  finish(read((one) => found.push(one)));
  return found;
}

function matchesOf(points: Points, filter: Filter | undefined): WrittenPoint[] {
  const all = [...points.values()].sort((a, b) => comparePointIds(a.id, b.id));
  if (filter === undefined) return all;
  const predicate = compilePredicate(filter);
  return all.filter(({ id, payload, vectors }) =>
    predicate({ id, payload, hasVector: (name) => Object.hasOwn(vectors, name) }),
  );
}

function checkSnapshot({ snapshot, points, hasOrder }: Held): void {
  assert.deepEqual(
    collected((emit) => snapshot.retrieve(modelIds, everything, emit)),
    modelIds.flatMap((id) => {
      const point = points.get(id);
      return point === undefined ? [] : [recordOf(point)];
    }),
  );
  for (const filter of [undefined, ...filters]) {
    const matches = matchesOf(points, filter);
    const filtered = filter === undefined ? {} : { filter };
    assert.equal(finish(snapshot.count(filter)), matches.length);
    for (const limit of [3, 100]) checkPages(snapshot, { limit, selection: everything, ...filtered }, matches);
    if (hasOrder) checkOrder(snapshot, { limit: 100, selection: everything, ...filtered }, matches);
    for (const using of ["", "other"]) checkQueries(snapshot, using, filtered, matches);
  }
}

function checkPages(snapshot: Snapshot, query: ScrollQuery, matches: readonly WrittenPoint[]): void {
  const found: ScrolledRecord[] = [];
  for (let offset: PointId | null | undefined; offset !== null; ) {
    const from = offset === undefined ? {} : { offset };
    offset = finish(snapshot.scroll({ ...query, ...from }, (record) => found.push(record)));
  }
  assert.deepEqual(found, matches.map(recordOf));
}

const pathOfN = parsePath("n");

function checkOrder(snapshot: Snapshot, query: ScrollQuery, matches: readonly WrittenPoint[]): void {
  for (const direction of ["asc", "desc"] as const) {
    const found = collected<ScrolledRecord>((emit) =>
      snapshot.scroll({ ...query, orderBy: { key: "n", direction } }, emit),
    );
    const sign = direction === "asc" ? 1 : -1;
    const values = found.map(({ orderValue }) => orderValue as number | bigint);
    for (let i = 1; i < found.length; i++) {
      const [a, b] = [values[i - 1] as number, values[i] as number];
      const order = a < b ? -1 : a > b ? 1 : 0;
      assert.ok(
        order * sign < 0 || (order === 0 && comparePointIds(found[i - 1]?.id as PointId, found[i]?.id as PointId) < 0),
      );
    }
    // which numbers an index holds is its own matter: those that it holds are the point's
    for (const { id, orderValue } of found) {
      const point = matches.find((one) => one.id === id);
      assert.ok(point !== undefined && valuesAt(point.payload, pathOfN).some((value) => value === orderValue));
    }
    const whole = matches.filter(({ payload }) => payload["n"] === 2 || payload["n"] === -3);
    const held = new Set(found.map(({ id }) => id));
    for (const { id } of whole) assert.ok(held.has(id));
  }
}

function checkQueries(
  snapshot: Snapshot,
  using: string,
  filtered: { readonly filter?: Filter },
  matches: readonly WrittenPoint[],
): void {
  const metric = using === "" ? "euclid" : "manhattan";
  const withVector = matches.filter(({ vectors }) => Object.hasOwn(vectors, using));
  const vector = Float32Array.of(1, -2, 3);
  const dotOf = ({ dots }: WrittenPoint) => dots[using] as NodeDot;
  const scored = withVector
    .map((point) => {
      const distance = trueDistance(metric, vector, point.vectors[using] as Float32Array);
      return { point, score: scoreOf(Math.fround(distance), metric) };
    })
    .sort((a, b) => a.score - b.score || compareNodeDots(dotOf(a.point), dotOf(b.point)));
  const wanted = new Map(scored.map(({ point, score }) => [point.id, { ...recordOf(point), score }]));
  const base = {
    node: { kind: "nearest", target: { kind: "vector", vector } },
    using,
    offset: 0,
    selection: everything,
  } as const;
  const ask = (more: Pick<PointsQuery, "limit" | "parameters"> & Partial<PointsQuery>) =>
    collected<ScoredRecord>((emit) => snapshot.query({ ...base, ...filtered, ...more }, emit));
  for (const limit of [2, 100]) {
    const exact = ask({ limit, parameters: { exact: true } });
    assert.deepEqual(
      exact,
      scored.slice(0, limit).map(({ point }) => wanted.get(point.id)),
    );
  }
  for (const limit of [1, 2]) {
    const walked = ask({ limit, parameters: { efSearch: 1 } });
    assert.equal(walked.length, Math.min(limit, scored.length));
    for (const record of walked) assert.deepEqual(record, wanted.get(record.id));
    const scores = walked.map(({ score }) => score);
    assert.deepEqual(
      scores,
      [...scores].sort((a, b) => a - b),
    );
  }
  const threshold = scored[2]?.score;
  if (threshold === undefined) return;
  const within = ask({ limit: 100, parameters: {}, scoreThreshold: threshold });
  assert.equal(within.length, scored.filter(({ score }) => score <= threshold).length);
  assert.equal(ask({ limit: 100, offset: 2, parameters: {} }).length, scored.length - 2);
}
