import assert from "node:assert/strict";
import { test } from "node:test";
import type { Batch, Command } from "@murmuration/core";
import { collectionName } from "../commands.js";
import { Node } from "../node.js";
import { profileOf } from "../scenario.js";
import { collectionOf } from "../workload.js";
import { Violated } from "./checker.js";
import { SessionChecker } from "./sessions.js";

function startNode(): Node {
  const node = new Node(1, [1], () => 1_000);
  node.start();
  assert.equal(node.execute(collectionOf(1, profileOf("default"))).outcome, "acknowledged");
  return node;
}

function upsert(id: number): Command {
  const point = { id, vectors: { "": new Float32Array(8).fill(1) }, payload: { n: 1 } };
  return { kind: "upsert-points", collection: collectionName, points: [point], mode: "upsert" };
}

function write(checker: SessionChecker, writer: Node, id: number, reader: Node): readonly Batch[] {
  const { outcome, written } = writer.execute(upsert(id));
  assert.equal(outcome, "acknowledged");
  assert.ok(writer.replica !== undefined);
  checker.step(writer.replica, written, [reader]);
  return written;
}

test("a replica that covers a session's token and has all that the session saw passes", () => {
  const node = startNode();
  const checker = new SessionChecker(1, [new Float32Array(8).fill(1)]);
  for (let id = 1; id <= 20; id++) write(checker, node, id, node);
  assert.equal(checker.reads, 20);
});

test("a replica that claims to cover a token and lacks a write of the session is found out", () => {
  const [writer, other] = [startNode(), startNode()];
  const checker = new SessionChecker(1, [new Float32Array(8).fill(1)]);
  // the same operation names, other points
  for (let id = 100; id < 140; id++) other.execute(upsert(id));
  assert.throws(() => {
    for (let id = 1; id <= 20; id++) write(checker, writer, id, other);
  }, Violated);
});
