import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Payload, PointId } from "@murmuration/index";
import type { Command } from "../command/command.js";
import { MemoryOpLog } from "../log/memory-op-log.js";
import { rowProblems } from "../state/row-problems.js";
import type { Replica } from "./replica.js";
import { createCollection, openReplica, point, run, space, upsert } from "./replica.test-support.js";

const setPayload = (id: PointId, payload: Payload): Command => ({
  kind: "set-payload",
  collection: "c",
  target: { ids: [id] },
  payload,
});

function filled(log: MemoryOpLog): Replica {
  const replica = openReplica({ log });
  const points = Array.from({ length: 40 }, (_, i) => point(i, [i % 7, i % 5], { n: i, of: "c" }));
  run(replica, createCollection("c", { "": space(2) }), upsert("c", points), setPayload(3, { m: 1 }));
  return replica;
}

function loseOf(log: MemoryOpLog, replica: Replica, id: PointId): void {
  const { id: shard, table } = replica.shard("c");
  log.damagePayload(shard, table.payloadKeyOf(id), undefined);
}

const payloadsOf = (replica: Replica) =>
  new Map(Array.from(replica.shard("c").table.states(), ({ id, payload }) => [id, payload]));

describe("a payload that the disk has lost", () => {
  test("stops what would leave something of it, and nothing else, until it is written anew", () => {
    const [log, twinLog] = [new MemoryOpLog(), new MemoryOpLog()];
    const [replica, twin] = [filled(log), filled(twinLog)];
    for (const id of [3, 4, 5]) loseOf(log, replica, id);
    const without: Command = { kind: "delete-vectors", collection: "c", target: { ids: [6, 4] }, vectors: [""] };
    const { outcomes } = replica.execute([setPayload(3, { k: 2 }), without]);
    assert.match(outcomes.map(String).join(), /payload of point 3 .* is lost.*payload of point 4 .* is lost/);
    assert.deepEqual(replica.quarantined(), []);
    // nothing of it is left by these
    const others = [upsert("c", [point(5, [1, 2], { n: 0 })]), setPayload(7, { k: 1 })];
    for (const each of [replica, twin]) run(each, ...others);
    for (let i = 0; i < 10; i++) for (const each of [replica, twin]) each.tick();
    assert.match(
      replica
        .takeFaults()
        .map(({ what }) => what)
        .join(),
      /were damaged on the disk, and are written anew/,
    );
    run(replica, setPayload(3, { k: 2 }));
    assert.deepEqual(replica.shard("c").table.live(3)?.payload, { k: 2, m: 1, n: 3, of: "c" });
    // the operation that wrote the other one has lost it too; nobody else has it here, and what is written anew needs it no more
    assert.match(
      replica
        .execute([setPayload(4, { k: 2 })])
        .outcomes.map(String)
        .join(),
      /payload of point 4 .* is lost/,
    );
    run(replica, upsert("c", [point(4, [4, 4], { n: 4, of: "c" })]), setPayload(4, { k: 2 }));
    run(twin, setPayload(3, { k: 2 }), setPayload(4, { k: 2 }));
    assert.deepEqual(new Map([...payloadsOf(replica)].sort()), new Map([...payloadsOf(twin)].sort()));
    assert.deepEqual(
      [...replica.writableShards()].flatMap((target) => rowProblems(target)),
      [],
    );
  });

  test("costs a start that decodes the points that payload alone, whatever the operations say", () => {
    for (const id of [3, 9]) {
      const log = new MemoryOpLog();
      loseOf(log, filled(log), id);
      const replica = openReplica({ log });
      assert.deepEqual(replica.quarantined(), []);
      assert.match(
        replica
          .execute([setPayload(id, { k: 1 })])
          .outcomes.map(String)
          .join(),
        /is lost/,
      );
      run(replica, setPayload(10, { k: 1 }));
      for (let i = 0; i < 10; i++) replica.tick();
      if (id === 9) continue;
      run(replica, setPayload(3, { k: 1 }));
      assert.deepEqual(replica.shard("c").table.live(3)?.payload, { k: 1, m: 1, n: 3, of: "c" });
    }
  });

  test("leaves a start without the payload indexes that it belongs in, until it is mended", () => {
    const log = new MemoryOpLog();
    const before = filled(log);
    run(before, { kind: "create-payload-index", collection: "c", path: "n", schema: { kind: "integer" } });
    loseOf(log, before, 3);
    const replica = openReplica({ log });
    const [target = assert.fail()] = [...replica.writableShards()];
    const { rows } = target;
    assert.match(
      rows.columns
        .givenUp()
        .map(({ reason }) => reason)
        .join(),
      /payload of point 3 .* is lost/,
    );
    assert.match(
      replica
        .execute([setPayload(3, { k: 1 })])
        .outcomes.map(String)
        .join(),
      /is lost/,
    );
    for (let i = 0; i < 10; i++) replica.tick();
    run(replica, setPayload(3, { k: 1 }));
    assert.deepEqual([rows.columns.givenUp(), rows.columns.shownPaths()], [[], ["n"]]);
    assert.deepEqual(rowProblems(target), []);
  });
});
