import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { rangeTest } from "../../filter/range.js";
import type { Json } from "../json.js";
import { canonicalNumber, compareNumbers } from "../number.js";
import { floatKeys, integerKeys } from "./number-keys.js";

const borders = [2n ** 53n, 2n ** 63n, 2n ** 64n, 2n ** 1024n].flatMap((at) =>
  [at, -at].flatMap((each) => [each - 1n, each, each + 1n]),
);
const number: fc.Arbitrary<number | bigint> = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }),
  fc.constantFrom(
    ...borders,
    0,
    -0,
    0.5,
    -0.5,
    5e-324,
    -5e-324,
    Number.MAX_VALUE,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ),
);
const bound = fc.option(number, { nil: undefined });
const words = new Uint32Array(2);
const int64 = new BigInt64Array(words.buffer);

for (const [name, keys] of Object.entries({ integerKeys, floatKeys })) {
  const keyOf = (held: number | bigint): bigint => {
    keys.write(held, words, 0);
    return int64[0] as bigint;
  };
  describe(name, () => {
    test("have the order of their numbers, and give them back", () => {
      fc.assert(
        fc.property(number, number, (a, b) => {
          const [first, second] = [keys.keyOf(a), keys.keyOf(b)];
          if (first === undefined || second === undefined) return;
          const [x, y] = [keyOf(first), keyOf(second)];
          assert.equal(x < y ? -1 : x > y ? 1 : 0, compareNumbers(a, b));
          keys.write(first, words, 0);
          assert.ok(Object.is(keys.valueOf(words[0] as number, words[1] as number), canonicalNumber(a)));
        }),
        { numRuns: 3_000 },
      );
    });

    test("lie within the range of bounds when their numbers lie within them", () => {
      fc.assert(
        fc.property(number, fc.record({ lt: bound, gt: bound, lte: bound, gte: bound }), (value, drawn) => {
          const bounds = Object.fromEntries(Object.entries(drawn).filter(([, each]) => each !== undefined));
          const held = keys.keyOf(value);
          if (held === undefined) return;
          const range = keys.rangeOf(bounds);
          const isFound = range !== undefined && range.low <= keyOf(held) && keyOf(held) <= range.high;
          assert.equal(isFound, rangeTest(bounds)(value));
        }),
        { numRuns: 5_000 },
      );
    });

    test("are those of the numbers that 64 bits hold exactly", () => {
      const isHeld = (value: Json) => keys.keyOf(value) !== undefined;
      assert.equal(isHeld(2n ** 63n - 1n), name === "integerKeys");
      assert.equal(isHeld(2n ** 63n), name === "floatKeys");
      assert.equal(isHeld(2n ** 53n + 1n), name === "integerKeys");
      assert.equal(isHeld(0.5), name === "floatKeys");
      for (const value of [null, true, "1", [], {}]) assert.ok(!isHeld(value));
    });
  });
}
