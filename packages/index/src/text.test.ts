import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MurmurationError } from "./errors.js";
import type { Json } from "./payload/json.js";
import { requireWellFormed, requireWellFormedJson, textFromUtf8 } from "./text.js";

/** Every well-formed text, byte order marks, noncharacters and the replacement character among them. */
const texts = fc.string({ unit: "binary" }).map((text) => `\ufeff${text}`);

const refused = (field: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof MurmurationError, String(error));
  assert.deepEqual([error.code, error.field], ["format", field]);
  assert.match(error.message, message);
  assert.ok(error.message.isWellFormed() && (error.field ?? "").isWellFormed());
  return true;
};

test("well-formed text passes unchanged, whatever it holds", () => {
  fc.assert(
    fc.property(texts, (text) => {
      assert.equal(requireWellFormed(text, "name"), text);
      requireWellFormedJson({ [text]: [text, { [text]: text }] }, "payload");
      assert.equal(textFromUtf8(new TextEncoder().encode(text), "test"), text);
    }),
  );
  for (const text of ["", "\ufeff", "\ufeff\ufeffa", "a\ufeff", "\ufffd", "\ufffe\uffff", "e\u0301", "😀", "\0"]) {
    assert.equal(requireWellFormed(text, "name"), text);
    assert.equal(textFromUtf8(new TextEncoder().encode(text), "test"), text);
  }
});

test("text that is not well-formed is refused with its field and its place", () => {
  for (const text of ["a\ud800", "a\udc00", "a\udc00\ud800b", `a\ud83c`]) {
    assert.throws(() => requireWellFormed(text, "vectors"), refused("vectors", /lone surrogate U\+D\w{3} at index 1$/));
  }
  assert.throws(() => requireWellFormed("😀\ud800", "name"), refused("name", /at index 2$/));
  const cases: [Json, string, RegExp][] = [
    ["\ud800", "payload", /the text "\\ud800" is not .* at index 0/],
    [{ a: { b: [1, "x", "y\ud800"] } }, "payload.a.b[2]", /at index 1/],
    [{ a: { "k\udfff": 1 } }, "payload.a", /the key "k\\udfff" is not .* at index 1/],
    [[[{ "": "\udc00" }]], "payload[0][0].", /at index 0/],
    [{ long: `${"😀".repeat(64)}\ud800` }, "payload.long", /at index 128/],
  ];
  for (const [value, field, message] of cases) {
    assert.throws(() => requireWellFormedJson(value, "payload"), refused(field, message));
  }
  assert.throws(() => requireWellFormedJson({ a: ["\ud800"] }, ""), refused("a[0]", /at index 0/));
});

test("bytes that are not UTF-8 are corrupt and become no other text", () => {
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0x61, 0xf4, 0x90, 0x80, 0x80]]) {
    assert.throws(
      () => textFromUtf8(Uint8Array.from(bytes), "a name"),
      (error) => error instanceof MurmurationError && error.code === "corrupt" && /^a name: /.test(error.message),
    );
  }
});
