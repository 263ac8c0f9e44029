import assert from "node:assert/strict";
import { test } from "node:test";
import { testSeed } from "../support/random.js";
import { describeFinding, type Fuzzer, fuzzRound } from "./fuzzer.js";

const FIRST_SEED = 1;

/**
 * The round of a fuzzer that is among the tests, and one more where the tests are to draw anew. The first must have reached what
 * `reached` names, so many times at least: a round in which everything is refused shows nothing.
 */
export function testRounds(fuzzer: Fuzzer, reached: Readonly<Record<string, number>>): void {
  const round = async (seed: number, mustReach: Readonly<Record<string, number>>) => {
    const { finding, counts } = await fuzzRound(fuzzer, seed);
    assert.equal(finding, undefined, finding === undefined ? "" : describeFinding(finding));
    for (const [what, least] of Object.entries(mustReach)) {
      assert.ok((counts[what] ?? 0) >= least, `seed ${seed}: ${what} ${counts[what] ?? 0} times, of ${least}`);
    }
  };
  test(`${fuzzer.name}: ${fuzzer.what}`, () => round(FIRST_SEED, reached));
  const seed = testSeed();
  if (seed !== FIRST_SEED) test(`${fuzzer.name}, of seed ${seed}`, () => round(seed, {}));
}
