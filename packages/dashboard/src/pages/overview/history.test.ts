import assert from "node:assert/strict";
import { test } from "node:test";

// what a browser has, before the module looks at it
Object.assign(globalThis, {
  document: { baseURI: "http://127.0.0.1:1/dashboard/" },
  sessionStorage: { getItem: () => null, removeItem: () => undefined },
});
const { forgetKey } = await import("../../api.js");
const { figuresOf } = await import("./figures.js");
const { before, history, remember } = await import("./history.js");

test("what was seen goes with the key", () => {
  const figures = [1_000, 3_000, 5_000].map((atMs) => figuresOf("murmur_commands_total 1\n", atMs));
  for (const one of figures.slice(0, 2)) remember(one);
  assert.equal(history().length, 2);
  forgetKey();
  assert.deepEqual(history(), []);
  assert.equal(before(figures[2] as (typeof figures)[number]), undefined);
});
