import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { z } from "zod";
import { optional, rowCount, unsigned } from "./fields.js";
import { spelled } from "./spellings.js";
import { validate } from "./validate.js";

const inner = z.object({ many: rowCount(1) });
const schema = spelled(z.object({ own: optional(inner), rest: optional(unsigned(32, 1)) }), { other: "own" });

function refusal(value: unknown): readonly [string, string | undefined, string] {
  try {
    validate(schema, value);
  } catch (error) {
    assert.ok(error instanceof MurmurationError);
    return [error.code, error.field, error.message];
  }
  assert.fail("it was taken");
}

describe("fields with several names", () => {
  it("may be given under any of them", () => {
    assert.deepEqual(validate(schema, { own: { many: 3 } }), { own: { many: 3 } });
    assert.deepEqual(validate(schema, { other: { many: 3 }, rest: 2 }), { own: { many: 3 }, rest: 2 });
    assert.deepEqual(validate(schema, { other: null }), { own: undefined });
  });

  it("are refused under two, even where both say the same, or nothing", () => {
    for (const value of [{ many: 3 }, null]) {
      const message = "duplicate field: it is given as `own` too";
      assert.deepEqual(refusal({ own: value, other: value }), ["format", "other", message]);
    }
  });

  it("are named in an error as they were given", () => {
    assert.deepEqual(refusal({ other: { many: 0 } }).slice(0, 2), ["validation", "other.many"]);
    assert.deepEqual(refusal({ own: { many: 0 } }).slice(0, 2), ["validation", "own.many"]);
    assert.deepEqual(refusal({ other: {}, rest: 0 }).slice(0, 2), ["format", "other.many"]);
    assert.deepEqual(refusal([]).slice(0, 2), ["format", ""]);
  });
});

describe("unsigned integers", () => {
  it("below 0 or beyond their width are of another type, below their least value out of range", () => {
    for (const rest of [-1, -1n, 4_294_967_296, 2n ** 63n, 1.5, "1"]) {
      assert.deepEqual(refusal({ rest }).slice(0, 2), ["format", "rest"], String(rest));
    }
    assert.deepEqual(refusal({ rest: 0 }).slice(0, 2), ["validation", "rest"]);
    assert.equal(validate(schema, { rest: 4_294_967_295 }).rest, 4_294_967_295);
  });

  it("count rows up to 2^64 − 1: as many as there are", () => {
    assert.deepEqual(validate(schema, { own: { many: 2n ** 64n - 1n } }).own, { many: Number.MAX_SAFE_INTEGER });
    assert.equal(refusal({ own: { many: 2n ** 64n } })[0], "format");
    assert.equal(validate(unsigned(64, 0), 2n ** 64n - 1n), 2n ** 64n - 1n);
  });
});
