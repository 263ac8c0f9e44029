import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertUntil } from "@murmuration/index/conformance";
import fc from "fast-check";
import { changeOf, isWhole, keptOf, pointOf as printedPoint, type TopPoint, topOf } from "./top-points.js";

const pointOf = (id: number, score: number): TopPoint => printedPoint(id, score, JSON.stringify({ id, score }));

/** Better first; of equal ones the one with the lower id. */
function best(scores: ReadonlyMap<number, number>, limit: number, isAscending: boolean): TopPoint[] {
  const better = ([a, x]: readonly [number, number], [b, y]: readonly [number, number]) =>
    (isAscending ? x - y : y - x) || a - b;
  return [...scores]
    .sort(better)
    .slice(0, limit)
    .map(([id, score]) => pointOf(id, score));
}

// few scores, so that many are equal
const score = fc.integer({ min: 0, max: 6 });
const ids = fc.integer({ min: 0, max: 14 });

describe("an answer that is kept true by what was written", () => {
  it("is what it would be anew, wherever that is said", () => {
    const found = { whole: 0, not: 0 };
    assertUntil(
      () => ({ whole: [found.whole, 200], "not whole": [found.not, 50] }),
      fc.property(
        fc.array(fc.tuple(ids, score), { maxLength: 15 }),
        fc.array(fc.tuple(ids, fc.option(score, { nil: undefined })), { maxLength: 4 }),
        fc.integer({ min: 1, max: 6 }),
        fc.boolean(),
        (initially, writes, limit, isAscending) => {
          const scores = new Map(initially);
          const before = best(scores, limit, isAscending);
          for (const [id, to] of writes) {
            if (to === undefined) scores.delete(id);
            else scores.set(id, to);
          }
          const touched = new Set([...before.map(({ id }) => id as number), ...writes.map(([id]) => id)]);
          const few = new Map([...scores].filter(([id]) => touched.has(id)));
          const among = best(few, limit, isAscending);
          if (!isWhole(before, among, { limit, isAscending })) {
            found.not += 1;
            return;
          }
          found.whole += 1;
          assert.deepEqual(among, best(scores, limit, isAscending));
        },
      ),
    );
  });

  it("differs by what entered, left, moved and was updated, from which the new one follows", () => {
    const lists = fc.uniqueArray(fc.tuple(ids, score), { maxLength: 8, selector: ([id]) => id });
    fc.assert(
      fc.property(lists, lists, (a, b) => {
        const [before, after] = [a, b].map((list) => list.map(([id, of]) => pointOf(id, of))) as [
          TopPoint[],
          TopPoint[],
        ];
        const change = changeOf(before, after);
        if (change === undefined) return assert.deepEqual(before, after);
        const made: (TopPoint | undefined)[] = [...before];
        const byId = new Map(before.map((one) => [one.id, one]));
        const gone = new Set((change.left as { id: number }[]).map(({ id }) => id));
        for (const [rank, one] of before.entries()) if (gone.has(one.id as number)) made[rank] = undefined;
        for (const { id, from } of change.moved as { id: number; from: number }[]) {
          assert.ok(byId.has(id));
          made[from] = undefined;
        }
        for (const { id, to, score: now } of change.moved as { id: number; to: number; score: number }[])
          made[to] = pointOf(id, now);
        for (const { rank, id, score: now } of change.entered as { rank: number; id: number; score: number }[])
          made[rank] = pointOf(id, now);
        assert.deepEqual(
          made.filter((one) => one !== undefined),
          after,
        );
      }),
    );
  });

  it("keeps large ids and numbers as they are printed", () => {
    const text = '[{"id":18446744073709551615,"version":3,"score":0.1,"payload":{"a":9007199254740993}}]';
    const [top] = topOf(text);
    assert.equal(top?.id, 18446744073709551615n);
    assert.deepEqual(changeOf(topOf(text), topOf(text)), undefined);
  });

  it("is told from what is kept of it, which is little however large its points are", () => {
    const large = (last: string) => {
      const payload = { words: "x".repeat(50_000), last };
      return JSON.stringify([1, 2, 3].map((id) => ({ id, version: 1, score: 1, payload: id === 2 ? payload : {} })));
    };
    const kept = keptOf(topOf(large("a")));
    assert.ok(JSON.stringify(kept).length < 1_000);
    assert.equal(changeOf(kept, topOf(large("a"))), undefined);
    const change = changeOf(kept, topOf(large("b")));
    const [updated, ...others] = (change?.updated ?? []) as { id: number; rank: number; payload: { last: string } }[];
    assert.deepEqual([updated?.id, updated?.rank, updated?.payload.last], [2, 1, "b"]);
    assert.deepEqual([others, change?.entered, change?.left, change?.moved], [[], [], [], []]);
  });
});
