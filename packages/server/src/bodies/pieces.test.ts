import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Assembly, Cutter, type Piece, pieceWeight, weightOf } from "./pieces.js";

function assembled(pieces: readonly Piece[]): unknown {
  const assembly = new Assembly();
  for (const piece of pieces) assembly.put(structuredClone(piece));
  return assembly.value;
}

const heavy = pieceWeight * 3;

/** Values of all kinds, some of them with far more in them than goes into a piece. */
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(fc.integer(), fc.string(), fc.constantFrom(null, true, undefined, 2n ** 63n, -0)),
    fc.float32Array({ maxLength: 8 }),
    fc.constantFrom(heavy, 10).map((length) => Array.from({ length }, (_, i) => i)),
    fc.constantFrom(heavy, 10).map((length) => Object.fromEntries(Array.from({ length }, (_, i) => [`k${i}`, `${i}`]))),
    fc.constant(heavy).map((length) => Array.from({ length }, (_, i) => ({ id: i, vectors: {}, payload: { a: [] } }))),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter((key) => key !== "__proto__"),
      tie("value"),
      { noNullPrototype: true, maxKeys: 4 },
    ),
  ),
}));

describe("a value in pieces", () => {
  it("is the same once it is put together, and no piece is heavy", () => {
    fc.assert(
      fc.property(value, (given) => {
        const pieces = [...new Cutter().cut(given)];
        assert.deepEqual(assembled(pieces), given);
        for (const piece of pieces) {
          const weight = piece.reduce((sum, step) => sum + (step.kind === "put" ? weightOf(step.values, 1e9) : 1), 0);
          assert.ok(weight <= 3 * pieceWeight, `a piece weighs ${weight}`);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("comes in as many pieces as it is heavy", () => {
    const ids = Array.from({ length: 100 * pieceWeight }, (_, i) => i);
    const count = [...new Cutter().cut({ ids })].length;
    assert.ok(count >= 100 && count <= 110, `${count}`);
    assert.equal([...new Cutter().cut({ ids: ids.slice(0, 100) })].length, 1);
  });
});
