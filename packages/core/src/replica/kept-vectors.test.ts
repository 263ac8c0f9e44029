import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryOpLog } from "../log/memory-op-log.js";
import { decodeOperation } from "../operation/codec.js";
import { createCollection, openReplica, point, recordOf, run, upsert } from "./replica.test-support.js";

describe("a vector that is written again as it is", () => {
  test("keeps its node, whatever happens to the payload", () => {
    const replica = openReplica();
    run(replica, createCollection("k"));
    for (let round = 0; round < 5; round++) run(replica, upsert("k", [point(1, [1, 2], { round })]));
    const { live, dead } = replica.digest("k");
    assert.deepEqual({ live, dead }, { live: 1, dead: 0 });
    assert.deepEqual(recordOf(replica, "k", 1)?.payload, { round: 4 });
  });

  test("is told from one that differs only in the sign of a zero", () => {
    const replica = openReplica();
    run(replica, createCollection("k"), upsert("k", [point(1, [0, 1])]), upsert("k", [point(1, [-0, 1])]));
    assert.equal(replica.digest("k").dead, 1);
  });

  test("is named in its operation by the node that holds it, also after a replay", () => {
    const log = new MemoryOpLog();
    const replica = openReplica({ log });
    run(replica, createCollection("k"), upsert("k", [point(1, [1, 2])]), upsert("k", [point(1, [1, 2], { a: 1 })]));
    const shard = replica.shard("k").id;
    const [, second] = [...log.read(0, { shard })];
    assert.ok(second !== undefined);
    const operation = decodeOperation(shard, second.origin, second.sequence, second.bytes);
    assert.ok(operation.kind === "upsert");
    assert.deepEqual(operation.vectors, []);
    assert.deepEqual(operation.kept, [{ name: "", dot: { origin: replica.id, sequence: 1 } }]);
    assert.deepEqual(openReplica({ log, recoverFrom: "log" }).digest("k"), replica.digest("k"));
    assert.deepEqual(openReplica({ log }).digest("k"), replica.digest("k"));
  });
});
