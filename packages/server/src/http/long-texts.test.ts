import assert from "node:assert/strict";
import { test } from "node:test";
import { textBytesReadHere } from "./http-limits.js";
import { mayHoldLongTexts } from "./long-texts.js";

test("bodies that name a model are long from where texts are", () => {
  const padding = "x ".repeat(textBytesReadHere / 2);
  const document = (text: string, key = "model") =>
    Buffer.from(`{"query": {"text": "${text}", "${key}": "qdrant/bm25"}}`);
  assert.equal(mayHoldLongTexts(document(padding)), true);
  assert.equal(mayHoldLongTexts(document("x")), false);
  assert.equal(mayHoldLongTexts(Buffer.from(JSON.stringify({ text: padding }))), false);
  for (const [i, letter] of [..."model"].entries()) {
    const escaped = `\\u00${letter.charCodeAt(0).toString(16)}`;
    const key = `model`.slice(0, i) + escaped + `model`.slice(i + 1);
    assert.equal(JSON.parse(`"${key}"`), "model");
    assert.equal(mayHoldLongTexts(document(padding, key)), true, key);
  }
});
