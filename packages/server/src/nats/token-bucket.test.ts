import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { TokenBucket } from "./token-bucket.js";

test("over any time, no more than the rate and one second's worth at once goes through", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.array(fc.integer({ min: 1, max: 1e5 }), { minLength: 1 }),
      (rate, frames) => {
        const bucket = new TokenBucket(rate, 0);
        let nowMs = 0;
        let sent = 0;
        for (const bytes of frames) {
          nowMs += bucket.waitMs(nowMs);
          assert.equal(bucket.waitMs(nowMs), 0, "after the wait it may go");
          assert.ok(sent <= rate + (nowMs * rate) / 1_000 + 1e-6);
          bucket.spend(bytes, nowMs);
          sent += bytes;
        }
      },
    ),
  );
});

test("a second of silence earns one second's worth, and ten do not earn more", () => {
  const bucket = new TokenBucket(1_000, 0);
  bucket.spend(1_000, 0);
  assert.ok(bucket.waitMs(0) > 0);
  assert.equal(bucket.waitMs(10_000), 0);
  bucket.spend(1_000, 10_000);
  assert.ok(bucket.waitMs(10_000) > 0);
});
