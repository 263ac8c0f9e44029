import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseJsonExactly, printJson } from "./json-text.js";

describe("printJson", () => {
  it("prints a bigint as an integer", () => {
    assert.equal(
      printJson({ result: [{ id: 18446744073709551615n, p: null }] }),
      '{"result":[{"id":18446744073709551615,"p":null}]}',
    );
  });

  it("prints a double beyond 2^53 so that it is read back as one", () => {
    const value = { a: 2 ** 53, b: [1e18, -(2 ** 62)], c: 2 ** 53 - 1, d: 2 ** 64, e: 1e300, f: 0.5 };
    const text = printJson(value);
    assert.equal(
      text,
      '{"a":9.007199254740992e+15,"b":[1e+18,-4.611686018427388e+18],"c":9007199254740991,"d":18446744073709552000,"e":1e+300,"f":0.5}',
    );
    assert.deepEqual(parseJsonExactly(text), value);
    assert.deepEqual(parseJsonExactly(printJson({ ...value, g: 2n ** 53n })), { ...value, g: 2n ** 53n });
    assert.equal(printJson([1e15, 1_700_000_000_000_000]), "[1000000000000000,1700000000000000]");
  });

  it("refuses a value without a JSON form", () => {
    assert.throws(() => printJson(undefined), TypeError);
    assert.throws(() => printJson(() => 1n), TypeError);
  });
});

describe("parseJsonExactly", () => {
  it("reads digits in a text as text", () => {
    const text = '{"t":"[9007199254740993,","u":":-9007199254740993"}';
    assert.deepEqual(parseJsonExactly(text), { t: "[9007199254740993,", u: ":-9007199254740993" });
  });

  it("reads integers of 64 bits to the digit, larger ones rounded", () => {
    assert.deepEqual(parseJsonExactly("[9007199254740992,-9223372036854775808,18446744073709551615]"), [
      9007199254740992n,
      -9223372036854775808n,
      18446744073709551615n,
    ]);
    assert.deepEqual(parseJsonExactly("[18446744073709551616,-9223372036854775809,9007199254740992.0]"), [
      2 ** 64,
      -(2 ** 63),
      2 ** 53,
    ]);
  });
});
