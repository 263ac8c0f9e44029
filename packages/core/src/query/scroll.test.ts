import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { comparePointIds, MurmurationError, type PointId } from "@murmuration/index";
import fc from "fast-check";
import { pointIds } from "../operation/arbitraries.test-support.js";
import type { Replica } from "../replica/replica.js";
import { createCollection, openReplica, point, run, tagIs, upsert } from "../replica/replica.test-support.js";
import type { ScrollRequest } from "./request.js";
import { count, scroll } from "./scroll.js";

const bare = { payload: false, vectors: false } as const;

function pages(replica: Replica, request: Omit<ScrollRequest, "selection">): PointId[][] {
  const found: PointId[][] = [];
  for (let offset: PointId | null | undefined = request.offset; offset !== null; ) {
    const page = scroll(replica.shard("a"), {
      ...request,
      selection: bare,
      ...(offset === undefined ? {} : { offset }),
    });
    found.push(page.points.map(({ id }) => id));
    offset = page.nextOffset;
  }
  return found;
}

function ordered(
  replica: Replica,
  direction: "asc" | "desc",
  more: Partial<ScrollRequest> = {},
  startFrom?: number | bigint,
) {
  const orderBy = { key: "n", direction, ...(startFrom === undefined ? {} : { startFrom }) };
  const page = scroll(replica.shard("a"), { limit: 10, selection: bare, orderBy, ...more });
  assert.equal(page.nextOffset, null);
  return page.points.map(({ id, orderValue }) => [id, orderValue]);
}

describe("scrolling", () => {
  test("shows every matching point once, by ascending id, in full pages, from any offset on", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(
          fc.tuple(
            pointIds,
            fc.constantFrom("red", "red", "red", "red", "red", "red", "red", "red", "red", "blue", "rare"),
          ),
          {
            maxLength: 40,
            selector: ([id]) => id,
          },
        ),
        fc.integer({ min: 1, max: 9 }),
        fc.option(fc.oneof(pointIds, fc.nat(39)), { nil: undefined }),
        fc.constantFrom(undefined, "red", "rare", "none"),
        (entries, limit, from, tag) => {
          // often an id that is there
          const offset = typeof from === "number" && from < entries.length ? entries[from]?.[0] : from;
          const replica = openReplica();
          run(
            replica,
            createCollection("a", {}),
            upsert(
              "a",
              entries.map(([id, tag]) => point(id, {}, { tag })),
            ),
          );
          const wanted = entries
            .filter(
              ([id, has]) =>
                (tag === undefined || has === tag) && (offset === undefined || comparePointIds(id, offset) >= 0),
            )
            .map(([id]) => id)
            .sort(comparePointIds);
          const found = pages(replica, {
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
    const replica = openReplica();
    const points = Array.from({ length: 40 }, (_, id) => point(id, {}, { tag: id % 20 === 0 ? "rare" : "red" }));
    run(replica, createCollection("a", {}), upsert("a", points));
    assert.deepEqual(pages(replica, { limit: 1, filter: tagIs("rare"), offset: 0 }), [[0], [20]]);
    assert.deepEqual(pages(replica, { limit: 9, filter: tagIs("rare"), offset: 20 }), [[20]]);
    assert.deepEqual(pages(replica, { limit: 9, filter: tagIs("rare"), offset: 21 }), [[]]);
  });

  test("by an indexed number goes up or down, equal numbers by id, and says the number", () => {
    const replica = openReplica();
    const numbers = [
      [5, 2],
      [3, 1],
      [4, 2],
      [9, 7],
    ] as const;
    run(
      replica,
      createCollection("a", {}),
      upsert(
        "a",
        numbers.map(([id, n]) => point(id, {}, { n, tag: id < 5 ? "low" : "high" })),
      ),
    );
    run(replica, upsert("a", [point(1, {}, { n: "text" }), point(2, {})]));
    const schema = { kind: "integer" } as const;
    run(replica, { kind: "create-payload-index", collection: "a", path: "n", schema });
    assert.deepEqual(ordered(replica, "asc"), [
      [3, 1],
      [4, 2],
      [5, 2],
      [9, 7],
    ]);
    assert.deepEqual(ordered(replica, "desc"), [
      [9, 7],
      [4, 2],
      [5, 2],
      [3, 1],
    ]);
    assert.deepEqual(ordered(replica, "desc", {}, 2), [
      [4, 2],
      [5, 2],
      [3, 1],
    ]);
    const big = 2n ** 60n;
    run(replica, upsert("a", [point(20, {}, { n: big + 1n }), point(21, {}, { n: big })]));
    assert.deepEqual(ordered(replica, "asc", {}, big + 1n), [[20, big + 1n]]);
    assert.deepEqual(ordered(replica, "desc", { limit: 1 }, big), [[21, big]]);
    assert.deepEqual(ordered(replica, "asc", { limit: 2 }), [
      [3, 1],
      [4, 2],
    ]);
    run(replica, { kind: "delete-points", collection: "a", target: { ids: [20, 21] } });
    assert.deepEqual(ordered(replica, "asc", { filter: tagIs("high") }), [
      [5, 2],
      [9, 7],
    ]);
  });

  test("by a number that has no index with an order is refused, naming the key", () => {
    const replica = openReplica();
    run(replica, createCollection("a", {}));
    const isRefused = (error: unknown) =>
      error instanceof MurmurationError &&
      error.code === "wrong-input" &&
      error.field === "order_by.key" &&
      error.message.includes("`n`");
    assert.throws(() => ordered(replica, "asc"), isRefused);
    const create = { kind: "create-payload-index", collection: "a", path: "n" } as const;
    run(replica, { ...create, schema: { kind: "keyword" } });
    assert.throws(() => ordered(replica, "asc"), isRefused);
    run(replica, { ...create, schema: { kind: "integer", range: false } });
    assert.throws(() => ordered(replica, "asc"), isRefused);
  });

  test("over an empty collection ends at once, and counts none", () => {
    const replica = openReplica();
    run(replica, createCollection("a", {}));
    assert.deepEqual(pages(replica, { limit: 3 }), [[]]);
    assert.equal(count(replica.shard("a"), undefined), 0);
    assert.equal(count(replica.shard("a"), tagIs("red")), 0);
  });
});
