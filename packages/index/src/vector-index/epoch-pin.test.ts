import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EpochPin } from "./epoch-pin.js";

describe("the epoch that a reader pins", () => {
  it("stays where it was for the first of those that hold it, and then goes to where the next one is", () => {
    const told: number[] = [];
    const pin = new EpochPin((epoch) => told.push(epoch));
    pin.set(3);
    const first = pin.hold();
    pin.set(5);
    const second = pin.hold();
    pin.set(9);
    assert.deepEqual(told, [3, 3, 3]);
    first();
    assert.equal(told.at(-1), 5);
    second();
    assert.equal(told.at(-1), 9);
    second();
    pin.set(10);
    assert.equal(told.at(-1), 10);
  });

  it("leaves what another thread pinned for it while it is held from before the first time", () => {
    const told: number[] = [];
    const pin = new EpochPin((epoch) => told.push(epoch));
    const release = pin.hold();
    pin.set(4);
    assert.deepEqual(told, []);
    release();
    assert.deepEqual(told, [4]);
  });
});
