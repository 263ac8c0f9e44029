import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { jsonFault } from "./json-fault.js";
import { lineAndColumn, parseObjectText, parseText } from "./json-text.js";

const problemOf = (text: string) => {
  const parsed = parseText(text);
  return "problem" in parsed ? parsed : undefined;
};

test("a text that is JSON is its value, with all digits of its integers", () => {
  assert.deepEqual(parseText('{"a": 18446744073709551615}'), { json: { a: 18446744073709551615n } });
});

test("what is no JSON is told by its place, and without the whole text", () => {
  const broken = problemOf(`{"a": 1,\n "b": x}${" ".repeat(10_000)}`);
  assert.equal(broken?.at, 15);
  assert.match(broken?.problem ?? "", /line 2, column 7/);
  assert.ok((broken?.problem.length ?? 0) < 300);
  assert.equal(problemOf("")?.problem, "Nothing is written yet.");
  assert.equal(problemOf('{"a": ')?.problem, "This is no JSON: it ends too early (line 1, column 7)");
  assert.match(problemOf('{"a": "\u0007"}')?.problem ?? "", /the character U\+0007 cannot stand there/);
});

test("half of a character is told by its field, before the server refuses it", () => {
  assert.match(problemOf('{"a": [{"b": "\\ud800"}]}')?.problem ?? "", /at a\.0\.b /);
  assert.match(problemOf('{"\\udc00": 1}')?.problem ?? "", /no well-formed Unicode/);
  assert.equal(problemOf('{"a": "\\ud83d\\ude00"}'), undefined);
});

test("where an object is wanted nothing else is taken", () => {
  assert.ok("problem" in parseObjectText("[1]"));
  assert.ok("problem" in parseObjectText("null"));
  assert.ok("json" in parseObjectText("{}"));
});

test("lines and columns are counted from one", () => {
  assert.equal(lineAndColumn("ab\ncd", 0), "line 1, column 1");
  assert.equal(lineAndColumn("ab\ncd", 4), "line 2, column 2");
});

test("a fault is found where the browser finds one, and nowhere else", () => {
  const signs = fc.constantFrom(
    ...'{}[]:,"\\ \n\t-+.019eEaunltrs\u0000/'.split(""),
    "true",
    "null",
    '"a"',
    '"a":',
    "\\u00e9",
    "1.5e3",
  );
  const texts = fc.oneof(
    fc.string({ unit: signs, maxLength: 12 }),
    // JSON in which one sign is another one
    fc.tuple(fc.json({ maxDepth: 3 }), fc.nat(), signs).map(([json, at, sign]) => {
      const place = at % (json.length + 1);
      return json.slice(0, place) + sign + json.slice(place + 1);
    }),
    fc.json(),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const fault = jsonFault(text);
      let isJson = true;
      try {
        JSON.parse(text);
      } catch {
        isJson = false;
      }
      assert.equal(fault === undefined, isJson, text);
      if (fault !== undefined) assert.ok(fault >= 0 && fault <= text.length);
    }),
    { numRuns: 1_000 },
  );
});
