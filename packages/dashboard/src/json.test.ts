import assert from "node:assert/strict";
import { test } from "node:test";
import { canKeepDigits, parseJson, printJson } from "./json.js";

test("integers beyond 2^53 keep their digits, there and back", () => {
  const text = '{"id":18446744073709551615,"n":9007199254740993,"x":1.5,"e":1e300,"s":"12345678901234567890"}';
  const value = parseJson(text) as Record<string, unknown>;
  assert.equal(value["id"], 18446744073709551615n);
  assert.equal(value["x"], 1.5);
  assert.equal(value["s"], "12345678901234567890");
  assert.equal(printJson(value), text.replace("1e300", "1e+300"));
});

test("a key that would be a prototype elsewhere is a key", () => {
  const value = parseJson('{"__proto__":{"a":1234567890123456789}}') as object;
  assert.deepEqual(Object.keys(value), ["__proto__"]);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
});

test("an engine that loses digits is known by it", () => {
  assert.equal(canKeepDigits(), true);
  const parse: JSON["parse"] = (text, reviver) => JSON.parse(text, reviver && ((key, value) => reviver(key, value)));
  assert.equal(canKeepDigits({ parse, rawJSON: JSON.rawJSON }), false, "without the source of numbers");
  assert.equal(canKeepDigits({ parse: JSON.parse }), false, "without a way to print them");
});
