import assert from "node:assert/strict";
import { test } from "node:test";
import { CircuitBreaker } from "./circuit-breaker.js";

function after(...roundTripsMs: readonly number[]): CircuitBreaker {
  const breaker = new CircuitBreaker();
  for (const ms of roundTripsMs) breaker.noteRoundTrip(ms);
  return breaker;
}
const times = (count: number, ms: number) => Array<number>(count).fill(ms);

test("it opens when round trips stay above three times their median and 150 ms, and not for one of them", () => {
  assert.equal(after(...times(50, 80), 241, 241, 80, 241, 241).isOpen, false);
  assert.equal(after(...times(50, 80), 241, 241, 241).isOpen, true);
  assert.equal(after(...times(50, 80), 239, 239, 239, 239).isOpen, false, "within three times the median");
  assert.equal(
    after(...times(50, 2), 149, 149, 149, 149).isOpen,
    false,
    "fast enough, however much slower than before",
  );
  assert.equal(after(...times(50, 2), 151, 151, 151).isOpen, true);
});

test("a long link is not a slow one", () => {
  assert.equal(after(...times(100, 400)).isOpen, false);
});

test("it closes when round trips are good again, three in a row", () => {
  const breaker = after(...times(50, 80), ...times(5, 900));
  for (const [ms, isOpen] of [
    [80, true],
    [80, true],
    [900, true],
    [80, true],
    [80, true],
    [80, false],
  ] as const) {
    breaker.noteRoundTrip(ms);
    assert.equal(breaker.isOpen, isOpen);
  }
  assert.equal(breaker.opened, 1);
});

test("errors that persist open it, and a round trip between them does not let them add up", () => {
  const breaker = after(...times(10, 80));
  for (let i = 0; i < 10; i += 1) {
    breaker.noteError();
    breaker.noteError();
    breaker.noteRoundTrip(80);
  }
  assert.equal(breaker.isOpen, false);
  for (let i = 0; i < 3; i += 1) breaker.noteError();
  assert.equal(breaker.isOpen, true);
});

test("a link that has become slow for good is used again once that is its normal", () => {
  const breaker = after(...times(1_000, 60), ...times(10, 250));
  assert.equal(breaker.isOpen, true);
  let samples = 0;
  while (breaker.isOpen && samples < 1_000) {
    breaker.noteRoundTrip(250);
    samples += 1;
  }
  assert.ok(samples > 200 && samples < 400, `after ${samples} samples: about half of those the median is over`);
});
