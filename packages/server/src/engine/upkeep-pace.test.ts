import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UpkeepPace } from "./upkeep-pace.js";

describe("the pace of upkeep", () => {
  it("gives upkeep a fifth of the thread beside requests, and half of it without", () => {
    const pace = new UpkeepPace(false);
    pace.noteUpkeep(1_000, 50, false, true);
    assert.equal(pace.waitMs(1_000), 200);
    assert.equal(pace.isUpkeepDue(1_199), false);
    assert.equal(pace.isUpkeepDue(1_200), true);
    pace.noteUpkeep(2_000, 50, false, false);
    assert.equal(pace.waitMs(2_000), 50);
  });

  it("comes back seldom at rest, and soon after a write, but a write does not shorten the wait after hard work", () => {
    const pace = new UpkeepPace(false);
    pace.noteUpkeep(0, 1, true, false);
    assert.equal(pace.waitMs(0), 2_000);
    pace.noteWrite(10);
    assert.equal(pace.waitMs(10), 100);
    pace.noteUpkeep(200, 400, false, true);
    pace.noteWrite(210);
    assert.equal(pace.waitMs(200), 1_600);
  });

  it("looks to the other replicas however long upkeep has to wait, and soon when something came from them", () => {
    const pace = new UpkeepPace(true);
    pace.noteUpkeep(0, 400, false, true);
    assert.equal(pace.waitMs(0), 100);
    assert.equal(pace.isUpkeepDue(100), false);
    pace.noteExchange(100);
    pace.noteReceived(110);
    assert.equal(pace.waitMs(110), 10);
  });

  it("waits a second after a failure", () => {
    const pace = new UpkeepPace(true);
    pace.noteFailure(500);
    assert.equal(pace.waitMs(500), 1_000);
  });
});
