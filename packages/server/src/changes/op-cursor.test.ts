import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryOpLog, type VersionVector } from "@murmuration/core";
import fc from "fast-check";
import { openCursor, readOn } from "./op-cursor.js";

const SHARD = "s";
const bytes = new Uint8Array(1);
type Dots = readonly (readonly [origin: number, sequence: number])[];

function logOf(order: Dots): MemoryOpLog {
  const log = new MemoryOpLog();
  log.transaction((writer) => {
    for (const [origin, sequence] of order) writer.append(SHARD, origin, sequence, bytes);
    // what others wrote into the log is none of it
    writer.append("other", 1, 1, bytes);
  });
  return log;
}

/** One order of what these origins wrote: each origin's in its own. */
function ordered(counts: readonly number[], draws: readonly number[]): [number, number][] {
  const next = counts.map(() => 1);
  const order: [number, number][] = [];
  const total = counts.reduce((sum, count) => sum + count, 0);
  for (let i = 0; i < total; i++) {
    const open = counts.flatMap((count, origin) => ((next[origin] as number) <= count ? [origin] : []));
    const origin = open[(draws[i % draws.length] as number) % open.length] as number;
    order.push([origin + 1, next[origin] as number]);
    next[origin] = (next[origin] as number) + 1;
  }
  return order;
}

const frontierOf = (dots: Dots): VersionVector => {
  const frontier = new Map<number, number>();
  for (const [origin, sequence] of dots) frontier.set(origin, sequence);
  return frontier;
};
const draws = fc.array(fc.nat(1_000), { minLength: 8, maxLength: 24 });
const counts = fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 4 });

describe("a cursor of operations", () => {
  it("gives each one once to who hops between replicas that applied them in other orders", () => {
    fc.assert(
      fc.property(counts, fc.array(draws, { minLength: 2, maxLength: 3 }), draws, (counted, orders, hops) => {
        const replicas = orders.map((one) => {
          const order = ordered(counted, one);
          return { order, log: logOf(order) };
        });
        const seen: string[] = [];
        let frontier: VersionVector = new Map();
        const total = counted.reduce((sum, count) => sum + count, 0);
        for (let hop = 0; ; hop++) {
          const draw = hops[hop % hops.length] as number;
          const { order, log } = replicas[draw % replicas.length] as (typeof replicas)[number];
          // a replica tells of more and more of it
          const told = frontierOf(order.slice(0, Math.min(order.length, hop + (draw % 7))));
          const cursor = openCursor(log, SHARD, frontier);
          let left = draw % 5;
          const stop = readOn(log, cursor, told, 1 + (draw % 6), {}, ({ origin, sequence }) => {
            seen.push(`${origin}:${sequence}`);
            return left-- > 0;
          });
          assert.notEqual(stop, "gap");
          for (const [origin, sequence] of frontier) assert.ok((cursor.seen.get(origin) ?? 0) >= sequence);
          frontier = cursor.seen;
          if (hop > total + 7 && seen.length === total) break;
          assert.ok(hop < 1_000, `all is told in the end: ${seen.length} of ${total}`);
        }
        assert.equal(new Set(seen).size, seen.length);
        for (const [origin, count] of counted.entries()) {
          const own = seen.filter((dot) => dot.startsWith(`${origin + 1}:`));
          assert.deepEqual(
            own,
            Array.from({ length: count }, (_, i) => `${origin + 1}:${i + 1}`),
          );
        }
      }),
    );
  });

  it("finds what is missing, wherever it was dropped", () => {
    fc.assert(
      fc.property(counts, draws, fc.nat(), (counted, one, which) => {
        const order = ordered(counted, one);
        fc.pre(order.length > 0);
        const log = logOf(order);
        const [origin, sequence] = order[which % order.length] as [number, number];
        const kept = new Map([
          [origin, new Set(order.filter((dot) => dot[0] === origin && dot[1] !== sequence).map((dot) => dot[1]))],
        ]);
        const upTo = new Map([[origin, order.filter((dot) => dot[0] === origin).length]]);
        log.transaction((writer) => writer.dropOperations(SHARD, log.lastPosition(), upTo, kept));
        const cursor = openCursor(log, SHARD, new Map());
        const told = frontierOf(order);
        let stop = "more";
        const seen: string[] = [];
        for (let i = 0; stop === "more"; i++) {
          assert.ok(i < 100);
          stop = readOn(log, cursor, told, 3, {}, (entry) => seen.push(`${entry.origin}:${entry.sequence}`) > 0);
        }
        assert.equal(stop, "gap");
        assert.ok(!seen.includes(`${origin}:${sequence}`));
        // who has seen it misses nothing
        const behind = openCursor(log, SHARD, new Map([[origin, sequence]]));
        for (stop = "more"; stop === "more"; ) stop = readOn(log, behind, told, 3, {}, () => true);
        assert.equal(stop, "end");
      }),
    );
  });

  it("gives nothing of what was not told of yet", () => {
    const log = logOf([
      [1, 1],
      [2, 1],
      [1, 2],
    ]);
    const cursor = openCursor(log, SHARD, new Map());
    const seen: number[] = [];
    const take = ({ position }: { readonly position: number }) => seen.push(position) > 0;
    const readTo = (told: Dots) => readOn(log, cursor, new Map(told), 10, {}, take);
    assert.equal(readTo([[1, 1]]), "end");
    assert.deepEqual(seen, [1]);
    const both: Dots = [
      [1, 1],
      [2, 1],
    ];
    assert.equal(readTo(both), "end");
    assert.deepEqual(seen, [1, 2]);
    // what is told of and is not there was taken over by a snapshot
    const beyond: Dots = [
      [1, 2],
      [2, 1],
      [3, 9],
    ];
    assert.equal(readTo(beyond), "more");
    assert.equal(readTo(beyond), "gap");
  });
});
