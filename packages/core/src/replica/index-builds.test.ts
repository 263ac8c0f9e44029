import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Command } from "../command/command.js";
import { FailingOpLog } from "../log/failing-op-log.test-support.js";
import { MemoryImages } from "./memory-images.test-support.js";
import type { Replica } from "./replica.js";
import { assertRows, createCollection, openReplica, point, run, space, upsert } from "./replica.test-support.js";

const COUNT = 5_000;
const onN = (kind: "integer" | "float"): Command => ({
  kind: "create-payload-index",
  collection: "a",
  path: "n",
  schema: { kind },
});
const dropN: Command = { kind: "delete-payload-index", collection: "a", path: "n" };

/** Where a table's memory says up to which address its columns go, and from where on nothing is taken (index/src/segment/layout.ts). */
const ARENA_END_AT = 4108 >>> 2;
const ARENA_NEXT_AT = 1192 >>> 2;

function waitForN(replica: Replica, timeoutMs = 1_000): number {
  const [target] = [...replica.writableShards()];
  assert.ok(target !== undefined);
  return replica.waits.begin({ kind: "index", shard: target.shard.id, path: "n", timeoutMs });
}

function filled(options: Parameters<typeof openReplica>[0] = {}): Replica {
  const replica = openReplica(options);
  // images are of collections that have a graph
  run(replica, createCollection("a", { "": space(2) }));
  const points = Array.from({ length: COUNT }, (_, i) => point(i, {}, { n: i % 9 }));
  for (let at = 0; at < COUNT; at += 1_000) run(replica, upsert("a", points.slice(at, at + 1_000)));
  return replica;
}

function shownPaths(replica: Replica): string[] {
  return [...replica.writableShards()].flatMap(({ rows }) => rows.columns.shownPaths());
}

describe("a payload index over many points", () => {
  test("is built in steps between groups, which enter their rows, and shown when it is complete", () => {
    const replica = filled();
    run(replica, onN("integer"));
    assert.deepEqual(shownPaths(replica), []);
    let steps = 1;
    for (; shownPaths(replica).length === 0; steps++) {
      replica.buildIndexes(1);
      // before and behind what is built already
      run(replica, upsert("a", [point(steps, {}, { n: 77 }), point(COUNT - steps, {}, { n: 78 })]));
      run(replica, { kind: "delete-points", collection: "a", target: { ids: [100 + steps, COUNT - 100 - steps] } });
      assertRows(replica);
    }
    assert.ok(steps > 4);
    assert.deepEqual(
      replica.changes().map(({ kind }) => kind),
      ["published"],
    );
    assertRows(replica);
  });

  test("is built by ticks, and anew when it is another one or comes back", () => {
    const replica = filled();
    run(replica, onN("integer"));
    replica.buildIndexes(1);
    run(replica, dropN, onN("float"));
    for (let i = 0; i < 5; i++) replica.tick();
    assert.deepEqual(shownPaths(replica), ["n"]);
    assertRows(replica);
    run(replica, dropN);
    assert.deepEqual(shownPaths(replica), []);
    run(replica, onN("integer"));
    while (replica.buildIndexes(3));
    assert.deepEqual(shownPaths(replica), ["n"]);
    assertRows(replica);
  });

  test("is there after a start", () => {
    const log = new FailingOpLog();
    const replica = filled({ log });
    run(replica, onN("integer"));
    const again = openReplica({ log });
    assert.deepEqual(shownPaths(again), ["n"]);
    assertRows(again);
  });

  test("waits while the log refuses what it is made of, and an index that is refused leaves nothing", () => {
    const log = new FailingOpLog();
    const replica = filled({ log });
    log.failAfter(0);
    replica.execute([onN("integer")]);
    assert.ok(log.failed);
    log.failAfter(Number.POSITIVE_INFINITY);
    while (replica.buildIndexes(4));
    assert.deepEqual(shownPaths(replica), []);
    run(replica, onN("integer"), upsert("a", [point(1, {}, { n: 5 })]));
    while (replica.buildIndexes(4));
    assert.deepEqual(shownPaths(replica), ["n"]);
    assertRows(replica);
  });

  test("is waited for until readers use it, the time is over, or nobody wants it", () => {
    const replica = filled();
    run(replica, onN("integer"));
    const late = waitForN(replica, 0);
    assert.deepEqual(replica.waits.settled(), [{ id: late, result: "index-building" }]);
    const shown = waitForN(replica);
    replica.buildIndexes(1);
    assert.deepEqual(replica.waits.settled(), []);
    while (replica.buildIndexes(1));
    assert.deepEqual(replica.waits.settled(), [{ id: shown, result: "index-shown" }]);
    // another one in its place is used when it is built
    run(replica, dropN, onN("float"));
    const other = waitForN(replica);
    assert.deepEqual(replica.waits.settled(), []);
    run(replica, dropN);
    assert.deepEqual(replica.waits.settled(), [{ id: other, result: "index-shown" }]);
  });

  test("for which there is no room is told to whoever waits for it", () => {
    const replica = filled();
    run(replica, onN("integer"));
    const id = waitForN(replica);
    const [target] = [...replica.writableShards()];
    assert.ok(target !== undefined);
    const { u32 } = target.rows.segment.engine;
    u32[ARENA_END_AT] = u32[ARENA_NEXT_AT] as number;
    while (replica.buildIndexes(1));
    const reason = "the memory of the table is full: no room for the payload index on 'n'";
    assert.deepEqual(replica.waits.settled(), [{ id, result: "index-given-up", code: "capacity", reason }]);
    assert.deepEqual(replica.status().indexesWithoutRoom, [{ collection: "a", path: "n", reason }]);
    assertRows(replica);
  });

  test("is built again after a start in the middle of it, over rows of an image of before", () => {
    const log = new FailingOpLog();
    const replica = filled({ log });
    const images = new MemoryImages();
    images.save(replica);
    run(replica, onN("integer"));
    replica.buildIndexes(1);
    const again = openReplica({ log, images });
    assert.deepEqual([...images.tableRefusals], []);
    // somebody may have been told that it is there: it is, before anybody reads
    assert.deepEqual(shownPaths(again), ["n"]);
    assertRows(again);
  });
});
