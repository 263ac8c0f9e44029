import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { encodeMessage } from "../operation/message.js";
import { splitState } from "../operation/stored-state.js";
import { pointStates } from "./point-state.test-support.js";
import { decodePointState, encodePointState, encodeRegisters } from "./point-state-codec.js";

const isCorrupt = (error: unknown) => error instanceof MurmurationError && error.code === "corrupt";

/** The state, or undefined where the bytes were refused as they must be. */
function decodeOrRefuse(bytes: Uint8Array): unknown {
  try {
    return decodePointState(7, bytes);
  } catch (error) {
    assert.ok(isCorrupt(error), String(error));
    return undefined;
  }
}

describe("the bytes of a point's state", () => {
  test("read back equal, and equal states have equal bytes", () => {
    fc.assert(
      fc.property(pointStates, (state) => {
        const bytes = encodePointState(state).slice();
        const read = decodePointState(7, bytes);
        assert.deepEqual(read, state);
        assert.deepEqual(encodePointState(read), bytes);
      }),
    );
  });

  test("without its payload are those that are left when it is taken out", () => {
    fc.assert(
      fc.property(pointStates, fc.nat(40), (state, names) => {
        const { stamp } = state;
        const many = Object.fromEntries(Array.from({ length: names }, (_, i) => [`${"n".repeat(i)}${i}`, stamp]));
        for (const one of [state, { ...state, version: 2 ** 33, fieldStamps: { ...state.fieldStamps, ...many } }]) {
          assert.deepEqual(encodeRegisters(one), splitState(encodePointState(one), "a point").state);
        }
      }),
    );
  });

  test("cut short or with bytes after the end are refused as corrupt", () => {
    fc.assert(
      fc.property(pointStates, fc.nat(), (state, at) => {
        const bytes = encodePointState(state).slice();
        assert.throws(() => decodePointState(7, bytes.subarray(0, at % bytes.length)), isCorrupt);
        assert.throws(() => decodePointState(7, Uint8Array.of(...bytes, at % 256)), isCorrupt);
      }),
    );
  });

  test("damaged in one byte are read as some state or refused as corrupt, and fail in no other way", () => {
    fc.assert(
      fc.property(pointStates, fc.nat(), fc.integer({ min: 1, max: 255 }), (state, at, change) => {
        const bytes = encodePointState(state).slice();
        bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ change;
        decodeOrRefuse(bytes);
      }),
      { numRuns: 200, includeErrorInReport: true },
    );
  });

  test("that are no state at all are refused as corrupt", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => assert.equal(decodeOrRefuse(bytes), undefined)));
    for (const value of [null, {}, [1], [2, 1, 0, 1]])
      assert.throws(() => decodePointState(7, encodeMessage([value])), isCorrupt);
  });

  test("with registers that belong to no name are refused as corrupt", () => {
    const stamp = [1, 0, 1];
    const message = (vectors: number[], stamps: number[]) =>
      encodeMessage([1, ...stamp, 1, 1, ...stamp, {}, [""], vectors, ["a"], stamps]);
    const dot = [1, 1];
    decodePointState(7, message([...stamp, ...dot], stamp));
    assert.throws(() => decodePointState(7, message([...stamp, ...dot, 1], stamp)), isCorrupt);
    assert.throws(() => decodePointState(7, message([...stamp, ...dot], [...stamp, ...stamp])), isCorrupt);
    for (const bad of [
      [1, 0],
      [0, 1],
      [2 ** 24, 1],
    ]) {
      assert.throws(() => decodePointState(7, message([...stamp, ...bad], stamp)), isCorrupt);
    }
    assert.throws(() => decodePointState(7, message([...stamp, ...dot], [1, 0])), isCorrupt);
  });
});
