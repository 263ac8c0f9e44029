import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { encodeEnvelope } from "../gossip/envelope.js";
import { MemoryOpLog } from "../log/memory-op-log.js";
import { Cluster } from "./cluster.test-support.js";
import type { ReplicaOptions } from "./recovery/replica-options.js";
import type { Replica } from "./replica.js";
import { createCollection, openReplica, point, REPLICA_ID, run, upsert } from "./replica.test-support.js";

/** A log that a member of a cluster has written. */
function writtenLog(): MemoryOpLog {
  const log = new MemoryOpLog();
  const replica = openReplica({ log, ...asMember });
  run(replica, createCollection("a"), upsert("a", [point(1, [1, 0])]));
  return log;
}

const asMember: Partial<ReplicaOptions> = {
  cluster: { name: "test", region: "r", nonce: 1, founders: [REPLICA_ID] },
};
const put = (log: MemoryOpLog, name: string, text: string) =>
  log.transaction((writer) => writer.putSetting(name, text));
const causalitiesOf = (replica: Replica) => replica.shard("a").causality.toJson();

describe("settings that are damaged", () => {
  const damages: readonly (readonly [name: string, texts: readonly string[]])[] = [
    ["replica.id", ["\u0018", "x", "1.5", "-1", "1e3", " 5", "16777216", "0", "NaN"]],
    ["replica.clock", ["\u0018", "7", "7:", ":1", "7:x", "-1:0", "1.5:0", "281474976710656:0", "1:65536", "1:2:3"]],
    ["replica.incarnation", ["\u0018", "x", "1.5", "-1", "9007199254740992", "0"]],
  ];
  for (const [name, texts] of damages) {
    test(`${name}: no start, and the message names it; what is there stays`, () => {
      for (const text of texts) {
        const log = writtenLog();
        const before = log.setting(name);
        assert.ok(before !== undefined && before !== "");
        put(log, name, text);
        const isNamed = (error: unknown) =>
          error instanceof MurmurationError && error.code === "corrupt" && error.message.includes(`"${name}"`);
        assert.throws(() => openReplica({ log, ...asMember }), isNamed, `${name} is ${JSON.stringify(text)}`);
        assert.equal(log.setting(name), text);
        put(log, name, before);
        assert.equal(openReplica({ log, ...asMember }).id, REPLICA_ID);
      }
    });
  }

  test("what a shard knows of causes is made again from its operations", () => {
    for (const text of [
      "\u0018",
      "{",
      "null",
      "[]",
      "7",
      '{"causality":7}',
      '{"causality":{"frontier":7,"declared":[]}}',
    ]) {
      const log = writtenLog();
      const { id, before } = (() => {
        const replica = openReplica({ log, ...asMember });
        return { id: replica.shard("a").id, before: causalitiesOf(replica) };
      })();
      put(log, `causality.${id}`, text);
      assert.deepEqual(causalitiesOf(openReplica({ log, ...asMember })), before, text);
    }
  });

  test("what is noted of a checkpoint: its shard is quarantined, a peer that asks for it is not answered, and a snapshot mends it", () => {
    const cluster = new Cluster([1, 2], { compaction: { rowsMin: 1, rowsPerLive: 0 } });
    cluster.settle();
    run(cluster.get(1), createCollection("a"));
    for (let id = 0; id < 20; id++) run(cluster.get(1), upsert("a", [point(id % 7, [id, 1], { n: id })]));
    cluster.settle();
    const { id } = cluster.get(2).shard("a");
    const log = cluster.logs.get(2) as MemoryOpLog;
    const name = `checkpoint.${id}`;
    const before = log.setting(name);
    assert.ok(before !== undefined && before !== "");
    for (const text of ["\u0018", "{", "null", "[]", "7", "{}", before.replace(":", ":-")]) {
      cluster.stop(2);
      put(log, name, text);
      const replica = cluster.open(2);
      const [quarantined] = replica.quarantined();
      assert.match(quarantined?.reason ?? "", new RegExp(`"${name}"`));
      const asks = { kind: "snapshot-request", shard: id, transfer: 0, first: 0, count: 1 } as const;
      replica.receive(encodeEnvelope({ cluster: "c", from: 1, to: 2, message: asks }), 1);
      for (let ticks = 0; ticks < 100 && replica.quarantined().length > 0; ticks++) cluster.pass();
      assert.deepEqual(replica.quarantined(), []);
      cluster.settle();
      assert.deepEqual(replica.digest("a"), cluster.get(1).digest("a"));
    }
  });
});
