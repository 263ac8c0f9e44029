import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { RowSet } from "./row-set.js";

const rows = fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { maxLength: 80 });

function ascending(set: Iterable<number>): number[] {
  return [...set].sort((a, b) => a - b);
}

describe("RowSet", () => {
  it("behaves as a set of integers under any sequence of additions and removals", () => {
    const step = fc.record({ adds: fc.boolean(), row: fc.integer({ min: 0, max: 200 }) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const set = new RowSet();
        const model = new Set<number>();
        for (const { adds, row } of steps) {
          if (adds) {
            set.add(row);
            model.add(row);
          } else {
            set.delete(row);
            model.delete(row);
          }
          assert.equal(set.size, model.size);
          assert.equal(set.has(row), adds);
        }
        assert.deepEqual([...set], ascending(model));
      }),
    );
  });

  it("intersects, unites and subtracts in place, whichever set is longer", () => {
    fc.assert(
      fc.property(rows, rows, (a, b) => {
        const and = new RowSet(a);
        and.and(new RowSet(b));
        const or = new RowSet(a);
        or.or(new RowSet(b));
        const andNot = new RowSet(a);
        andNot.andNot(new RowSet(b));
        const inB = new Set(b);
        const results: [RowSet, number[]][] = [
          [and, a.filter((row) => inB.has(row))],
          [or, [...new Set([...a, ...b])]],
          [andNot, a.filter((row) => !inB.has(row))],
        ];
        for (const [set, expected] of results) {
          assert.deepEqual([...set], ascending(expected));
          assert.equal(set.size, expected.length);
          const visited: number[] = [];
          set.forEach((row) => {
            visited.push(row);
          });
          assert.deepEqual(visited, [...set]);
        }
      }),
    );
  });

  it("holds exactly the rows below the count of a range", () => {
    for (const count of [0, 1, 31, 32, 33, 64, 100]) {
      const set = RowSet.range(count);
      assert.equal(set.size, count);
      assert.deepEqual(
        [...set],
        Array.from({ length: count }, (_, i) => i),
      );
    }
  });

  it("keeps rows of 32-bit size apart from small ones", () => {
    const set = new RowSet([5]);
    assert.equal(set.has(2 ** 31 + 5), false);
    assert.throws(() => set.add(2 ** 32), /32-bit/);
    assert.throws(() => set.add(-1), /32-bit/);
    assert.throws(() => set.add(100.5), /32-bit/);
  });

  it("gives clones that change apart from their original", () => {
    const original = new RowSet([1, 40]);
    const copy = original.clone();
    copy.add(2);
    copy.delete(40);
    assert.deepEqual([...original], [1, 40]);
    assert.deepEqual([...copy], [1, 2]);
  });

  it("exposes words whose bits are the members and that are zero past the word count", () => {
    const set = new RowSet([0, 33, 200]);
    set.and(new RowSet([0, 33]));
    assert.equal(set.wordCount, 2);
    assert.equal(set.words[0], 1);
    assert.equal(set.words[1], 2);
    assert.ok(set.words.subarray(set.wordCount).every((word) => word === 0));
    set.clear();
    assert.equal(set.size, 0);
    assert.ok(set.words.every((word) => word === 0));
  });

  it("lets a visitor remove the member it visits", () => {
    const set = RowSet.range(70);
    set.forEach((row) => {
      if (row % 2 === 0) set.delete(row);
    });
    assert.equal(set.size, 35);
    assert.equal(set.has(69), true);
  });
});
