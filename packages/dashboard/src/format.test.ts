import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, count, duration, figure, moment, percent, short } from "./format.js";

test("figures are as long as they are telling", () => {
  assert.deepEqual([0, 512, 1536, 10 * 1024, 123 * 1024, 5e12].map(bytes), [
    "0 B",
    "512 B",
    "1.50 KiB",
    "10.0 KiB",
    "123 KiB",
    "4.55 TiB",
  ]);
  assert.deepEqual([count(1234567), count(18446744073709551615n)], ["1,234,567", "18,446,744,073,709,551,615"]);
  assert.deepEqual([999, 12_345, 1_234_567, 2.5e9].map(short), ["999", "12.3 k", "1.23 M", "2.5 G"]);
  assert.deepEqual([0, 0.256, 12.34, 1234].map(figure), ["0", "0.26", "12.3", "1,234"]);
  assert.deepEqual([0, 0.00035, 0.0123, -0.0123, 1.25, 119, 600, 7_300, 200_000].map(duration), [
    ...["0 s", "350 µs", "12 ms", "−12 ms", "1.3 s", "119 s", "10 min", "2 h", "2 d"],
  ]);
  assert.equal(percent(0.00362), "0.36 %");
  for (const print of [bytes, count, short, figure, duration, percent]) assert.equal(print(Number.NaN), "–");
});

test("a moment that is none is shown as it is", () => {
  assert.match(moment("2026-11-28T22:10:05Z"), /^2026-11-2\d \d\d:10:05$/);
  assert.equal(moment("never"), "never");
});
