import assert from "node:assert/strict";
import { test } from "node:test";
import { Duplicates } from "./duplicates.js";
import { natsLimits } from "./nats-limits.js";

const bytes = Uint8Array.of(1, 2, 3);

test("a frame that comes over a second link is taken once; one that is sent again, again", () => {
  const duplicates = new Duplicates();
  const came = (link: string) => duplicates.has(link, 7, bytes, 0);
  assert.deepEqual(["a", "b", "c"].map(came), [false, true, true]);
  assert.deepEqual(["b", "a", "c", "b"].map(came), [false, true, true, false]);
  assert.equal(duplicates.has("a", 8, bytes, 0), false, "of another sender it is another one");
});

test("what was seen is forgotten after a while, and beyond a bound", () => {
  const duplicates = new Duplicates();
  duplicates.has("a", 7, bytes, 0);
  assert.equal(duplicates.has("b", 7, bytes, natsLimits.duplicateMs + 1), false);
  const numbered = (i: number) => Uint8Array.of(i & 255, i >> 8, i >> 16);
  for (let i = 0; i < 2 * natsLimits.duplicatesMax; i++)
    duplicates.has("a", 7, numbered(i), natsLimits.duplicateMs + 1);
  assert.equal(duplicates.has("b", 7, numbered(0), natsLimits.duplicateMs + 1), false);
});
