import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { describeFinding, type Fuzzer, fuzzRound } from "./fuzzer.js";
import { SEED_MAX } from "./run.js";

/** So many rounds of a seed that nobody has run before, in the tests of a change. */
const randomRounds = Number(process.env["MURMURATION_RANDOM_SEEDS"] ?? 0) > 0 ? 1 : 0;

/**
 * The rounds of a fuzzer that are among the tests: one that is always the same, and one that is drawn. The first must have reached what
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
  test(`${fuzzer.name}: ${fuzzer.what}`, () => round(1, reached));
  for (let i = 0; i < randomRounds; i++) test(`${fuzzer.name}, drawn at random`, () => round(randomInt(SEED_MAX), {}));
}
