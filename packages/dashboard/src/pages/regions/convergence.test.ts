import assert from "node:assert/strict";
import { test } from "node:test";
import { type Distance, summaryOf, verdictOf } from "./convergence.js";

const at = "2026-01-01T00:00:00.000Z";
const equal: Distance = {
  id: 1,
  region: "us",
  suspect: false,
  missing_here: 0,
  missing_there: 0,
  compared: { differs: null, at, at_this_frontier: true },
};
const of = (members: Distance[]) => ({
  catalogue: { members: [{ ...equal, compared: null }] },
  collections: [{ collection: "c", points: 1, members }],
});

test("members are equal by frontier and digest, by frontier alone, or say what differs", () => {
  assert.equal(verdictOf(equal).words, "equal, digests too");
  assert.equal(verdictOf({ ...equal, compared: null }).words, "equal frontier");
  assert.equal(verdictOf({ ...equal, compared: null }, false).words, "equal");
  assert.equal(
    verdictOf({ ...equal, missing_here: 1, missing_there: 1200 }).words,
    "1 operation on the way here, 1,200 operations on the way there",
  );
  assert.equal(
    verdictOf({ ...equal, compared: { differs: "points", at, at_this_frontier: true } }).words,
    "points differ",
  );
  assert.equal(verdictOf({ ...equal, suspect: true, missing_there: 3 }).words, "silent, lacks 3 operations");
  assert.equal(verdictOf({ ...equal, missing_here: null }).mood, "neutral");
});

test("a difference that was found at another frontier is not said of this one", () => {
  assert.equal(
    verdictOf({ ...equal, compared: { differs: "points", at, at_this_frontier: false } }).words,
    "equal frontier",
  );
});

test("the whole is as good as its worst", () => {
  assert.equal(summaryOf(of([equal])).words, "All members are equal, by frontier and digest");
  assert.equal(summaryOf(of([equal, { ...equal, suspect: true }])).mood, "bad");
  assert.match(
    summaryOf(of([{ ...equal, compared: { differs: "graphs", at, at_this_frontier: true } }])).words,
    /^1 collection differs/,
  );
});
