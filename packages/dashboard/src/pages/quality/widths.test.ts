import assert from "node:assert/strict";
import { test } from "node:test";
import { shareText, widthsOfText } from "./widths.js";

test("widths are read as people write them", () => {
  assert.deepEqual(widthsOfText(" 64, 16 32  16"), [16, 32, 64]);
  assert.match(String(widthsOfText("")), /at least one/);
  assert.match(String(widthsOfText("16 x")), /^x is no width/);
  assert.match(String(widthsOfText("0")), /^0 is no width from 1 to 65,536$/);
  assert.match(String(widthsOfText("1.5")), /no width/);
  assert.match(String(widthsOfText("70000")), /no width/);
  assert.match(String(widthsOfText(Array.from({ length: 17 }, (_, i) => i + 1).join())), /at most 16/);
});

test("a share is all of it only where it is", () => {
  assert.deepEqual([1, 0.9983, 0.999_99, 0.29, 0].map(shareText), ["100 %", "99.83 %", "99.99 %", "29 %", "0 %"]);
});
