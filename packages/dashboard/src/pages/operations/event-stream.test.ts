import assert from "node:assert/strict";
import { test } from "node:test";
import { EVENT_CHARACTERS_MAX, EventStreamReader, type ServerEvent } from "./event-stream.js";

const stream =
  'retry: 50\n\n: a comment\n\nevent: begin\nid: t1\ndata: {"mode":"tail"}\n\ndata: a\r\ndata:b\r\n\r\nid: t2\rdata: é\u2028\r\rdata\n\nevent: none\n\n';

const events: ServerEvent[] = [
  { event: "begin", data: '{"mode":"tail"}' },
  { event: "message", data: "a\nb" },
  { event: "message", data: "é\u2028" },
  { event: "message", data: "" },
];

test("events are read from pieces that are cut anywhere", () => {
  for (let size = 1; size <= stream.length; size++) {
    const reader = new EventStreamReader();
    const read: ServerEvent[] = [];
    for (let at = 0; at < stream.length; at += size) read.push(...reader.take(stream.slice(at, at + size)));
    assert.deepEqual(read, events, `pieces of ${size}`);
    assert.deepEqual([reader.lastId, reader.retryMs], ["t2", 50]);
  }
});

test("an event without an end is not kept for ever", () => {
  const piece = "x".repeat(1024 * 1024);
  const reader = new EventStreamReader();
  assert.throws(() => {
    for (let i = 0; i < 20; i++) reader.take(`data: ${piece}\n`);
  }, /more than .* characters/);
  const line = new EventStreamReader();
  assert.throws(() => {
    for (let i = 0; i * piece.length <= 2 * EVENT_CHARACTERS_MAX; i++) line.take(piece);
  }, /more than .* characters/);
});
