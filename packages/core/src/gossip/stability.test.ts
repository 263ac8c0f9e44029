import assert from "node:assert/strict";
import { test } from "node:test";
import { assertUntil } from "@murmuration/index/conformance";
import fc from "fast-check";
import { covers, type VersionVector } from "../causality/version-vector.js";
import { type CausalEvent, Site, steps } from "./history.test-support.js";
import { Stability } from "./stability.js";

const SYSTEM = "system";
const none: VersionVector = new Map();
const vector = (entries: Record<number, number>): VersionVector =>
  new Map(Object.entries(entries).map(([origin, sequence]) => [Number(origin), sequence]));
const frontiers = (a: VersionVector, system: VersionVector = none) =>
  new Map([
    [SYSTEM, system],
    ["a", a],
  ]);

test("alone, everything held is stable", () => {
  for (const active of [[], [1]]) {
    const stability = new Stability(1, SYSTEM);
    stability.settle(active, none, frontiers(vector({ 1: 4, 2: 3 })));
    assert.deepEqual(stability.stable("a"), vector({ 1: 4, 2: 3 }));
    assert.equal(stability.everyoneCounts(), true);
    assert.deepEqual(stability.stable("unknown"), none);
  }
});

test("nothing is stable before every member was heard", () => {
  const stability = new Stability(1, SYSTEM);
  const own = frontiers(vector({ 1: 4, 2: 3 }));
  stability.note(2, frontiers(vector({ 1: 3, 2: 3 })));
  stability.settle([1, 2, 3], none, own);
  assert.deepEqual(stability.stable("a"), none);
  assert.equal(stability.everyoneCounts(), false);
  stability.note(3, frontiers(vector({ 1: 4 })));
  stability.note(2, frontiers(vector({ 1: 3, 2: 3 })));
  stability.settle([1, 2, 3], none, own);
  assert.deepEqual(stability.stable("a"), vector({ 1: 3 }));
});

test("a report counts when all that it reports has arrived, and the shards are apart in this", () => {
  const stability = new Stability(1, SYSTEM);
  const report = new Map([
    ["a", vector({ 1: 2, 2: 9 })],
    ["b", vector({ 1: 7 })],
  ]);
  stability.note(2, report);
  const own = (a: VersionVector) =>
    new Map([
      ["a", a],
      ["b", vector({ 1: 8 })],
    ]);
  stability.settle([1, 2], none, own(vector({ 1: 3, 2: 8 })));
  assert.deepEqual(stability.stable("a"), none);
  assert.deepEqual(stability.stable("b"), vector({ 1: 7 }));
  stability.settle([1, 2], none, own(vector({ 1: 3, 2: 9 })));
  assert.deepEqual(stability.stable("a"), vector({ 1: 2, 2: 9 }));
});

test("a replica that always lags a little counts what it has caught up with", () => {
  const stability = new Stability(1, SYSTEM);
  for (let at = 3; at <= 20; at += 1) {
    stability.note(2, frontiers(vector({ 2: at * 10 })));
    stability.settle([1, 2], none, frontiers(vector({ 2: at * 10 - 25 })));
  }
  assert.ok((stability.stable("a").get(2) ?? 0) >= 100);
});

test("a shard that comes late counts only what has arrived of it", () => {
  const stability = new Stability(1, SYSTEM);
  stability.note(2, frontiers(vector({ 1: 5, 2: 10 })));
  stability.settle([1, 2], none, new Map([[SYSTEM, none]]));
  stability.settle([1, 2], none, frontiers(vector({ 1: 5 })));
  assert.deepEqual(stability.stable("a"), none, "operations of replica 2 that do not know of 1:5 may still come");
  stability.settle([1, 2], none, frontiers(vector({ 1: 5, 2: 10 })));
  assert.deepEqual(stability.stable("a"), vector({ 1: 5, 2: 10 }));
});

test("after a change of members everybody has to be heard anew, and nothing goes back", () => {
  const stability = new Stability(1, SYSTEM);
  const system = vector({ 1: 5 });
  const own = frontiers(vector({ 1: 9 }), system);
  stability.note(2, frontiers(vector({ 1: 6 })));
  stability.note(3, frontiers(vector({ 1: 2 })));
  stability.settle([1, 2, 3], none, own);
  assert.deepEqual(stability.stable("a"), vector({ 1: 2 }));
  // replica 3 is evicted: replica 2 may not know yet, and may hold what only 3 had written
  stability.settle([1, 2], system, own);
  assert.deepEqual(stability.stable("a"), vector({ 1: 2 }));
  assert.equal(stability.everyoneCounts(), false);
  stability.note(2, frontiers(vector({ 1: 6 }), vector({ 1: 5 })));
  stability.settle([1, 2], system, own);
  assert.deepEqual(stability.stable("a"), vector({ 1: 6 }));
  // one that joins with nothing holds it up, and takes nothing back
  const later = vector({ 1: 6 });
  stability.note(2, frontiers(vector({ 1: 7 }), later));
  stability.note(4, frontiers(none, later));
  stability.settle([1, 2, 4], later, frontiers(vector({ 1: 9 }), later));
  assert.deepEqual(stability.stable("a"), vector({ 1: 6 }));
});

test("a member that comes back is not counted by what it said before", () => {
  const stability = new Stability(1, SYSTEM);
  const own = frontiers(vector({ 1: 9 }));
  stability.note(2, frontiers(vector({ 1: 8 })));
  stability.settle([1, 2], none, frontiers(vector({ 1: 3 })));
  stability.settle([1], none, frontiers(vector({ 1: 3 })));
  stability.settle([1, 2], none, own);
  assert.equal(stability.everyoneCounts(), false);
  assert.deepEqual(stability.stable("a"), vector({ 1: 3 }));
});

test("whatever comes after something is stable knows of it, with heartbeats lost and late", () => {
  let raised = 0;
  assertUntil(
    () => ({ raised: [raised, 500] }),
    fc.property(steps(200), (moves) => {
      const ids = [1, 2, 3];
      const sites = ids.map((id) => ({ site: new Site<CausalEvent>(id), stability: new Stability(id, SYSTEM) }));
      const all: CausalEvent[] = [];
      const heartbeats: { from: number; held: VersionVector }[] = [];
      for (const { actor, kind, choice } of moves) {
        const { site, stability } = sites[actor % 3] as (typeof sites)[number];
        if (kind < 25) {
          const event = site.next();
          all.push(event);
          site.take(event);
        } else if (kind < 65) {
          const ready = all.filter((event) => site.canTake(event));
          const event = ready[choice % Math.max(1, ready.length)];
          if (event !== undefined) site.take(event);
        } else if (kind < 80) {
          heartbeats.push({ from: site.id, held: new Map(site.frontier) });
        } else {
          const recent = heartbeats.filter(({ from }) => from !== site.id).slice(-6);
          const heartbeat = recent[choice % Math.max(1, recent.length)];
          if (heartbeat !== undefined) stability.note(heartbeat.from, frontiers(heartbeat.held));
        }
        const before = new Map(stability.stable("a"));
        stability.settle(ids, none, frontiers(site.frontier));
        const stable = stability.stable("a");
        assert.ok(covers(stable, before), "it went back");
        if (!covers(before, stable)) raised += 1;
        for (const event of all) if (!site.holds(event)) assert.ok(covers(event.past, stable), "one still to come");
        for (const other of sites) assert.ok(covers(other.site.frontier, stable), "one still to be written");
      }
    }),
    { numRuns: 300 },
  );
});
