import assert from "node:assert/strict";
import { test } from "node:test";
import { closingOf } from "./isolates.js";

test("isolates that a text leaves open are closed, and no others", () => {
  assert.equal(closingOf("plain \u202eevil"), "");
  assert.equal(closingOf("\u202eevil\u2066"), "\u2069");
  assert.equal(closingOf("\u2069\u2067a\u2068b\u2069"), "\u2069");
  assert.equal(closingOf("\u2066a\u2069"), "");
  assert.equal(closingOf("\u2066\u2067\u2068"), "\u2069\u2069\u2069");
});
