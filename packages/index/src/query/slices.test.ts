import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { assertUntil } from "../conformance.js";
import type { Filter } from "../filter/condition.js";
import type { Payload } from "../payload/json.js";
import { finish, type Sliced } from "../sliced.js";
import type { CollectionReader } from "./collection-reader.js";
import { collectionOf, point, space, toVector } from "./reads.test-support.js";
import type { Snapshot } from "./snapshot.js";
import type { WrittenCollection } from "./written-collection.test-support.js";

const POINTS = 1_500;
const everything = { payload: true, vectors: true } as const;

function filled() {
  const points = Array.from({ length: POINTS }, (_, id) => point(id, [id, 0], payloadOf(id)));
  const made = collectionOf({ "": space(2, "euclid") }, points);
  made.written.createColumn("n", { kind: "integer" });
  made.written.createColumn("tag", { kind: "keyword" });
  return made;
}

function payloadOf(seed: number): Payload {
  return { n: seed % 17, tag: ["red", "green", "blue"][seed % 3] as string, list: [{ x: seed % 5 }, { x: seed % 7 }] };
}

function filterOf(...must: Filter["must"]): Filter {
  return { must, should: [], mustNot: [] };
}

const filters: readonly (Filter | undefined)[] = [
  undefined,
  filterOf({ kind: "match-value", key: "tag", value: "red" }),
  filterOf({ kind: "range", key: "n", gt: 3, lte: 9 }),
  filterOf({ kind: "nested", key: "list", filter: filterOf({ kind: "match-any", key: "x", values: [1, 2] }) }),
  {
    must: [],
    should: [
      { kind: "match-value", key: "tag", value: "blue" },
      { kind: "range", key: "list[].x", gte: 5 },
      { kind: "has-id", ids: Array.from({ length: 300 }, (_, i) => i * 5) },
    ],
    mustNot: [{ kind: "match-value", key: "n", value: 2 }],
  },
];

const given = <T>(key: string, value: T | undefined) => (value === undefined ? {} : { [key]: value });

/** Reads, and what each finds. */
const reads: readonly ((snapshot: Snapshot, filter: Filter | undefined) => Sliced<unknown>)[] = [
  (snapshot, filter) => snapshot.count(filter),
  ...[undefined, "asc", "desc"].flatMap((direction) =>
    [7, 4_000].map(
      (limit) =>
        function* (snapshot: Snapshot, filter: Filter | undefined): Sliced<unknown> {
          const points: unknown[] = [];
          const orderBy = direction === undefined ? undefined : { key: "n", direction };
          const request = { limit, selection: everything, ...given("filter", filter), ...given("orderBy", orderBy) };
          const next = yield* snapshot.scroll(request as never, (one) => points.push(one));
          return { points, next };
        },
    ),
  ),
  function* (snapshot: Snapshot, filter: Filter | undefined): Sliced<unknown> {
    const points: unknown[] = [];
    const query = {
      ...toVector([700.5, 0]),
      limit: 400,
      offset: 3,
      parameters: { exact: true },
      selection: everything,
    };
    yield* snapshot.query({ ...query, ...given("filter", filter) }, (one) => points.push(one));
    return points;
  },
  function* (snapshot: Snapshot): Sliced<unknown> {
    const points: unknown[] = [];
    const ids = Array.from({ length: 900 }, (_, i) => i * 2);
    yield* snapshot.retrieve(ids, everything, (one) => points.push(one));
    return points;
  },
];

const change = fc.record({
  kind: fc.constantFrom("put", "payload", "delete", "column", "purge"),
  id: fc.nat(POINTS + 200),
  seed: fc.nat(1_000),
});

function make({ kind, id, seed }: { kind: string; id: number; seed: number }, written: WrittenCollection): void {
  if (kind === "put") written.write([point(id, [seed, 1], payloadOf(seed))]);
  if (kind === "payload") written.write([{ id, payload: payloadOf(seed) }]);
  if (kind === "delete") written.write(Array.from({ length: 40 }, (_, i) => ({ id: id + i * 3, isRemoved: true })));
  if (kind === "column") written.createColumn("tag", { kind: "keyword" });
  if (kind === "purge") written.purge();
}

describe("a read in slices beside writes", () => {
  test("answers what it would have answered at once, however long it takes", () => {
    let [paused, changed] = [0, 0];
    assertUntil(
      () => ({ pauses: [paused, 1_000], changes: [changed, 50] }),
      fc.property(
        fc.nat(reads.length - 1),
        fc.nat(filters.length - 1),
        fc.array(change, { minLength: 20, maxLength: 40, size: "max" }),
        fc.integer({ min: 1, max: 9 }),
        (which, filter, changes, every) => {
          const { reader, written } = filled();
          const read = reads[which] as (typeof reads)[number];
          const snapshot = reader.begin();
          const wanted = finish(read(snapshot, filters[filter]));
          const work = read(snapshot, filters[filter]);
          let pauses = 0;
          let step = work.next();
          for (; step.done !== true; step = work.next()) {
            const next = pauses++ % every === 0 ? changes.pop() : undefined;
            if (next === undefined) continue;
            make(next, written);
            changed++;
          }
          paused += pauses;
          assert.deepEqual(step.value, wanted);
          snapshot.release();
        },
      ),
      { numRuns: 30 },
    );
  });

  test("shares its thread with others, each at an epoch of its own", () => {
    const { reader, written } = filled();
    const begun = reads.map((read, i) => {
      const snapshot = reader.begin();
      const wanted = finish(read(snapshot, filters[i % filters.length]));
      const work = read(snapshot, filters[i % filters.length]);
      make({ kind: i % 2 === 0 ? "put" : "delete", id: i * 7, seed: i }, written);
      return { snapshot, wanted, work };
    });
    while (begun.length > 0) {
      for (const one of [...begun]) {
        const step = one.work.next();
        if (step.done !== true) continue;
        assert.deepEqual(step.value, one.wanted);
        one.snapshot.release();
        begun.splice(begun.indexOf(one), 1);
        make({ kind: "purge", id: 0, seed: 0 }, written);
        make({ kind: "put", id: begun.length, seed: 3 }, written);
      }
    }
  });

  test("pauses every so many conditions, rows and records, and keeps nothing once its snapshot is released", () => {
    const { reader, written } = filled();
    const conditions = Array.from(
      { length: 1_000 },
      (_, i) => ({ kind: "match-value", key: `k${i}`, value: 1 }) as const,
    );
    const snapshot = reader.begin();
    let pauses = 0;
    const work = snapshot.count({ must: [], should: conditions, mustNot: [] });
    while (work.next().done !== true) pauses++;
    assert.ok(pauses > (1_000 * POINTS) / 10_000, `${pauses} pauses`);
    const ended = snapshot.scroll({ limit: 1_000, selection: everything }, () => undefined);
    for (let i = 0; i < 20; i++) ended.next();
    ended.return(null);
    assertHolds(snapshot, written, reader);
  });
});

/** The snapshot keeps its epoch until it is released, and only until then. */
function assertHolds(snapshot: Snapshot, { segment }: WrittenCollection, reader: CollectionReader): void {
  segment.prepare([]);
  const { epoch } = { epoch: segment.publish() };
  assert.ok(!segment.isPassed(epoch));
  const later = reader.begin();
  snapshot.release();
  snapshot.release();
  assert.ok(segment.isPassed(epoch));
  segment.prepare([]);
  const last = segment.publish();
  assert.ok(!segment.isPassed(last));
  later.release();
  assert.ok(segment.isPassed(last));
}

describe("a filter of 60,000 values", () => {
  const { reader } = filled();
  const texts = Array.from({ length: 60_000 }, (_, i) => `text ${i}`);
  const numbers = Array.from({ length: 60_000 }, (_, i) => i * 3);
  const values: readonly (readonly [
    what: string,
    key: string,
    values: readonly (string | number)[],
    pauses: number,
  ])[] = [
    ["an indexed keyword", "tag", texts, 130],
    ["an indexed number", "n", numbers, 130],
    ["a field without index", "other", texts, 28],
  ];
  for (const [what, key, of, least] of values) {
    test(`is made ready in slices, too: ${what}`, () => {
      for (const kind of ["match-any", "match-except"] as const) {
        const snapshot = reader.begin();
        const work = snapshot.count(filterOf({ kind, key, values: [...of] }));
        let pauses = 0;
        while (work.next().done !== true) pauses++;
        snapshot.release();
        // what excepts is looked up once, what matches is estimated before
        assert.ok(pauses >= (key === "other" || kind === "match-any" ? least : least - 30), `${pauses} pauses`);
      }
    });
  }
});
