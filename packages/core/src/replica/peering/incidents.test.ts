import assert from "node:assert/strict";
import { test } from "node:test";
import { Incidents } from "./incidents.js";

test("what is told in the same words again is one incident, with how often and since when", () => {
  const incidents = new Incidents();
  for (let at = 0; at < 40; at++) incidents.note("evicted", "replica 5 was evicted", 1_000 + at);
  incidents.note("malformed", "cut short", 2_000);
  incidents.note("evicted", "replica 5 was evicted", 3_000);
  assert.deepEqual(incidents.latest(), [
    { reason: "malformed", detail: "cut short", times: 1, firstMs: 2_000, lastMs: 2_000 },
    { reason: "evicted", detail: "replica 5 was evicted", times: 41, firstMs: 1_000, lastMs: 3_000 },
  ]);
  assert.deepEqual(incidents.counts(), { evicted: 41, malformed: 1 });
});

test("of many the latest are kept, and all are counted", () => {
  const incidents = new Incidents();
  for (let id = 1; id <= 1_000; id++) incidents.note("not a member", `replica ${id}`, id);
  assert.equal(incidents.latest().length, 32);
  assert.equal(incidents.latest().at(-1)?.detail, "replica 1000");
  assert.deepEqual(incidents.counts(), { "not a member": 1_000 });
});
