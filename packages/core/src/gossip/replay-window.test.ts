import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { limits } from "../limits.js";
import { ReplayWindow } from "./replay-window.js";

test("every message is taken once at most, in whatever order messages come, and all that come in time are", () => {
  const counts = fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 200 });
  fc.assert(
    fc.property(counts, (arriving) => {
      const window = new ReplayWindow();
      const seen = new Set<number>();
      for (const count of arriving) {
        assert.equal(window.take({ session: 1, count }, "heartbeat"), seen.has(count) ? "again" : "taken");
        seen.add(count);
      }
    }),
  );
});

test("what as many others have overtaken as are remembered is not taken, nor what is of an earlier session", () => {
  const window = new ReplayWindow();
  const take = (session: number, count: number) => window.take({ session, count }, "heartbeat");
  assert.equal(take(3, 1 + limits.replayWindow), "taken");
  assert.equal(take(3, 2), "taken");
  assert.equal(take(3, 1), "again");
  assert.equal(take(3, Number.MAX_SAFE_INTEGER), "taken");
  assert.equal(take(3, Number.MAX_SAFE_INTEGER), "again");
  assert.equal(take(2, 5), "earlier session");
  assert.equal(window.take({ session: 2, count: 5 }, "operations"), "taken");
  assert.equal(take(4, 2), "taken");
  assert.equal(window.session, 4);
});
