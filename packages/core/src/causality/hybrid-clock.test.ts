import assert from "node:assert/strict";
import { test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { limits } from "../limits.js";
import { compareHybridTimes, compareStamps, HybridClock } from "./hybrid-clock.js";

test("times increase strictly whatever the physical clock and the remote times do", () => {
  const steps = fc.array(
    fc.record({ physicalMs: fc.integer({ min: 0, max: 50 }), remoteMs: fc.option(fc.integer({ min: 0, max: 80 })) }),
  );
  fc.assert(
    fc.property(steps, (all) => {
      const clock = new HybridClock();
      let latest = clock.last;
      for (const { physicalMs, remoteMs } of all) {
        if (remoteMs !== null) {
          const remote = { wallMs: remoteMs, counter: 3 };
          clock.observe(remote, physicalMs);
          if (compareHybridTimes(remote, latest) > 0) latest = remote;
        }
        const next = clock.next(physicalMs);
        assert.ok(compareHybridTimes(next, latest) > 0);
        assert.ok(next.wallMs >= physicalMs);
        latest = next;
      }
    }),
  );
});

test("the clock follows physical time when that is ahead", () => {
  const clock = new HybridClock();
  assert.deepEqual(clock.next(100), { wallMs: 100, counter: 0 });
  assert.deepEqual(clock.next(100), { wallMs: 100, counter: 1 });
  assert.deepEqual(clock.next(40), { wallMs: 100, counter: 2 });
  assert.deepEqual(clock.next(101), { wallMs: 101, counter: 0 });
});

test("a counter that overflows moves the wall time forward", () => {
  const clock = new HybridClock({ last: { wallMs: 100, counter: limits.clockCounterMax } });
  assert.deepEqual(clock.next(100), { wallMs: 101, counter: 0 });
});

test("at its very end the clock stops instead of repeating a time", () => {
  const last = { wallMs: limits.wallMsMax, counter: limits.clockCounterMax };
  const clock = new HybridClock({ last });
  for (let attempt = 0; attempt < 2; attempt += 1) {
    assert.throws(
      () => clock.next(100),
      (error) => error instanceof MurmurationError && error.code === "capacity",
    );
  }
  assert.deepEqual(clock.last, last);
});

test("a remote time beyond the drift is refused and leaves the clock alone", () => {
  const clock = new HybridClock({ driftMsMax: 1000 });
  clock.observe({ wallMs: 6000, counter: 0 }, 5000);
  assert.throws(
    () => clock.observe({ wallMs: 6001, counter: 0 }, 5000),
    (error) => error instanceof MurmurationError && error.code === "unavailable" && /1001 ms ahead/.test(error.message),
  );
  assert.deepEqual(clock.last, { wallMs: 6000, counter: 0 });
  assert.throws(() => new HybridClock().observe({ wallMs: limits.clockDriftMsMax + 1, counter: 0 }, 0));
});

test("stamps are ordered by time, then by origin", () => {
  const time = { wallMs: 5, counter: 1 };
  assert.ok(compareStamps({ time, origin: 2 }, { time, origin: 3 }) < 0);
  assert.ok(compareStamps({ time, origin: 9 }, { time: { wallMs: 5, counter: 2 }, origin: 1 }) < 0);
  assert.ok(compareStamps({ time: { wallMs: 6, counter: 0 }, origin: 1 }, { time, origin: 9 }) > 0);
  assert.equal(compareStamps({ time, origin: 2 }, { time: { ...time }, origin: 2 }), 0);
});
