import assert from "node:assert/strict";
import { test } from "node:test";
import { SessionHistory } from "./session-history.js";

test("a session reads what it wrote, or newer", () => {
  const history = new SessionHistory("s");
  history.noteWrite(7, 3);
  assert.equal(history.noteRead(7, 3, "eu"), undefined);
  assert.equal(history.noteRead(7, 5, "eu"), undefined);
  assert.match(history.noteRead(7, 4, "us") ?? "", /^monotonic reads: point 7 is of turn 4 in us/);
});

test("a session that does not find what it wrote is told so", () => {
  const history = new SessionHistory("s");
  history.noteWrite(7, 0);
  assert.match(history.noteRead(7, undefined, "ap") ?? "", /^read your writes: point 7 is not there in ap/);
});

test("a point that was never seen may be missing, and may not go once it was", () => {
  const history = new SessionHistory("s");
  assert.equal(history.noteRead(1, undefined, "eu"), undefined);
  assert.equal(history.noteRead(1, 0, "eu"), undefined);
  assert.match(history.noteRead(1, undefined, "us") ?? "", /^monotonic reads/);
});
