import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { finish, fixedAtFirst, Meter, type Sliced, stepsPerSlice } from "./sliced.js";
import { sortInSlices } from "./sliced-sort.js";

function interruptions<T>(work: Sliced<T>): number {
  let count = 0;
  while (work.next().done !== true) count++;
  return count;
}

describe("work in slices", () => {
  it("is due for a pause once for so many steps", () => {
    const meter = new Meter();
    meter.steps = stepsPerSlice - 1;
    assert.equal(meter.isDue(), false);
    meter.steps++;
    assert.equal(meter.isDue(), true);
    assert.equal(meter.isDue(), false);
  });

  it("says that it is fixed after its first slice, and ends what it drives when it is ended", () => {
    let ended = false;
    function* work(): Sliced<number> {
      try {
        yield "pause";
        yield "pause";
        return 3;
      } finally {
        ended = true;
      }
    }
    assert.deepEqual([...fixedAtFirst(work())], ["fixed", "pause", "pause"]);
    assert.equal(finish(fixedAtFirst(work())), 3);
    ended = false;
    const given = fixedAtFirst(work());
    given.next();
    given.return(0);
    assert.equal(ended, true);
  });
});

describe("sorting in slices", () => {
  const compare = (a: number, b: number): number => a - b;

  it("gives what sorting at once gives", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 3_000, size: "max" }), (items) => {
        assert.deepEqual(finish(sortInSlices(items, compare, new Meter())), items.toSorted(compare));
      }),
      { numRuns: 30 },
    );
  });

  it("pauses about once for so many steps", () => {
    const items = Array.from({ length: 20_000 }, (_, i) => (i * 7_919) % 20_011);
    assert.ok(interruptions(sortInSlices(items, compare, new Meter())) >= 40);
  });
});
