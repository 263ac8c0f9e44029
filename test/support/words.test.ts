import assert from "node:assert/strict";
import test from "node:test";
import { readWords } from "./words.js";

const { words, vectors, dimensions, count } = readWords();

function rowAt(at: number): Float32Array {
  return vectors.subarray(at * dimensions, (at + 1) * dimensions);
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, d) => sum + value * (b[d] ?? 0), 0);
}

function nearest(word: string, k: number): readonly string[] {
  const own = words.indexOf(word);
  assert.notEqual(own, -1, `"${word}" is among the words`);
  return words
    .map((other, at) => ({ other, similarity: dot(rowAt(own), rowAt(at)) }))
    .filter(({ other }) => other !== word)
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, k)
    .map(({ other }) => other);
}

test("the fixture holds 10,000 different words with finite vectors of length one", () => {
  assert.equal(count, 10_000);
  assert.equal(words.length, count);
  assert.equal(new Set(words).size, count);
  assert.equal(vectors.length, count * dimensions);
  for (let at = 0; at < count; at++) {
    const vector = rowAt(at);
    const length = Math.sqrt(dot(vector, vector));
    assert.ok(Math.abs(length - 1) < 0.005, `${words[at]} has length ${length}`);
  }
});

test("a limit takes the most frequent words, with the same vectors", () => {
  const few = readWords({ limit: 100 });
  assert.equal(few.count, 100);
  assert.deepEqual(few.words, words.slice(0, 100));
  assert.deepEqual(few.vectors, vectors.slice(0, 100 * dimensions));
});

for (const [word, expected] of [
  ["king", ["queen", "prince", "monarch"]],
  ["paris", ["france", "london"]],
  ["seven", ["eight", "six", "nine"]],
  ["guitar", ["bass", "drums", "piano"]],
] as const) {
  test(`the nearest words of "${word}" make sense`, () => {
    const found = nearest(word, 10);
    for (const other of expected)
      assert.ok(found.includes(other), `${other} is near ${word}; found ${found.join(", ")}`);
  });
}
