import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FILE_BYTES_MAX, readRun, tellEvent, underWay } from "./read-run.js";

const run = {
  format: "murmuration-run",
  version: 1,
  title: "a <run>",
  seed: 7,
  profile: "deletes",
  simulated_ms: 900,
  cut: false,
  replicas: [1, 2],
  faults: [{ kind: "partition", at_ms: 10, for_ms: 50, replica: 1, other: 2 }],
  events: [
    { at_ms: 1, kind: "write", replica: 1, text: "1 upsert 4", operations: "1:1 upsert 4", told: true },
    { at_ms: 2, kind: "message", replica: 1, text: "operations 1:1", from: 1, to: 2, fate: "sent", arrives_ms: 9 },
    { at_ms: 3, kind: "message", replica: 2, text: "heartbeat", from: 2, to: 1, fate: "cut", arrives_ms: 5 },
    { at_ms: 4, kind: "refused", replica: 2, text: "delete 4" },
    { at_ms: 12, kind: "phase", replica: 0, text: "at rest" },
  ],
  violation: { checker: "convergence", at_ms: 12, detail: "differs", replicas: [1, 2], points: ["4"] },
};
const page = (value: unknown) =>
  `<!doctype html><script type="application/json" id="murmuration-run">${JSON.stringify(value).replaceAll("<", "\\u003c")}</script></body>`;

describe("a report", () => {
  test("is read from its page, and from its JSON alone", () => {
    const read = readRun(page(run));
    assert.deepEqual(readRun(JSON.stringify(run)), read);
    assert.deepEqual(
      [read.title, read.seed, read.replicas, read.violation?.checker],
      ["a <run>", "7", [1, 2], "convergence"],
    );
    assert.deepEqual(read.events.map(tellEvent), [
      "replica 1 acknowledges 1:1 upsert 4",
      "replica 1 sends replica 2 operations 1:1",
      "replica 2 sends replica 1 heartbeat: the link is cut",
      "replica 2 refuses delete 4",
      "the run: at rest",
    ]);
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((at) => underWay(read.events, at)),
      [[], [1], [1], [1], []],
    );
  });

  test("of something else, or damaged, is refused in words", () => {
    const cases: [string, RegExp][] = [
      ["", /is no report of the simulator/],
      ["<html></html>", /is no report/],
      [page(run).slice(0, 200), /ends too early/],
      ["{", /ends too early/],
      ["{}", /is no run of the simulator/],
      [JSON.stringify({ ...run, version: 2 }), /is of version 2 of the format/],
      [JSON.stringify({ ...run, version: "x".repeat(10_000) }), /is of version x{20} of/],
      [JSON.stringify({ ...run, events: {} }), /^The events: is no list/],
      [JSON.stringify({ ...run, events: new Array(20_001).fill(0) }), /has 20001 entries, at most 20000/],
      [JSON.stringify({ ...run, replicas: Array.from({ length: 65 }, (_, i) => i) }), /has 65 entries/],
      [JSON.stringify({ ...run, replicas: [1.5] }), /is no replica's id/],
      [JSON.stringify({ ...run, events: [null] }), /^Event 1: is no object/],
      [JSON.stringify({ ...run, events: [{ ...run.events[0], kind: "__proto__" }] }), /^Event 1, kind: is none of/],
      [JSON.stringify({ ...run, events: [{ ...run.events[1], fate: 7 }] }), /^Event 1, fate: is none of/],
      [JSON.stringify({ ...run, events: [{ ...run.events[0], at_ms: 1e300 }] }), /^Event 1, at_ms: is no number up to/],
      [JSON.stringify({ ...run, events: [{ ...run.events[0], text: {} }] }), /^Event 1, text: is no text/],
      [JSON.stringify({ ...run, faults: [{ kind: 1 }] }), /^Fault 1, kind: is no text/],
      [JSON.stringify({ ...run, violation: [] }), /^The violation: is no object/],
      ["x".repeat(FILE_BYTES_MAX + 1), /is larger than 32 MiB/],
    ];
    for (const [text, words] of cases) assert.throws(() => readRun(text), { name: "Error", message: words });
  });

  test("has no more of a text than is shown", () => {
    const events = [{ ...run.events[0], text: "x".repeat(100_000), operations: "y".repeat(100_000) }];
    const [event] = readRun(JSON.stringify({ ...run, events })).events;
    assert.ok((event?.text.length ?? 0) <= 2_001 && (event?.operations.length ?? 0) <= 2_001);
  });
});
