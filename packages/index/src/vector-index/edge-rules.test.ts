import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assertUntil } from "../conformance.js";
import { type EdgeList, encodeEdgeDelta } from "./edge-delta.js";
import type { NodeDot } from "./graph-reader.js";
import type { CausalPast } from "./graph-types.js";
import { clusteredVectors, optionsFor } from "./graphs.test-support.js";
import { VectorIndex } from "./vector-index.js";

const options = optionsFor(4, { links: 2, efConstruction: 4, metric: "euclid", quantization: "none" });
/** Lists on layer 0 have places for 4 links, and walks see at most 8. */
const EFFECTIVE_MAX = 8;
const empty = Uint8Array.of(1, 0, 0);
const nothing: CausalPast = new Map();
const known = (...entries: [number, number][]): CausalPast => new Map(entries);

const node = (sequence: number): NodeDot => ({ origin: 1, sequence });

/** `count` nodes without links, 1:1, 1:2, …, on a line; 1:1 at its beginning. */
function unlinked(count: number, distance = (sequence: number) => sequence - 1): VectorIndex {
  const index = new VectorIndex(options);
  for (let sequence = 1; sequence <= count; sequence++) {
    index.reader.show(index.apply(node(sequence), Float32Array.of(distance(sequence), 0, 0, 0), empty));
  }
  return index;
}

const changes = (dot: NodeDot, added: readonly NodeDot[], removed: readonly NodeDot[] = []): readonly EdgeList[] => [
  { level: 0, dot, removed, added },
];

/** An operation of an origin: its dot, what it does, and what its planner knew. */
type Step = readonly [tag: NodeDot, lists: readonly EdgeList[], past: CausalPast];

function applyAll(index: VectorIndex, steps: readonly Step[]): void {
  for (const [tag, lists, past] of steps) index.applyEdges(tag, encodeEdgeDelta(lists), past);
}

const walked = (index: VectorIndex, sequence = 1): number[] =>
  Array.from(index.reader.neighboursAt(sequence - 1, 0), (slot) => index.reader.dotAt(slot).sequence).sort(
    (a, b) => a - b,
  );
const memberCount = (index: VectorIndex): number => index.reader.memberCountAt(0, 0);

test("walks see the closest members of a list that is too long, however it came about", () => {
  const distances = fc.array(fc.nat(6), { minLength: 30, maxLength: 30 });
  const sets = fc.uniqueArray(fc.integer({ min: 2, max: 30 }), { minLength: 1, maxLength: 29 });
  let long = 0;
  assertUntil(
    () => ({ "long lists": [long, 20] }),
    fc.property(distances, sets, fc.array(fc.nat(1000)), fc.nat(5), (at, members, order, chunk) => {
      const index = unlinked(30, (sequence) => (sequence === 1 ? 0 : 1 + (at[sequence - 1] as number)));
      const extra = [2, 3, 30].filter((sequence) => !members.includes(sequence));
      const all = [...members, ...extra].sort((a, b) => (order[a] ?? a) - (order[b] ?? b));
      let sequence = 0;
      for (let from = 0; from < all.length; from += chunk + 1) {
        const added = all.slice(from, from + chunk + 1).map(node);
        applyAll(index, [[{ origin: 2, sequence: ++sequence }, changes(node(1), added), nothing]]);
      }
      // what goes again leaves no trace
      applyAll(index, [[{ origin: 3, sequence: 1 }, changes(node(1), [], extra.map(node)), known([2, sequence])]]);
      const closest = members
        .toSorted((a, b) => (at[a - 1] as number) - (at[b - 1] as number) || a - b)
        .slice(0, EFFECTIVE_MAX)
        .sort((a, b) => a - b);
      assert.deepEqual(walked(index), closest);
      assert.equal(memberCount(index), members.length);
      long += Number(members.length > EFFECTIVE_MAX);
    }),
  );
});

test("a link that two operations made stays until an operation that knew of both removes it", () => {
  const [first, second, remover]: NodeDot[] = [
    { origin: 2, sequence: 1 },
    { origin: 3, sequence: 1 },
    { origin: 4, sequence: 1 },
  ] as [NodeDot, NodeDot, NodeDot];
  const add = (tag: NodeDot): Step => [tag, changes(node(1), [node(2)]), nothing];
  const remove = (past: CausalPast): Step => [remover, changes(node(1), [], [node(2)]), past];
  const after = (...steps: Step[]) => {
    const index = unlinked(2);
    applyAll(index, steps);
    return { links: walked(index), tags: index.counters().storedTags, digest: index.digest() };
  };
  const stays = after(add(first), add(second), remove(known([2, 1])));
  assert.deepEqual(stays.links, [2]);
  assert.deepEqual(after(add(first), remove(known([2, 1])), add(second)).links, [2], "in the other order, too");
  assert.equal(after(add(first), remove(known([2, 1])), add(second)).digest, stays.digest);
  const goes = after(add(first), add(second), remove(known([2, 1], [3, 1])));
  assert.deepEqual([goes.links, goes.tags], [[], 0]);
  assert.deepEqual(after(add(first), remove(nothing)).links, [2], "who removes knows of no operation that made it");
});

test("the link of an insert goes with a removal, unless an operation that its planner did not know made it again", () => {
  const linked = () => {
    const index = unlinked(1);
    const [vector, dot] = [Float32Array.of(1, 0, 0, 0), node(2)];
    index.apply(dot, vector, index.plan(dot, vector));
    return index;
  };
  const remove: Step = [{ origin: 2, sequence: 1 }, changes(node(1), [], [node(2)]), known([1, 2])];
  const again: Step = [{ origin: 3, sequence: 1 }, changes(node(1), [node(2)]), known([1, 2])];
  const orders = [[remove], [remove, again], [again, remove]].map((steps) => {
    const index = linked();
    assert.deepEqual(walked(index), [2]);
    applyAll(index, steps);
    return [walked(index), index.counters().storedTags];
  });
  assert.deepEqual(orders, [
    [[], 0],
    [[2], 1],
    [[2], 1],
  ]);
});

test("a tag that is stable needs no more than to be removed by anyone", () => {
  const index = unlinked(3);
  applyAll(index, [
    [{ origin: 2, sequence: 1 }, changes(node(1), [node(2), node(3)]), nothing],
    [{ origin: 3, sequence: 4 }, changes(node(1), [node(2)]), nothing],
  ]);
  assert.equal(index.counters().storedTags, 3);
  assert.equal(index.settleTags(known([2, 1], [3, 3])), 2);
  applyAll(index, [[{ origin: 4, sequence: 1 }, changes(node(1), [], [node(2), node(3)]), nothing]]);
  assert.deepEqual(walked(index), [2], "one was not stable");
  assert.equal(index.settleTags(known([3, 4])), 1);
  assert.equal(index.counters().storedTags, 0);
});

test("links to nodes that are gone are counted when they are to be made, and passed over when they are to be removed", () => {
  const index = unlinked(3);
  const stranger = { origin: 9, sequence: 9 };
  const digest = index.digest();
  applyAll(index, [[{ origin: 2, sequence: 1 }, changes(node(1), [], [stranger, node(3)]), nothing]]);
  assert.deepEqual([index.digest(), index.counters().missedAdds], [digest, 0]);
  applyAll(index, [[{ origin: 2, sequence: 2 }, changes(node(1), [stranger]), nothing]]);
  applyAll(index, [[{ origin: 2, sequence: 3 }, changes(stranger, [node(1), node(2)]), nothing]]);
  assert.deepEqual([index.digest(), index.counters().missedAdds], [digest, 3]);
});

test("what makes no sense is refused, and nothing has changed", () => {
  const index = unlinked(40);
  const low = node(Array.from({ length: 40 }, (_, i) => i + 1).find((i) => index.levelOf(node(i)) === 0) as number);
  const high = node(Array.from({ length: 40 }, (_, i) => i + 1).find((i) => index.levelOf(node(i)) > 0) as number);
  const digest = index.digest();
  const refused: (readonly EdgeList[])[] = [
    [{ level: 0, dot: low, removed: [], added: [low] }],
    [{ level: 1, dot: low, removed: [], added: [high] }],
    [{ level: 1, dot: high, removed: [], added: [low] }],
    [
      { level: 0, dot: high, removed: [], added: [low] },
      { level: 1, dot: low, removed: [], added: [high] },
    ],
    [{ level: 0, dot: low, removed: [], added: Array.from({ length: 200 }, (_, i) => node(100 + i)) }],
  ];
  for (const lists of refused) {
    assert.throws(() => index.applyEdges({ origin: 2, sequence: 1 }, encodeEdgeDelta(lists), nothing), {
      code: "corrupt",
    });
  }
  applyAll(index, [[{ origin: 2, sequence: 1 }, changes(low, [high]), nothing]]);
  const both = encodeEdgeDelta(changes(low, [high], [high]));
  assert.throws(() => index.applyEdges({ origin: 2, sequence: 2 }, both, nothing), { code: "corrupt" });
  applyAll(index, [[{ origin: 2, sequence: 3 }, changes(low, [], [high]), known([2, 1])]]);
  assert.equal(index.digest(), digest);
});

test("an insert that is taken back makes no link that was gone before it came", () => {
  const index = unlinked(0);
  const vectors = clusteredVectors(60, 4, 5);
  for (const [i, vector] of vectors.entries()) index.apply(node(i + 1), vector, index.plan(node(i + 1), vector));
  // planned before others remove the same links
  const plans = vectors.map((vector, i) => {
    const dot = { origin: 2, sequence: i + 1 };
    return { dot, vector, delta: index.plan(dot, vector) };
  });
  let sequence = 0;
  for (let slot = 0; slot < vectors.length; slot += 2) {
    const removed = Array.from(index.reader.membersAt(slot, 0), (other) => index.reader.dotAt(other));
    applyAll(index, [
      [{ origin: 3, sequence: ++sequence }, changes(index.reader.dotAt(slot), [], removed), known([1, 60])],
    ]);
  }
  const digest = index.digest();
  let noted = 0;
  for (const { dot, vector, delta } of plans) {
    const slot = index.apply(dot, vector, delta, known([1, 60]));
    const undo = index.takeUndo();
    noted += Number(undo !== undefined);
    index.revert(slot, delta, undo);
    assert.equal(index.digest(), digest);
  }
  assert.ok(noted > 0);
});

test("slots of purged nodes count as room once no reader can see them", () => {
  const index = unlinked(4);
  for (const sequence of [2, 3]) {
    index.markDead(sequence - 1, true);
    index.condemn(sequence - 1);
  }
  const words = new Uint32Array(index.handle().memory.buffer);
  words[1092 >>> 2] = index.capacity; // all slots have been used
  assert.throws(() => index.requireRoomFor(1), { code: "capacity" });
  index.reader.pin(index.epoch());
  index.purge([node(2), node(3)]);
  assert.throws(() => index.requireRoomFor(1), { code: "capacity" });
  index.reader.pin(0);
  index.requireRoomFor(2);
  assert.throws(() => index.requireRoomFor(3), { code: "capacity" });
});

test("when all of an origin is purged, searches start from another's best node", () => {
  const index = unlinked(40);
  const other = { origin: 2, sequence: 1 };
  const vector = Float32Array.of(7, 0, 0, 0);
  const slot = index.apply(other, vector, index.plan(other, vector));
  for (let i = 0; i < 40; i++) {
    index.markDead(i, true);
    index.condemn(i);
  }
  assert.equal(index.reader.entrySlot(), slot);
  assert.deepEqual(index.reader.entryOrigins(), [1, 2]);
  const dots = Array.from({ length: 40 }, (_, i) => node(i + 1));
  assert.equal(index.purge(dots).purged, 40);
  assert.equal(index.reader.entrySlot(), slot);
  assert.deepEqual(index.reader.entryOrigins(), [2]);
  index.markDead(slot, true);
  index.condemn(slot);
  index.purge([other]);
  assert.equal(index.reader.entrySlot(), undefined);
  assert.deepEqual(index.reader.entryOrigins(), []);
});

test("only the dead are condemned, and the condemned never live again", () => {
  const index = unlinked(3);
  const digest = index.digest();
  assert.throws(() => index.condemn(0));
  index.markDead(1, true);
  index.markDead(1, false);
  assert.equal(index.digest(), digest);
  index.markDead(1, true);
  const dead = index.digest();
  index.condemn(1);
  index.condemn(1);
  assert.ok(index.isCondemned(1));
  assert.equal(index.digest(), dead, "what is condemned is in no digest");
  assert.throws(() => index.markDead(1, false));
});
