import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { VersionVector } from "../causality/version-vector.js";
import { sequenceOf } from "../causality/version-vector.js";
import { type CausalEvent, dotText, Site, steps } from "./history.test-support.js";
import { CausalInbox, type ReceivedOperation } from "./inbox.js";

const vector = (entries: Record<number, number>): VersionVector =>
  new Map(Object.entries(entries).map(([origin, sequence]) => [Number(origin), sequence]));

function received(
  origin: number,
  sequence: number,
  dependencies: VersionVector = new Map(),
  size = 10,
): ReceivedOperation {
  const operation = {
    shard: "s",
    origin,
    sequence,
    time: { wallMs: sequence, counter: 0 },
    dependencies,
    kind: "delete" as const,
    ids: [],
  };
  return { operation, bytes: new Uint8Array(size) };
}

/** Takes what is ready, as a replica does. */
function drain(inbox: CausalInbox, frontier: Map<number, number>): string[] {
  const applied: string[] = [];
  for (let next = inbox.next(frontier); next !== undefined; next = inbox.next(frontier)) {
    const { origin, sequence } = next.operation;
    assert.equal(sequence, sequenceOf(frontier, origin) + 1);
    frontier.set(origin, sequence);
    applied.push(`${origin}:${sequence}`);
  }
  return applied;
}

test("operations come out in causal order whatever the order they came in", () => {
  const inbox = new CausalInbox();
  const frontier = new Map<number, number>();
  inbox.offer([received(1, 3)]);
  inbox.offer([received(1, 2, vector({ 2: 1 })), received(1, 1)]);
  assert.deepEqual(drain(inbox, frontier), ["1:1"]);
  assert.ok(inbox.has(1, 2) && inbox.bytes === 20);
  inbox.offer([received(2, 1)]);
  assert.deepEqual(drain(inbox, frontier), ["2:1", "1:2", "1:3"]);
  assert.equal(inbox.bytes, 0);
});

test("what waits already or is applied already is not taken again", () => {
  const inbox = new CausalInbox();
  inbox.offer([received(1, 2), received(1, 2), received(1, 3)]);
  assert.equal(inbox.bytes, 20);
  assert.deepEqual(drain(inbox, new Map([[1, 2]])), ["1:3"]);
  assert.equal(inbox.bytes, 0);
  inbox.offer([received(1, 1)]);
  assert.deepEqual(drain(inbox, new Map([[1, 2]])), []);
  assert.equal(inbox.bytes, 0);
});

test("over its bound, whoever has most waiting loses what is farthest from its turn", () => {
  const inbox = new CausalInbox(50);
  inbox.offer([4, 9, 3, 8, 2, 7].map((sequence) => received(1, sequence)));
  inbox.offer([received(2, 12), received(2, 5)]);
  assert.deepEqual(drain(inbox, new Map([[2, 3]])), []);
  assert.equal(inbox.bytes, 50);
  assert.equal(inbox.dropped, 3);
  const kept = [2, 3, 4, 7].filter((sequence) => inbox.has(1, sequence));
  assert.deepEqual([kept, inbox.has(2, 5), inbox.has(2, 12)], [[2, 3, 4], true, true]);
});

test("an origin whose operations wait for what never comes takes no room of the others", () => {
  const inbox = new CausalInbox(1_000);
  for (let first = 1; first < 10_000; first += 100) {
    inbox.offer(Array.from({ length: 100 }, (_, at) => received(1, first + at, vector({ 9: 2 ** 39 }))));
    assert.deepEqual(drain(inbox, new Map()), []);
  }
  const frontier = new Map<number, number>();
  inbox.offer(Array.from({ length: 40 }, (_, at) => received(2, at + 2)));
  assert.deepEqual(drain(inbox, frontier), []);
  inbox.offer([received(2, 1)]);
  assert.equal(drain(inbox, frontier).length, 41);
});

test("what waits for each other in a circle is told, what waits for it is not", () => {
  const inbox = new CausalInbox();
  const deadlocked = (frontier: VersionVector) =>
    inbox
      .deadlocked(frontier)
      .map(({ operation: { origin, sequence } }) => `${origin}:${sequence}`)
      .sort();
  inbox.offer([received(1, 1, vector({ 2: 3 })), received(2, 1, vector({ 3: 1 })), received(4, 1, vector({ 1: 1 }))]);
  assert.deepEqual(deadlocked(new Map()), [], "3:1 may still come");
  inbox.offer([received(3, 1, vector({ 1: 1, 4: 0 }))]);
  assert.deepEqual(drain(inbox, new Map()), []);
  assert.deepEqual(deadlocked(new Map()), ["1:1", "2:1", "3:1"]);
  assert.deepEqual(deadlocked(vector({ 2: 3 })), []);
  inbox.clear(2);
  assert.deepEqual(deadlocked(new Map()), []);
});

test("origins that operations only name are remembered up to a bound", () => {
  const inbox = new CausalInbox();
  for (let i = 0; i < 100; i++) {
    const names = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [1_000 + 100 * i + at, 1]));
    inbox.offer([received(1, i + 2, vector(names))]);
  }
  assert.ok(inbox.wanted().size <= 2_000);
});

test("an operation whose turn it is gets through, however full the inbox and however large it is", () => {
  const inbox = new CausalInbox(100);
  const frontier = new Map<number, number>();
  inbox.offer(Array.from({ length: 10 }, (_, at) => received(1, at + 1, vector({ 2: 1 }))));
  assert.deepEqual(drain(inbox, frontier), []);
  assert.equal(inbox.bytes, 100);
  inbox.offer([received(2, 1, new Map(), 1_000_000)]);
  assert.deepEqual(drain(inbox, frontier).slice(0, 3), ["2:1", "1:1", "1:2"]);
  assert.equal(inbox.bytes, 0);
});

test("sequences far ahead cost nothing", () => {
  const inbox = new CausalInbox(10);
  inbox.offer([received(1, 2), received(1, 2 ** 39), received(1, 2 ** 39 + 7)]);
  assert.deepEqual(drain(inbox, new Map()), []);
  assert.ok(inbox.has(1, 2) && inbox.bytes === 10);
});

test("gaps are told up to what waits behind them", () => {
  const inbox = new CausalInbox();
  inbox.offer([3, 4, 7].map((sequence) => received(1, sequence, sequence === 7 ? vector({ 9: 2 }) : undefined)));
  assert.deepEqual(inbox.missing(vector({ 1: 1 }), vector({ 2: 5, 3: 1 })), [
    { origin: 1, after: 1, upTo: 2 },
    { origin: 2, after: 0, upTo: 5 },
    { origin: 3, after: 0, upTo: 1 },
    { origin: 9, after: 0, upTo: 2 },
  ]);
  assert.deepEqual(inbox.missing(vector({ 1: 2, 2: 5, 9: 9 }), vector({ 1: 12 })), [{ origin: 1, after: 4, upTo: 6 }]);
  assert.deepEqual(inbox.wanted(), vector({ 1: 7, 9: 2 }));
  inbox.clear(1);
  assert.deepEqual([inbox.bytes, inbox.has(1, 3)], [0, false]);
  assert.deepEqual(inbox.missing(vector({ 9: 2 }), new Map()), []);
});

test("whatever is delivered, late, twice or dropped, comes out once, and all of it when gaps are asked for", () => {
  fc.assert(
    fc.property(steps(150), fc.integer({ min: 10, max: 300 }), (moves, bytesMax) => {
      const writers = [1, 2, 3].map((id) => new Site<CausalEvent>(id));
      const all: CausalEvent[] = [];
      const inbox = new CausalInbox(bytesMax);
      const reader = new Site<CausalEvent>(4);
      const declared = new Map<string, VersionVector>();
      const offer = (event: CausalEvent) => {
        const dependencies = declared.get(dotText(event)) as VersionVector;
        inbox.offer([received(event.origin, event.sequence, dependencies)]);
        for (let next = inbox.next(reader.frontier); next !== undefined; next = inbox.next(reader.frontier)) {
          const { origin, sequence } = next.operation;
          const taken = all.find((one) => one.origin === origin && one.sequence === sequence) as CausalEvent;
          assert.ok(reader.canTake(taken), `${dotText(taken)} is out of order`);
          reader.take(taken);
        }
        assert.ok(inbox.bytes <= bytesMax);
      };
      for (const { actor, kind, choice } of moves) {
        const site = writers[actor % 3] as Site<CausalEvent>;
        if (kind < 40) {
          const event = site.next();
          const dependencies = new Map(event.past);
          dependencies.delete(site.id);
          declared.set(dotText(event), dependencies);
          all.push(event);
          site.take(event);
        } else if (kind < 70) {
          const ready = all.filter((event) => site.canTake(event));
          const event = ready[choice % Math.max(1, ready.length)];
          if (event !== undefined) site.take(event);
        } else {
          const event = all[choice % Math.max(1, all.length)];
          if (event !== undefined) offer(event);
        }
      }
      const held = new Map(writers.map(({ id, frontier }) => [id, sequenceOf(frontier, id)]));
      for (let round = 0; reader.events.length < all.length; round += 1) {
        assert.ok(round <= all.length, "no progress");
        for (const { origin, after } of inbox.missing(reader.frontier, held)) {
          offer(all.find((event) => event.origin === origin && event.sequence === after + 1) as CausalEvent);
        }
      }
      assert.equal(inbox.bytes, 0);
    }),
  );
});

test("a long backlog passes in time that grows with its length only", () => {
  const inbox = new CausalInbox();
  const frontier = new Map<number, number>();
  const count = 100_000;
  for (let origin = 1; origin <= 3; origin += 1) {
    inbox.offer(Array.from({ length: count }, (_, at) => received(origin, count - at)));
  }
  assert.equal(drain(inbox, frontier).length, 3 * count);
});
