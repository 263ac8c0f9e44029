import { randomInt } from "node:crypto";

/** Seeds are those of fast-check and of the simulator: integers from 0 on that 32 bits with a sign hold. */
const SEED_MAX = 2 ** 31 - 1;
const SEED_DEFAULT = 1;

/**
 * What everything that the tests draw goes by: MURMUR_TEST_SEED, a number or `new`; without it the same in every run, so that a change does not
 * fail by what another seed would have found. Answers `undefined` for what is neither.
 */
export function testSeed(given = process.env.MURMUR_TEST_SEED) {
  if (given === undefined || given === "") return SEED_DEFAULT;
  if (given === "new") return randomInt(SEED_MAX);
  const seed = Number(given);
  return Number.isInteger(seed) && seed >= 0 && seed <= SEED_MAX ? seed : undefined;
}
