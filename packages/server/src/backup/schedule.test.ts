import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nextBackupDelayMs } from "./schedule.js";

const hour = 3_600_000;
const at = { nowMs: 100 * hour, everyMs: hour, newestMs: undefined, hasFailed: false, earliestMs: 0 };

describe("the next scheduled backup", () => {
  it("is due at once when there is none", () => assert.equal(nextBackupDelayMs(at), 0));

  it("is due an interval after the newest, however often the server starts", () => {
    assert.equal(nextBackupDelayMs({ ...at, newestMs: 99.75 * hour }), 0.75 * hour);
    assert.equal(nextBackupDelayMs({ ...at, newestMs: 12 * hour }), 0);
  });

  it("waits until the server has settled", () => {
    const settling = { ...at, earliestMs: 100.5 * hour };
    assert.equal(nextBackupDelayMs(settling), 0.5 * hour);
    assert.equal(nextBackupDelayMs({ ...settling, newestMs: 12 * hour }), 0.5 * hour);
    assert.equal(nextBackupDelayMs({ ...settling, newestMs: 99.75 * hour }), 0.75 * hour);
  });

  it("is never more than an interval away, also when the clock was set back", () => {
    assert.equal(nextBackupDelayMs({ ...at, newestMs: 500 * hour }), hour);
  });

  it("is tried again within a minute when one has failed", () => {
    assert.equal(nextBackupDelayMs({ ...at, hasFailed: true }), 60_000);
    assert.equal(nextBackupDelayMs({ ...at, everyMs: 10_000, hasFailed: true }), 10_000);
  });
});
