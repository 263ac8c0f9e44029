import assert from "node:assert/strict";
import { test } from "node:test";
import { profileInTurn, rotation } from "./profiles.js";

test("every profile has its turn in each round, with even seeds and odd ones, and with those that run twice", () => {
  const { length } = rotation;
  for (let round = 0; round < 40; round++) {
    const names = Array.from({ length }, (_, i) => profileInTurn(round * length + i));
    assert.deepEqual(names.sort(), [...rotation].sort());
  }
  for (const divisor of [2, 4, 20]) {
    for (const name of rotation) {
      const remainders = new Set<number>();
      for (let seed = 0; seed < 60 * length; seed++) if (profileInTurn(seed) === name) remainders.add(seed % divisor);
      assert.equal(remainders.size, divisor, `${name}, seeds modulo ${divisor}`);
    }
  }
});
