import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { MurmurationError } from "../errors.js";
import { type ReadonlyRowSet, RowSet } from "../row-set.js";
import { finish, Meter } from "../sliced.js";
import type { Json, Payload } from "./json.js";
import type { FrozenOrder, PayloadIndex, RangeBounds } from "./payload-index.js";
import { createPayloadIndex, PayloadIndexes } from "./payload-indexes.js";
import { addPostingTo, type Posting, postingRows, postingSize, withoutRow, withRow } from "./posting.js";
import type { PayloadIndexSchema } from "./schema.js";

function filled(schema: PayloadIndexSchema, rows: readonly (readonly Json[])[]): PayloadIndex {
  const index = createPayloadIndex(schema);
  for (const [row, values] of rows.entries()) index.add(row, values);
  return index;
}

function rowsIn(index: PayloadIndex | undefined, bounds: RangeBounds): ReadonlyRowSet {
  const within = index?.rowsInRange(bounds, new Meter());
  return within === undefined ? new RowSet() : finish(within);
}

function listed(index: PayloadIndex, direction: "asc" | "desc", startFrom?: number | bigint): unknown[] {
  const order = index.freezeOrder();
  const groups = [...(order?.groups(direction, startFrom) ?? [])];
  order?.end();
  return groups.map(({ value, rows }) => [value, [...rows].sort()]);
}

const big = 2n ** 60n;

describe("keyword index", () => {
  const index = filled({ kind: "keyword" }, [["red"], ["red", "blue"], ["green"], [5, null], []]);

  it("finds the rows of any of the values", () => {
    assert.deepEqual([...(index.rowsMatching(["red"]) ?? [])], [0, 1]);
    assert.deepEqual([...(index.rowsMatching(["blue", "green", "absent"]) ?? [])], [1, 2]);
    assert.deepEqual([...(index.rowsMatching([5, true]) ?? [])], []);
    assert.deepEqual([...(index.rowsMatching(["constructor", "__proto__"]) ?? [])], []);
  });

  it("knows which rows have values, several values, values of other kinds and nulls", () => {
    assert.deepEqual([...index.rowsWithValue()], [0, 1, 2]);
    assert.deepEqual([...index.rowsWithSeveralValues()], [1]);
    assert.deepEqual([...index.rowsWithOtherValue()], [3]);
    assert.deepEqual([...index.rowsWithNull()], [3]);
    assert.equal(index.pointCount, 3);
  });

  it("keeps no order", () => {
    assert.equal(index.freezeOrder(), undefined);
  });
});

describe("integer index", () => {
  const rows = [[1], [2, 3], [big], [-5], [1.5], ["2"], [2n, big + 1n]];
  const index = filled({ kind: "integer" }, rows);

  it("tells integers beyond 2^53 apart and leaves out fractions", () => {
    assert.deepEqual([...(index.rowsMatching([big]) ?? [])], [2]);
    assert.deepEqual([...(index.rowsMatching([big + 1n]) ?? [])], [6]);
    assert.deepEqual([...(index.rowsMatching([2]) ?? [])], [1, 6]);
    assert.deepEqual([...(index.rowsMatching([1.5]) ?? [])], []);
    assert.equal(index.holds(1.5), false);
  });

  it("honours open and closed bounds, together too", () => {
    assert.deepEqual([...rowsIn(index, { gt: 1, lte: 3 })], [1, 6]);
    assert.deepEqual([...rowsIn(index, { gte: 1, lt: 2 })], [0]);
    assert.deepEqual([...rowsIn(index, { gt: big })], [6]);
    assert.deepEqual([...rowsIn(index, { gte: 2, gt: 2, lt: 9 })], [1]);
    assert.deepEqual([...rowsIn(index, { gt: 0, lt: 2, lte: 2 })], [0]);
    assert.deepEqual([...rowsIn(index, { lt: 0 })], [3]);
    assert.deepEqual([...rowsIn(index, { gt: 3, lt: 2 })], []);
    assert.deepEqual([...rowsIn(index, {})], [0, 1, 2, 3, 6]);
  });

  it("lists values in order from a start that is included", () => {
    assert.deepEqual(listed(index, "asc", 2), [
      [2, [1, 6]],
      [3, [1]],
      [big, [2]],
      [big + 1n, [6]],
    ]);
    assert.deepEqual(listed(index, "desc", 2.5), [
      [2, [1, 6]],
      [1, [0]],
      [-5, [3]],
    ]);
    assert.deepEqual(listed(index, "desc").length, 6);
  });

  it("serves only the capabilities of its schema", () => {
    const lookupOnly = filled({ kind: "integer", range: false }, rows);
    assert.equal(lookupOnly.rowsInRange({ gt: 0 }, new Meter()), undefined);
    assert.equal(lookupOnly.freezeOrder(), undefined);
    assert.notEqual(lookupOnly.rowsMatching([1]), undefined);
    const rangeOnly = filled({ kind: "integer", lookup: false }, rows);
    assert.equal(rangeOnly.rowsMatching([1]), undefined);
    assert.notEqual(rangeOnly.rowsInRange({ gt: 0 }, new Meter()), undefined);
  });
});

describe("float index", () => {
  const index = filled({ kind: "float" }, [[1.5], [2], [big], [-0], ["3"]]);

  it("holds fractions and integers of any size in one order", () => {
    assert.deepEqual(listed(index, "asc"), [
      [0, [3]],
      [1.5, [0]],
      [2, [1]],
      [big, [2]],
    ]);
    assert.deepEqual([...rowsIn(index, { gt: 1.5, lte: 1e30 })], [1, 2]);
    assert.deepEqual([...(index.rowsMatching([2n]) ?? [])], [1]);
  });
});

describe("bool index", () => {
  it("finds the rows of each value", () => {
    const index = filled({ kind: "bool" }, [[true], [false], [true, false], ["true"]]);
    assert.deepEqual([...(index.rowsMatching([true]) ?? [])], [0, 2]);
    assert.deepEqual([...(index.rowsMatching([false]) ?? [])], [1, 2]);
    assert.equal(index.pointCount, 3);
  });
});

describe("every payload index", () => {
  const value = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom<Json>("a", "b", true, false, null, 0.5, 2.5, big, big + 1n, { a: 1 }),
  );
  const values = fc.array(value, { maxLength: 4 });

  it("is left empty when all that was entered is taken out", () => {
    fc.assert(
      fc.property(fc.constantFrom("keyword", "integer", "float", "bool"), fc.array(values), (kind, rows) => {
        const index = filled({ kind }, rows);
        for (const [row, rowValues] of rows.entries()) index.remove(row, rowValues);
        assert.equal(index.pointCount, 0);
        for (const set of [index.rowsWithValue(), index.rowsWithSeveralValues(), index.rowsWithOtherValue()]) {
          assert.equal(set.size, 0);
        }
        assert.equal(index.rowsWithNull().size, 0);
        assert.equal(index.rowsMatching(["a", "b", true, false, 0, 1, 2, 0.5, big])?.size, 0);
        assert.equal(rowsIn(index, {}).size, 0);
        assert.equal(index.estimateInRange({}), 0);
        assert.deepEqual(listed(index, "asc"), []);
      }),
    );
  });
});

describe("posting", () => {
  it("holds the same rows in each of its forms", () => {
    const step = fc.record({ adds: fc.boolean(), from: fc.nat(5_000), count: fc.integer({ min: 1, max: 120 }) });
    let formsSeen = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let posting: Posting | undefined;
        const model = new Set<number>();
        for (const { adds, from, count } of steps) {
          for (let row = from; row < from + count; row++) {
            posting = adds ? withRow(posting, row) : withoutRow(posting, row);
            if (adds) model.add(row);
            else model.delete(row);
          }
          formsSeen |= posting instanceof RowSet ? 1 : posting instanceof Set ? 2 : 4;
          assert.equal(postingSize(posting), model.size);
          const rows = new RowSet();
          if (posting !== undefined) addPostingTo(posting, rows);
          assert.deepEqual(
            [...rows],
            [...model].sort((a, b) => a - b),
          );
          assert.equal(new Set(posting === undefined ? [] : postingRows(posting)).size, model.size);
        }
      }),
      { seed: 1 },
    );
    assert.equal(formsSeen, 7);
  });

  it("turns back into a hash set when the collection outgrows it", () => {
    let posting: Posting | undefined;
    for (let row = 0; row < 64; row++) posting = withRow(posting, row);
    assert.ok(posting instanceof RowSet);
    posting = withRow(posting, 1_000_000);
    assert.ok(posting instanceof Set);
    assert.equal(postingSize(posting), 65);
  });
});

describe("PayloadIndexes", () => {
  it("enters and takes out points on every indexed path", () => {
    const indexes = new PayloadIndexes();
    indexes.create("color", { kind: "keyword" });
    indexes.create("sizes[].width", { kind: "integer" });
    const payload: Payload = { color: ["red", "blue"], sizes: [{ width: 4 }, { width: 7 }] };
    indexes.addPoint(3, payload);
    assert.deepEqual(indexes.paths(), ["color", "sizes[].width"]);
    assert.deepEqual([...(indexes.get("color")?.rowsMatching(["blue"]) ?? [])], [3]);
    assert.deepEqual([...rowsIn(indexes.get("sizes[].width"), { gt: 5 })], [3]);
    indexes.removePoint(3, payload);
    assert.equal(indexes.get("color")?.pointCount, 0);
    assert.equal(indexes.get("sizes[].width")?.pointCount, 0);
  });

  it("fills a new index with the points given and replaces the one on its path", () => {
    const indexes = new PayloadIndexes();
    indexes.create("n", { kind: "keyword" }, [[0, { n: 1 }]]);
    assert.equal(indexes.get("n")?.pointCount, 0);
    indexes.create("n", { kind: "integer" }, [[0, { n: 1 }]]);
    assert.equal(indexes.get("n")?.pointCount, 1);
    assert.deepEqual(indexes.schemaOf("n"), { kind: "integer" });
    assert.equal(indexes.drop("n"), true);
    assert.equal(indexes.drop("n"), false);
    assert.equal(indexes.get("n"), undefined);
  });

  it("refuses a bad path", () => {
    assert.throws(
      () => new PayloadIndexes().create("a[", { kind: "bool" }),
      (error) => error instanceof MurmurationError && error.code === "format" && error.field === "field_name",
    );
  });
});

describe("the frozen order of an index", () => {
  it("stays as it was, whatever is entered and taken out, and also after others were frozen and ended", () => {
    const change = fc.record({ row: fc.nat(200), value: fc.integer({ min: 0, max: 5 }), freezes: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 400, size: "max" }), (changes) => {
        const index = createPayloadIndex({ kind: "integer" });
        const rows = new Map<number, number>();
        const frozen: { readonly order: FrozenOrder; readonly wanted: unknown }[] = [];
        const groupsOf = (order: FrozenOrder): unknown[] =>
          [...order.groups("asc")].map((group) => [group.value, [...group.rows].sort()]);
        for (const [i, { row, value, freezes }] of changes.entries()) {
          const before = rows.get(row);
          if (before !== undefined) index.remove(row, [before]);
          rows.set(row, value);
          index.add(row, [value]);
          if (freezes && i % 8 === 0) {
            const order = index.freezeOrder() as FrozenOrder;
            frozen.push({ order, wanted: groupsOf(order) });
          }
          if (i % 50 === 49) frozen.shift()?.order.end();
        }
        for (const { order, wanted } of frozen) assert.deepEqual(groupsOf(order), wanted);
      }),
      { numRuns: 50 },
    );
  });
});
