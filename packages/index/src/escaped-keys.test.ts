import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { assertUntil } from "./conformance.js";
import { nameEscapedKeys } from "./escaped-keys.js";
import { parseJsonExactly, parseJsonText, printJson } from "./json-text.js";

let shapes = 0;
/** Keys that no object had before: the first parse of its kind decides what V8 expects at the second. */
const freshKey = () => `shape ${shapes++}`;

describe("keys written with escapes", () => {
  test("are read as they are written, whatever an object of the same shape had there before", () => {
    for (const [before, after] of [
      ["\\", "\u0000"],
      ["\\", '"'],
      ["\\", "\n"],
      ["a\\", "a\b"],
      ["\\u", "A\u0001"],
    ] as const) {
      const fresh = freshKey();
      for (const key of [before, after]) {
        const text = printJson({ [fresh]: 1, n: 2, [key]: { [key]: 2n ** 60n } });
        assert.deepEqual(parseJsonExactly(text), { [fresh]: 1, n: 2, [key]: { [key]: 2n ** 60n } });
      }
    }
  });

  test("of any text come back, in their order; of equal keys the last wins in the place of the first", () => {
    const piece = fc.constantFrom(
      "\\",
      '"',
      "\n",
      "\u0000",
      "a",
      "\ue000",
      "\ue0000",
      ":",
      '":',
      " ",
      "😀",
      "__proto__",
      "7",
      "",
    );
    const key = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(""));
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.integer(),
        key,
        fc.array(tie("value"), { maxLength: 3 }),
        fc.array(fc.tuple(key, tie("value")), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
      ),
    }));
    let named = 0;
    assertUntil(
      () => ({ "texts with escaped keys": [named, 200] }),
      fc.property(value, fc.constantFrom("", " ", "\n\t"), (drawn, space) => {
        const text = JSON.stringify(drawn, undefined, space);
        if (nameEscapedKeys(text) !== undefined) named++;
        assert.equal(JSON.stringify(parseJsonText(text)), JSON.stringify(drawn));
      }),
      { numRuns: 2_000 },
    );
    assert.equal(
      JSON.stringify(parseJsonText('{"\\u0061":1,"b":2,"a":3,"\\u0062":{"\\u005f_proto__":4}}')),
      '{"a":3,"b":{"__proto__":4}}',
    );
  });

  test("in text that is no JSON are refused as JSON.parse does", () => {
    for (const text of ['{"\\', '{"\\u12":1}', '{"\\x":1}', '{"\\n":}', '"\\', '{"a\\":1'])
      assert.throws(() => parseJsonText(text), SyntaxError);
  });

  test("are found in time linear in the text", () => {
    const text = `{"a":"${"\\\\".repeat(2_000_000)}","b":"${'\\"'.repeat(2_000_000)}","\\n":1}`;
    assert.deepEqual(Object.keys(parseJsonText(text) as object), ["a", "b", "\n"]);
  });
});
