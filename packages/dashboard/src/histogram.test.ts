import assert from "node:assert/strict";
import { test } from "node:test";
import { quantile, since, together, total } from "./histogram.js";

const bounds = [0.001, 0.01, 0.1, Infinity];

test("quantiles lie between the bounds as Prometheus puts them", () => {
  const all = { bounds, counts: [50, 90, 100, 100] };
  assert.equal(quantile(all, 0.5), 0.001);
  assert.equal(quantile(all, 0.25), 0.0005);
  assert.ok(Math.abs(quantile(all, 0.7) - 0.0055) < 1e-12);
  assert.equal(quantile({ bounds, counts: [0, 0, 0, 5] }, 0.5), 0.1);
  assert.ok(Number.isNaN(quantile({ bounds, counts: [0, 0, 0, 0] }, 0.5)));
});

test("what came between two looks is their difference, and all of it when the server began anew", () => {
  const [before, after] = [
    { bounds, counts: [1, 2, 3, 3] },
    { bounds, counts: [2, 4, 6, 7] },
  ];
  assert.deepEqual(since(before, after).counts, [1, 2, 3, 4]);
  assert.deepEqual(since(after, before), before);
  assert.deepEqual(since(undefined, after), after);
  assert.equal(total(together([before, after])), 10);
});
