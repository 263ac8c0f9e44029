import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MurmurationError, type Sliced } from "@murmuration/index";
import { readsUnderWayMax } from "./http-limits.js";
import { type ReadLimits, ReadTurns } from "./read-turns.js";

/** Turns on a clock on which each pause takes a millisecond, and what waits for the next turn. */
function turns() {
  let nowMs = 0;
  const later: (() => void)[] = [];
  const reads = new ReadTurns(
    () => nowMs,
    (act) => later.push(act),
  );
  function* work(name: string, ms: number, done: string[]): Sliced<string> {
    try {
      yield "fixed";
      for (let i = 0; i < ms; i++) {
        nowMs++;
        yield "pause";
      }
      return name;
    } finally {
      done.push(name);
    }
  }
  return { reads, work, later, nowMs: () => nowMs };
}

const limits = (more: Partial<ReadLimits> = {}): ReadLimits => ({
  deadlineMs: 100_000,
  timeoutMs: 1_000,
  isAbandoned: () => false,
  onFixed: () => undefined,
  ...more,
});

describe("reads that take turns", () => {
  it("are done at once when they cost little, beside others that cost much", async () => {
    const { reads, work, later } = turns();
    const done: string[] = [];
    const heavy = reads.run(work("heavy", 100, done), limits());
    assert.equal(reads.underWay, 1);
    assert.equal(await reads.run(work("light", 1, done), limits()), "light");
    assert.deepEqual(done, ["light"]);
    let count = 0;
    for (; later.length > 0; count++) later.shift()?.();
    assert.equal(await heavy, "heavy");
    assert.ok(count >= 20 && count <= 35, `${count} turns`);
    assert.equal(reads.underWay, 0);
  });

  it("go on one by one, a slice in each turn of the event loop", async () => {
    const { reads, work, later, nowMs } = turns();
    const done: string[] = [];
    const both = ["a", "b"].map((name) => reads.run(work(name, 40, done), limits()));
    let longest = 0;
    while (later.length > 0) {
      assert.equal(later.length, 1, "one turn is due at a time");
      const before = nowMs();
      later.shift()?.();
      longest = Math.max(longest, nowMs() - before);
    }
    assert.deepEqual(await Promise.all(both), ["a", "b"]);
    assert.ok(longest <= 4, `${longest} ms`);
  });

  it("end at their deadline, with what they keep", async () => {
    const { reads, work, later, nowMs } = turns();
    const done: string[] = [];
    const late = reads.run(work("late", 5_000, done), limits({ deadlineMs: 50, timeoutMs: 50 }));
    while (later.length > 0) later.shift()?.();
    await assert.rejects(late, (error) => error instanceof MurmurationError && error.code === "timeout");
    assert.equal(nowMs(), 50);
    assert.deepEqual(done, ["late"]);
  });

  it("end when nobody waits for them", async () => {
    const { reads, work, later } = turns();
    const done: string[] = [];
    let isGone = false;
    const read = reads.run(work("gone", 5_000, done), limits({ isAbandoned: () => isGone }));
    later.shift()?.();
    isGone = true;
    later.shift()?.();
    await assert.rejects(read, (error) => error instanceof MurmurationError && error.code === "unavailable");
    assert.deepEqual([done, later.length], [["gone"], 0]);
  });

  it("say when they are fixed, before anything else runs", async () => {
    const { reads, work } = turns();
    let fixed = 0;
    const read = reads.run(work("a", 500, []), limits({ onFixed: () => fixed++ }));
    assert.equal(fixed, 1);
    read.catch(() => undefined);
  });

  it("are refused when too many are under way", async () => {
    const { reads, work } = turns();
    for (let i = 0; i < readsUnderWayMax; i++) void reads.run(work("a", 10, []), limits());
    const refused = reads.run(work("one more", 10, []), limits());
    await assert.rejects(refused, (error) => error instanceof MurmurationError && error.code === "unavailable");
  });
});
