import assert from "node:assert/strict";
import { test } from "node:test";
import { plainOfVector } from "../vector/vector.js";
import { bm25Document, bm25Query, readBm25 } from "./bm25.js";
import { murmur3 } from "./murmur3.js";

test("terms are hashed as MurmurHash3 is known to", () => {
  const known: [string, number][] = [
    ["", 0],
    ["a", 0x3c2569b2],
    ["abc", 0xb3dd93fa],
    ["abcd", 0x43ed676a],
    ["Hello, world!", 0xc0363e43],
    ["The quick brown fox jumps over the lazy dog", 0x2e4ff723],
  ];
  for (const [text, hash] of known) assert.equal(murmur3(text), hash, text);
});

test("a document has the weight of each of its terms, a query 1 for each", () => {
  const model = readBm25({}, "");
  const index = (term: string) => Math.abs(murmur3(term) | 0);
  const { indices, values } = bm25Document("The runners were running: running!", model);
  // stems, without stop words
  const terms = new Map([
    ["runner", 1],
    ["run", 2],
  ]);
  const weight = (count: number) => Math.fround((count * 2.2) / (count + 1.2 * (1 - 0.75 + (0.75 * 3) / 256)));
  const expected = Array.from(terms, ([term, count]) => [index(term), weight(count)]).sort(([a = 0], [b = 0]) => a - b);
  assert.deepEqual(
    Array.from(indices, (one, i) => [one, values[i]]),
    expected,
  );
  assert.deepEqual(plainOfVector(bm25Query("Running, the run", model)), { indices: [index("run")], values: [1] });
  assert.deepEqual(plainOfVector(bm25Document("the", model)), { indices: [], values: [] });
});

test("options say otherwise, and bad ones are refused by name", () => {
  const plain = readBm25({ language: "none", lowercase: false, k: 0, b: 1, avg_len: 10 }, "");
  assert.equal(bm25Document("The THE the", plain).indices.length, 3);
  assert.deepEqual([...bm25Document("a a b", plain).values], [1, 1]);
  assert.equal(bm25Document("die Häuser", readBm25({ language: "German" }, "")).indices.length, 1);
  const cases: [object, string][] = [
    [{ k: -1 }, "o.k"],
    [{ b: 2 }, "o.b"],
    [{ avg_len: "x" }, "o.avg_len"],
    [{ language: "klingon" }, "o.language"],
    [{ tokenizer: "odd" }, "o.tokenizer"],
    [{ stemmer: { type: "odd" } }, "o.stemmer.type"],
  ];
  for (const [options, field] of cases) assert.throws(() => readBm25(options, "o"), { field });
});
