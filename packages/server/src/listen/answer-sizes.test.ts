import assert from "node:assert/strict";
import { it } from "node:test";
import { AnswerSizes } from "./answer-sizes.js";

it("what is known to come to long answers is tried again now and then", () => {
  const sizes = new AnswerSizes();
  assert.ok(sizes.mayBeShort("a", 64));
  sizes.note("a", 10, [new Uint8Array(100_000), new Uint8Array(100_000)]);
  assert.ok(sizes.mayBeShort("a", 2));
  assert.ok(sizes.mayBeShort("b", 64));
  let refused = 0;
  while (!sizes.mayBeShort("a", 10)) refused++;
  assert.ok(refused > 10 && refused < 100, String(refused));
  sizes.note("a", 10, ["x".repeat(1_000)]);
  assert.ok(sizes.mayBeShort("a", 64));
});
