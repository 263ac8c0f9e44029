import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { shortestFloat32 } from "./float32.js";

const finiteFloat32 = fc.float({ noNaN: true, noDefaultInfinity: true });

/** Significant digits of the shortest decimal that prints for a double. */
function digitCount(x: number): number {
  const [mantissa = ""] = x.toExponential().split("e");
  return mantissa.replace(/[-.]/g, "").length;
}

/** Slow and plain: the fewest digits for which some decimal next to `x` reads back. */
function fewestDigits(x: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const [mantissa = "", exponent = ""] = x.toExponential(digits - 1).split("e");
    const integer = Number(mantissa.replace(".", ""));
    for (const candidate of [integer - 1, integer, integer + 1]) {
      if (Math.fround(Number(`${candidate}e${Number(exponent) - digits + 1}`)) === x) {
        return digitCount(Number(`${candidate}e${Number(exponent) - digits + 1}`));
      }
    }
  }
  return 9;
}

describe("shortestFloat32", () => {
  it("prints what people wrote", () => {
    for (const written of [
      0.19,
      0.05,
      0.61,
      -0.76,
      0.74,
      0.1,
      1 / 4,
      3,
      -7,
      1e-7,
      3.4028235e38,
      123456790,
      1e10,
      16777216,
      1e-45,
    ]) {
      assert.equal(shortestFloat32(Math.fround(written)), written);
    }
  });

  it("reads back to the same float32", () => {
    fc.assert(
      fc.property(finiteFloat32, (x) =>
        assert.equal(Math.fround(JSON.parse(JSON.stringify(shortestFloat32(x))) as number), x + 0),
      ),
      { numRuns: 20_000 },
    );
  });

  it("uses the fewest digits", () => {
    fc.assert(
      fc.property(finiteFloat32, (x) => {
        fc.pre(!Number.isInteger(x));
        assert.ok(digitCount(shortestFloat32(x)) <= fewestDigits(x), `${x}`);
      }),
      {
        numRuns: 20_000,
      },
    );
  });

  it("gives back a decimal of six digits as it was written", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -999_999, max: 999_999 }),
        fc.integer({ min: -20, max: 15 }),
        (mantissa, exponent) => {
          const written = Number(`${mantissa}e${exponent}`);
          assert.equal(shortestFloat32(Math.fround(written)), written);
        },
      ),
      { numRuns: 20_000 },
    );
  });

  it("is shortest at every power of two, where the rounding interval is lopsided", () => {
    for (let exponent = -149; exponent <= 127; exponent++) {
      // Integers below 2^24 print as they are.
      if (exponent >= 0 && exponent < 24) continue;
      for (const x of [2 ** exponent, -(2 ** exponent)]) {
        assert.equal(Math.fround(shortestFloat32(x)), x);
        assert.ok(digitCount(shortestFloat32(x)) <= fewestDigits(x), `2^${exponent}`);
      }
    }
  });
});
