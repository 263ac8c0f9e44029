import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { SummaryRange } from "../gossip/message.js";
import { limits } from "../limits.js";
import { compareRanges } from "./compare-ranges.js";
import { type KeyedHash, KeyedHashes, wholeRange } from "./keyed-hashes.js";

function keyOf(n: number): Uint8Array {
  const key = new Uint8Array(8);
  new DataView(key.buffer).setBigUint64(0, BigInt(n));
  return key;
}

const item = (n: number, version: number): KeyedHash => {
  return {
    key: keyOf(n),
    hash: BigInt.asUintN(128, (BigInt(n * 7 + version + 1) * 0x9e3779b97f4a7c15f39cc0605cedc835n) ** 3n),
  };
};
const numberOf = ({ key }: KeyedHash) => Number(new DataView(key.buffer).getBigUint64(0));
const textOf = ({ key, hash }: KeyedHash) => `${Buffer.from(key).toString("hex")} ${hash}`;

/** Runs summaries to and fro until nothing is left to compare. */
function reconcile(a: KeyedHashes, b: KeyedHashes): { differing: Set<number>; summaries: number; sent: number } {
  const differing = new Set<number>();
  let [summaries, sent] = [1, 0];
  let [mine, theirs] = [b, a];
  let ranges: readonly SummaryRange[] = a.split(wholeRange, limits.reconcileFanOut);
  while (ranges.length > 0) {
    const { parts, small } = compareRanges(mine, ranges);
    for (const range of small) {
      const [own, others] = [mine.in(range), theirs.in(range)].map(
        (items) => new Map(items.map((one) => [textOf(one), one])),
      );
      sent += (own?.size ?? 0) + (others?.size ?? 0);
      for (const [text, one] of own ?? []) if (others?.has(text) !== true) differing.add(numberOf(one));
      for (const [text, one] of others ?? []) if (own?.has(text) !== true) differing.add(numberOf(one));
    }
    if (parts.length > 0) summaries++;
    ranges = parts;
    [mine, theirs] = [theirs, mine];
  }
  return { differing, summaries, sent };
}

const sets = fc.uniqueArray(fc.nat(5_000), { maxLength: 400 });

test("exactly what differs between two sets is found: lost here, lost there, or other", () => {
  fc.assert(
    fc.property(sets, fc.array(fc.nat(5_000), { maxLength: 12 }), fc.nat(), (common, touched, kinds) => {
      const a = new Map(common.map((n) => [n, 0]));
      const b = new Map(a);
      for (const [i, n] of touched.entries()) {
        const kind = (kinds >> (2 * (i % 10))) % 3;
        if (kind === 0) a.delete(n);
        else if (kind === 1) b.set(n, 1);
        else b.delete(n);
      }
      const expected = [...new Set([...a.keys(), ...b.keys()])].filter((n) => a.get(n) !== b.get(n));
      const [left, right] = [a, b].map((set) => new KeyedHashes(Array.from(set, ([n, version]) => item(n, version))));
      const found = reconcile(left as KeyedHashes, right as KeyedHashes);
      assert.deepEqual([...found.differing].sort(), expected.sort());
    }),
    { numRuns: 500 },
  );
});

test("a few differences among many are found in a number of messages that grows with the logarithm", () => {
  const rounds = [1_000, 10_000, 100_000].map((count) => {
    const all = Array.from({ length: count }, (_, n) => item(n, 0));
    const lost = new Set([3, Math.floor(count / 2), count - 1]);
    const found = reconcile(new KeyedHashes(all), new KeyedHashes(all.filter((_, n) => !lost.has(n))));
    assert.deepEqual(found.differing, lost);
    assert.ok(found.sent <= 3 * 2 * (limits.reconcileSmall + 1), `${found.sent} states were sent`);
    return found.summaries;
  });
  for (const [i, count] of [1_000, 10_000, 100_000].entries()) {
    const most = 1 + Math.ceil(Math.log(count / limits.reconcileSmall) / Math.log(limits.reconcileFanOut));
    assert.ok((rounds[i] as number) <= most, `${rounds[i]} summaries for ${count}`);
  }
});

test("no more ranges are gone into than a summary may name, and what is equal costs nothing", () => {
  const all = Array.from({ length: 50_000 }, (_, n) => item(n, 0));
  const [one, other] = [new KeyedHashes(all), new KeyedHashes(all.map((_, n) => item(n, 1)))];
  const first = compareRanges(other, one.split(wholeRange, 1_000));
  assert.ok(first.parts.length <= limits.reconcileRangesMax * limits.reconcileFanOut && first.parts.length > 0);
  assert.deepEqual(compareRanges(one, one.split(wholeRange, 16)), { parts: [], small: [] });
});

test("keys of other lengths have their place", () => {
  const keys = [new Uint8Array([1]), new Uint8Array([1, 0]), new Uint8Array([2])];
  const set = new KeyedHashes([2, 0, 1].map((i) => ({ key: keys[i] as Uint8Array, hash: BigInt(i) })));
  assert.deepEqual(
    set.in({ from: new Uint8Array([1, 0]), to: new Uint8Array(0) }).map(({ hash }) => hash),
    [1n, 2n],
  );
  assert.deepEqual(set.in({ from: new Uint8Array([9]), to: new Uint8Array([3]) }), []);
});
