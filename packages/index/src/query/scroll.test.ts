import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { MurmurationError } from "../errors.js";
import { comparePointIds, type PointId } from "../point/point-id.js";
import { finish } from "../sliced.js";
import type { CollectionReader } from "./collection-reader.js";
import type { ScrolledRecord, ScrollQuery } from "./query.js";
import { bare, collectionOf, foundBy, point, readNow, tagIs } from "./reads.test-support.js";

const pointIds: fc.Arbitrary<PointId> = fc.oneof(
  fc.nat(1000),
  fc.maxSafeNat(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
  fc.uuid(),
);

function pages(reader: CollectionReader, request: Omit<ScrollQuery, "selection">): PointId[][] {
  const found: PointId[][] = [];
  const snapshot = reader.begin();
  for (let offset: PointId | null | undefined = request.offset; offset !== null; ) {
    const page: PointId[] = [];
    const query: ScrollQuery = { ...request, selection: bare, ...(offset === undefined ? {} : { offset }) };
    offset = finish(snapshot.scroll(query, ({ id }) => page.push(id)));
    found.push(page);
  }
  snapshot.release();
  return found;
}

function ordered(
  reader: CollectionReader,
  direction: "asc" | "desc",
  more: Partial<ScrollQuery> = {},
  startFrom?: number | bigint,
) {
  const orderBy = { key: "n", direction, ...(startFrom === undefined ? {} : { startFrom }) };
  const query = { limit: 10, selection: bare, orderBy, ...more };
  const found: ScrolledRecord[] = [];
  assert.equal(
    readNow(reader, (snapshot) => snapshot.scroll(query, (one) => found.push(one))),
    null,
  );
  return found.map(({ id, orderValue }) => [id, orderValue]);
}

describe("scrolling", () => {
  test("shows every matching point once, by ascending id, in full pages, from any offset on", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(pointIds, fc.constantFrom(...Array(9).fill("red"), "blue", "rare")), {
          maxLength: 40,
          selector: ([id]) => id,
        }),
        fc.integer({ min: 1, max: 9 }),
        fc.option(fc.oneof(pointIds, fc.nat(39)), { nil: undefined }),
        fc.constantFrom(undefined, "red", "rare", "none"),
        (entries, limit, from, tag) => {
          // often an id that is there
          const offset = typeof from === "number" && from < entries.length ? entries[from]?.[0] : from;
          const points = entries.map(([id, tag]) => point(id, {}, { tag }));
          const { reader } = collectionOf({}, points);
          const wanted = entries
            .filter(
              ([id, has]) =>
                (tag === undefined || has === tag) && (offset === undefined || comparePointIds(id, offset) >= 0),
            )
            .map(([id]) => id)
            .sort(comparePointIds);
          const found = pages(reader, {
            limit,
            ...(offset === undefined ? {} : { offset }),
            ...(tag === undefined ? {} : { filter: tagIs(tag) }),
          });
          assert.deepEqual(found.flat(), wanted);
          for (const page of found.slice(0, -1)) assert.equal(page.length, limit);
        },
      ),
      { includeErrorInReport: true },
    );
  });

  test("for few of many points begins with the offset itself", () => {
    const points = Array.from({ length: 40 }, (_, id) => point(id, {}, { tag: id % 20 === 0 ? "rare" : "red" }));
    const { reader } = collectionOf({}, points);
    assert.deepEqual(pages(reader, { limit: 1, filter: tagIs("rare"), offset: 0 }), [[0], [20]]);
    assert.deepEqual(pages(reader, { limit: 9, filter: tagIs("rare"), offset: 20 }), [[20]]);
    assert.deepEqual(pages(reader, { limit: 9, filter: tagIs("rare"), offset: 21 }), [[]]);
  });

  test("goes on in pages that are longer than what the table gives at once", () => {
    const points = Array.from({ length: 2_500 }, (_, id) => point(id, {}, { tag: id % 2 === 0 ? "even" : "odd" }));
    const { reader } = collectionOf({}, points);
    assert.deepEqual(
      pages(reader, { limit: 1_700 }).map((page) => page.length),
      [1_700, 800],
    );
    assert.deepEqual(
      pages(reader, { limit: 1_024, filter: tagIs("odd") }).map((page) => [page.length, page[0]]),
      [
        [1_024, 1],
        [226, 2_049],
      ],
    );
  });

  test("by an indexed number goes up or down, equal numbers by id, and says the number", () => {
    const numbers = [
      [5, 2],
      [3, 1],
      [4, 2],
      [9, 7],
    ] as const;
    const points = numbers.map(([id, n]) => point(id, {}, { n, tag: id < 5 ? "low" : "high" }));
    const { reader, written } = collectionOf({}, points);
    written.write([point(1, {}, { n: "text" }), point(2, {})]);
    written.createColumn("n", { kind: "integer" });
    assert.deepEqual(ordered(reader, "asc"), [
      [3, 1],
      [4, 2],
      [5, 2],
      [9, 7],
    ]);
    assert.deepEqual(ordered(reader, "desc"), [
      [9, 7],
      [4, 2],
      [5, 2],
      [3, 1],
    ]);
    assert.deepEqual(ordered(reader, "desc", {}, 2), [
      [4, 2],
      [5, 2],
      [3, 1],
    ]);
    const big = 2n ** 60n;
    written.write([point(20, {}, { n: big + 1n }), point(21, {}, { n: big })]);
    assert.deepEqual(ordered(reader, "asc", {}, big + 1n), [[20, big + 1n]]);
    assert.deepEqual(ordered(reader, "desc", { limit: 1 }, big), [[21, big]]);
    assert.deepEqual(ordered(reader, "asc", { limit: 2 }), [
      [3, 1],
      [4, 2],
    ]);
    written.write([
      { id: 20, isRemoved: true },
      { id: 21, isRemoved: true },
    ]);
    assert.deepEqual(ordered(reader, "asc", { filter: tagIs("high") }), [
      [5, 2],
      [9, 7],
    ]);
  });

  test("by a number that more points have than a page of the index holds is in order of their ids", () => {
    const points = Array.from({ length: 900 }, (_, id) => point(899 - id, {}, { n: id % 3 }));
    const { reader, written } = collectionOf({}, points);
    written.createColumn("n", { kind: "integer" });
    const found = ordered(reader, "asc", { limit: 700 });
    const wanted = [0, 1, 2].flatMap((n) =>
      Array.from({ length: 300 }, (_, i) => 3 * i)
        .map((i) => [899 - (n + i), n] as [number, number])
        .sort(([a], [b]) => a - b),
    );
    assert.deepEqual(found, wanted.slice(0, 700));
  });

  test("by a number that has no index with an order is refused, naming the key", () => {
    const { reader, written } = collectionOf({});
    const isRefused = (error: unknown) =>
      error instanceof MurmurationError &&
      error.code === "wrong-input" &&
      error.field === "order_by.key" &&
      error.message.includes("`n`");
    assert.throws(() => ordered(reader, "asc"), isRefused);
    written.createColumn("n", { kind: "keyword" });
    assert.throws(() => ordered(reader, "asc"), isRefused);
    written.createColumn("n", { kind: "integer", range: false });
    assert.throws(() => ordered(reader, "asc"), isRefused);
  });

  test("over an empty collection ends at once, and counts none", () => {
    const { reader } = collectionOf({});
    assert.deepEqual(pages(reader, { limit: 3 }), [[]]);
    for (const filter of [undefined, tagIs("red")]) {
      assert.equal(
        readNow(reader, (snapshot) => snapshot.count(filter)),
        0,
      );
    }
  });

  test("shows the selected parts", () => {
    const { reader } = collectionOf({}, [point(1, {}, { a: 1, b: 2 })]);
    const selection = { payload: { include: ["b"] }, vectors: false };
    assert.deepEqual(
      foundBy(reader, (snapshot, emit) => snapshot.scroll({ limit: 1, selection }, emit)),
      [{ id: 1, version: 1, payload: '{"b":2}' }],
    );
  });
});
