import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { decodeManifest, encodeManifest, transferOf } from "../checkpoint/manifest.js";
import { writeCheckpoint } from "../checkpoint/write-checkpoint.js";
import { decodeEnvelope, encodeEnvelope, type Message } from "../gossip/envelope.js";
import { limits } from "../limits.js";
import { FailingOpLog } from "../log/failing-op-log.test-support.js";
import { MemoryOpLog } from "../log/memory-op-log.js";
import { admittedLog, Cluster } from "./cluster.test-support.js";
import { FollowedReplica } from "./followed.test-support.js";
import type { Replica } from "./replica.js";
import {
  assertRows,
  createCollection,
  identity,
  openReplica,
  point,
  run,
  space,
  upsert,
} from "./replica.test-support.js";
import { compacted, compaction, shardOf, tamper, vectorOf, write } from "./snapshot.test-support.js";

const currentTransfer = (cluster: Cluster, id: number) => {
  const log = cluster.logs.get(id);
  const bytes = log?.checkpointPart(shardOf(cluster.get(id)), "current", 0);
  return bytes === undefined ? undefined : transferOf(bytes);
};

/** Lets time pass until the replica is like the others. */
function settle(cluster: Cluster): void {
  cluster.settle();
  for (const replica of cluster.replicas.values()) {
    assert.deepEqual(replica.validate("c")[""]?.violations, []);
    assert.equal(replica.validate("c")[""]?.unreachable, 0);
  }
}

/** Lets a tick pass; `serve` is told who asks replica 2, which is not there, for which snapshot. */
function passWithout2(cluster: Cluster, serve: (to: number, transfer: number) => void): void {
  cluster.nowMs += 100;
  for (const [id, replica] of cluster.replicas) {
    replica.tick();
    const outgoing = replica.outbox();
    for (const { to, bytes } of outgoing) {
      for (const [other, receiver] of cluster.replicas)
        if (other !== id && (to === undefined || to === other)) receiver.receive(bytes, id);
      const { message } = decodeEnvelope(bytes);
      if (to === 2 && message.kind === "snapshot-request") serve(id, message.transfer);
    }
  }
}

/** The parts of a sound snapshot of a shard with nothing in it, at a frontier. */
function emptySnapshot(shard: string, frontier: ReadonlyMap<number, number>): Uint8Array[] {
  const alone = openReplica();
  run(alone, createCollection("c", { "": space(4, "Euclid") }));
  const [target] = [...alone.writableShards()];
  assert.ok(target !== undefined);
  const log = new MemoryOpLog();
  const time = { wallMs: 1_000, counter: 0 };
  const { parts } = log.transaction((writer) => writeCheckpoint(writer, target, time, limits.checkpointPartBytes));
  const all = Array.from({ length: parts }, (_, part) => log.checkpointPart(target.shard.id, "current", part));
  const manifest = decodeManifest(all[0] as Uint8Array, "it");
  const causality = { ...manifest.causality, frontier: [...frontier] };
  return [encodeManifest({ ...manifest, shard, causality }), ...(all.slice(1) as Uint8Array[])];
}

describe("a snapshot", () => {
  test("is made again where a part of it is damaged", () => {
    const cluster = compacted();
    const log = cluster.logs.get(2);
    assert.ok(log);
    const shard = shardOf(cluster.get(2));
    const damaged = log.checkpointPart(shard, "current", 1);
    const read = log.checkpointPart.bind(log);
    log.checkpointPart = (...where) => {
      const bytes = read(...where);
      if (bytes !== undefined && bytes === damaged) throw new MurmurationError("corrupt", "part 1 is damaged");
      return bytes;
    };
    // nobody else is heard
    for (const other of [1, 3]) cluster.cut(4, other);
    cluster.open(4, { log: admittedLog() });
    cluster.pass(60);
    assert.notEqual(cluster.get(4).digest("c").points, 0);
    assert.ok((cluster.get(2).status().peering?.refused["checkpoint damaged"] ?? 0) > 0);
    cluster.heal();
    settle(cluster);
    assert.doesNotThrow(() => log.checkpointPart(shard, "current", 1));
  });

  test("brings a replica in that joins after the compaction, while others write", () => {
    const cluster = compacted();
    cluster.open(4);
    for (let i = 0; i < 12; i += 1) {
      cluster.pass(1);
      write(cluster.get(1 + (i % 3)), 200 + i, 1);
    }
    settle(cluster);
    assert.deepEqual(cluster.get(4).status().peering?.needSnapshot, []);
    const transfers = [1, 2, 3].map((id) => currentTransfer(cluster, id));
    assert.ok(transfers.length > 0 && currentTransfer(cluster, 4) !== undefined, "it has a checkpoint of its own");
    // it can write, and what it has goes on from its own log
    write(cluster.get(4), 300, 5);
    settle(cluster);
    const before = identity(cluster.get(4));
    const [again, replayed] = (["projection", "log"] as const).map((recoverFrom) => {
      cluster.stop(4);
      return cluster.open(4, { recoverFrom });
    });
    assert.deepEqual(identity(again as Replica), before);
    assert.deepEqual(identity(replayed as Replica), before);
    settle(cluster);
  });

  test("that is empty and claims operations which no other member holds erases nothing, and is counted", () => {
    const cluster = new Cluster([1, 2, 3]);
    cluster.pass(3);
    run(cluster.get(1), createCollection("c", { "": space(4, "Euclid") }));
    write(cluster.get(1), 1, 30);
    cluster.settle();
    const replica = cluster.get(1);
    const shard = shardOf(replica);
    const claimed = new Map([
      [1, 30],
      [2, 2 * limits.snapshotLagOperations],
    ]);
    const parts = emptySnapshot(shard, claimed);
    // 2 is not what it was
    cluster.stop(2);
    const frontiers = new Map([...replica.frontiers([]), [shard, claimed]]);
    const say = (to: number, message: Message) =>
      cluster.get(to).receive(encodeEnvelope({ cluster: "c", from: 2, to, message }), 2);
    let asked = 0;
    for (let tick = 0; tick < 100; tick++) {
      for (const to of [1, 3]) say(to, { kind: "heartbeat", incarnation: 2 ** 30, nowMs: cluster.nowMs, frontiers });
      passWithout2(cluster, (to, transfer) => {
        asked += 1;
        const [first] = parts as [Uint8Array];
        for (const [part, bytes] of parts.entries()) {
          if (transfer === 0 && part > 0) continue;
          say(to, { kind: "snapshot", shard, transfer: transferOf(first), part, parts: parts.length, bytes });
        }
      });
    }
    assert.ok(asked > 0, "it was asked");
    for (const id of [1, 3]) {
      assert.equal(cluster.get(id).digest("c").points, 30);
      assert.ok((cluster.get(id).status().peering?.refused["snapshot"] ?? 0) > 0);
    }
  });

  test("brings in several that join the only one that is left, and have its first operations", () => {
    const cluster = new Cluster([1], { compaction });
    cluster.pass(3);
    run(cluster.get(1), createCollection("c", { "": space(4, "Euclid") }));
    // its vector is shown still, so that its row stays
    write(cluster.get(1), 900, 1);
    for (let salt = 0; salt < 4; salt++) {
      write(cluster.get(1), 0, 30, salt);
      cluster.pass(5);
    }
    assert.ok(cluster.get(1).status().compaction.checkpoints > 0);
    for (const id of [2, 3]) cluster.open(id);
    settle(cluster);
  });

  test("is served on by whoever took it over", () => {
    const cluster = compacted();
    cluster.open(4);
    settle(cluster);
    const transfer = currentTransfer(cluster, 4);
    for (const id of [1, 2, 3]) cluster.cut(id, 5);
    cluster.open(5, { log: admittedLog() });
    cluster.pass(60);
    assert.equal(cluster.get(5).shard("c").table.size, cluster.get(4).shard("c").table.size);
    assert.notEqual(transfer, undefined);
    cluster.heal();
    settle(cluster);
  });

  test("goes on where a crash broke it off", () => {
    const cluster = compacted();
    cluster.open(4);
    const shard = shardOf(cluster.get(1));
    const log = cluster.logs.get(4) as MemoryOpLog;
    const here = () => log.checkpointParts(shard, "incoming").length;
    // parts get lost after the first few
    let passed = 0;
    let isCut = true;
    tamper(cluster, (_, one) => {
      const { message } = decodeEnvelope(one.bytes);
      if (message.kind !== "snapshot" || message.part === 0 || !isCut) return one;
      passed += 1;
      return passed > 6 ? undefined : one;
    });
    for (let i = 0; i < 80 && here() < 5; i += 1) cluster.pass();
    const before = here();
    assert.ok(before >= 5);
    cluster.stop(4);
    cluster.open(4, { nonce: 44 });
    isCut = false;
    const asked = new Set<number>();
    tamper(cluster, (_, one) => {
      const { message } = decodeEnvelope(one.bytes);
      if (message.kind === "snapshot") asked.add(message.part);
      return one;
    });
    settle(cluster);
    assert.ok(!asked.has(1), "what was here is not sent again");
  });

  test("that is replaced at its sender begins anew", () => {
    const cluster = compacted();
    const shard = shardOf(cluster.get(1));
    for (const id of [2, 3]) cluster.cut(id, 4);
    cluster.open(4);
    const log = cluster.logs.get(4) as MemoryOpLog;
    for (let i = 0; i < 80 && log.checkpointParts(shard, "incoming").length < 3; i += 1) cluster.pass();
    const incoming = () => transferOf(log.checkpointPart(shard, "incoming", 0) as Uint8Array);
    const first = log.checkpointPart(shard, "incoming", 0) === undefined ? undefined : incoming();
    const old = currentTransfer(cluster, 1);
    for (let salt = 5; salt < 9; salt += 1) for (const id of [1, 2, 3]) write(cluster.get(id), id * 20, 30, salt);
    cluster.heal();
    settle(cluster);
    assert.ok(first === undefined || first === old || currentTransfer(cluster, 4) !== first);
  });

  test("with a damaged part is asked for again; one that is not what it says is refused, and asked of another", () => {
    const cluster = compacted();
    let lies = 0;
    let damaged = 0;
    tamper(cluster, (from, one) => {
      const envelope = decodeEnvelope(one.bytes);
      const { message } = envelope;
      if (message.kind !== "snapshot") return one;
      if (from === 1) {
        // a right checksum over a wrong name
        lies += 1;
        return {
          ...one,
          bytes: encodeEnvelope({ ...envelope, message: { ...message, transfer: message.transfer + 1 } }),
        };
      }
      if (message.part === 2 && damaged < 3) {
        damaged += 1;
        const bytes = message.bytes.slice();
        bytes[5] = (bytes[5] as number) ^ 1;
        return { ...one, bytes: encodeEnvelope({ ...envelope, message: { ...message, bytes } }) };
      }
      return one;
    });
    for (const id of [2, 3]) cluster.cut(id, 4);
    cluster.open(4, { log: admittedLog() });
    cluster.pass(40);
    assert.ok(lies > 1, "it is asked again, after a while");
    assert.ok(lies < 20);
    assert.equal(cluster.get(4).shard("c").table.size, 0);
    cluster.heal();
    settle(cluster);
    assert.equal(damaged, 3);
    const incidents = cluster.get(4).status().peering?.incidents ?? [];
    assert.ok(
      incidents.some(({ detail }) => /part 2 of shard .* is damaged/.test(detail)),
      JSON.stringify(incidents),
    );
    const refused = cluster.get(4).status().peering?.refused;
    assert.ok((refused?.["corrupt"] ?? 0) >= 1 && (refused?.["snapshot"] ?? 0) >= 3, JSON.stringify(refused));
  });

  test("whose contents do not have their digests is refused and dropped", () => {
    const cluster = compacted();
    const shard = shardOf(cluster.get(1));
    cluster.open(4);
    const log = cluster.logs.get(4) as MemoryOpLog;
    const count = cluster.logs.get(1)?.checkpointParts(shard, "current").length ?? 0;
    // its last parts never come, until they are put there with a manifest that says something else
    let isCut = true;
    tamper(cluster, (_, one) => {
      const { message } = decodeEnvelope(one.bytes);
      return message.kind === "snapshot" && isCut && message.part >= count - 1 ? undefined : one;
    });
    for (let i = 0; i < 80 && log.checkpointParts(shard, "incoming").length < count - 1; i += 1) cluster.pass();
    const manifest = log.checkpointPart(shard, "incoming", 0) as Uint8Array;
    const text = Buffer.from(manifest).toString("latin1");
    const digest = cluster.get(1).digest("c").points_digest;
    assert.ok(text.length > digest.length);
    const hexAt = text.search(/[0-9a-f]{32}/);
    assert.ok(hexAt > 0);
    const forged = manifest.slice();
    forged[hexAt] = (forged[hexAt] as number) === 0x30 ? 0x31 : 0x30;
    log.transaction((writer) => {
      writer.putCheckpointPart(shard, "incoming", 0, forged);
      for (const part of cluster.logs.get(1)?.checkpointParts(shard, "current") ?? []) {
        const bytes = cluster.logs.get(1)?.checkpointPart(shard, "current", part) as Uint8Array;
        if (part > 0) writer.putCheckpointPart(shard, "incoming", part, bytes);
      }
    });
    cluster.stop(4);
    cluster.open(4, { nonce: 44 });
    cluster.pass(40);
    assert.ok((cluster.get(4).status().peering?.refused["snapshot"] ?? 0) >= 1);
    assert.ok(
      cluster
        .get(4)
        .status()
        .peering?.incidents.some(({ detail }) => /digest|checksum/.test(detail)),
    );
    isCut = false;
    settle(cluster);
  });

  test("that the log refuses at any step leaves the old state, and is taken over when there is room", () => {
    const cluster = compacted();
    const log = new FailingOpLog();
    const joined = cluster.open(4, { log });
    const shard = shardOf(cluster.get(1));
    let failures = 0;
    for (let i = 0; i < 3_000 && !cluster.isSettled(); i += 1) {
      const isComing = log.checkpointParts(shard, "incoming").length > 4;
      if (isComing) log.failAfter(failures * 5);
      try {
        cluster.pass();
      } catch (error) {
        assert.ok(error instanceof MurmurationError && error.code === "storage", String(error));
      }
      if (isComing && log.failed && joined.isDurable()) {
        failures += 1;
        // in the log, the old state or the new one
        const points = [...log.points(shard)].length;
        assert.equal(points, joined.shard("c").table.size);
      }
      log.failAfter(Number.POSITIVE_INFINITY);
    }
    assert.ok(failures > 3, `${failures} failures`);
    settle(cluster);
  });

  test("mends a replica that was put back to an older copy of its log", () => {
    const cluster = compacted();
    const copy = new MemoryOpLog();
    const log = cluster.logs.get(3) as MemoryOpLog;
    // the first rows of the points, and the catalogue
    copy.transaction((writer) => {
      for (const { shard, origin, sequence, bytes } of log.read(0, { shard: "system" }))
        writer.append(shard, origin, sequence, bytes);
      writer.putSetting("replica.id", "3");
    });
    cluster.stop(3);
    const restored = cluster.open(3, { log: copy, nonce: 33 });
    cluster.pass(1);
    assert.equal(restored.shard("c").table.size, 0);
    settle(cluster);
    assert.equal(restored.status().peering?.refusesWrites, undefined);
    write(restored, 500, 3);
    settle(cluster);
  });

  test("is followed by the rows that it does not cover: what a replica wrote while it came is kept", () => {
    const options = { compaction: { rowsMin: 1, rowsPerLive: 0, partBytes: 900 } };
    const cluster = new Cluster([1, 2, 3], options);
    cluster.pass(3);
    run(cluster.get(1), createCollection("c", { "": space(4, "Euclid") }));
    write(cluster.get(1), 0, 20);
    cluster.settle();
    cluster.stop(3);
    const founders = [1, 2, 3];
    const third = cluster.open(3, { cluster: { name: "c", nonce: 33, founders, snapshotLagOperations: 10 } });
    cluster.pass(3);
    // no operation comes to it by itself
    tamper(cluster, (from, one) => {
      if (from === 3 || decodeEnvelope(one.bytes).message.kind !== "operations") return one;
      return one.to === 3 ? undefined : { ...one, to: 3 - from };
    });
    write(cluster.get(1), 100, 15);
    let written = 0;
    for (let i = 0; i < 60; i += 1) {
      // its own rows become stable, and the others' logs are compacted
      run(third, upsert("c", [point(200 + (i % 3), vectorOf(i), { i })]));
      written = i;
      const before = third.shard("c").frontier.get(1);
      cluster.pass();
      if (third.shard("c").frontier.get(1) !== before) break;
    }
    assert.ok((third.shard("c").frontier.get(1) ?? 0) >= 35, "a snapshot was taken over");
    const rows = Array.from(cluster.logs.get(3)?.readOrigin(shardOf(third), 3, 0, 1_000) ?? []);
    assert.ok(rows.length > 0, "rows of its own stand behind it");
    assert.equal(third.shard("c").table.live(200 + (written % 3))?.payload["i"], written);
    const before = identity(third);
    cluster.stop(3);
    assert.deepEqual(identity(cluster.open(3, { recoverFrom: "log", nonce: 34 })), before);
    cluster.stop(3);
    assert.deepEqual(identity(cluster.open(3, { nonce: 35 })), before);
    // and it is not put back to an older one
    const held = new Map(cluster.get(3).shard("c").frontier);
    cluster.pass(20);
    for (const [origin, sequence] of held) {
      assert.ok((cluster.get(3).shard("c").frontier.get(origin) ?? 0) >= sequence);
    }
  });

  test("is followed by whoever reads the replica", () => {
    const cluster = compacted();
    const joined = cluster.open(4);
    for (let i = 0; i < 40 && Object.keys(joined.catalogue.collections).length === 0; i += 1) cluster.pass();
    joined.changes();
    const view = new FollowedReplica(joined);
    let replaced = 0;
    for (let i = 0; i < 60; i += 1) {
      cluster.pass();
      const changes = joined.changes();
      replaced += changes.filter(({ kind }) => kind === "replaced").length;
      view.follow(changes);
      write(cluster.get(1), 400 + i, 1);
    }
    cluster.settle();
    view.follow(joined.changes());
    assert.equal(replaced, 1);
    assert.equal(view.shard("c").ids.length, joined.shard("c").table.size);
    assert.deepEqual(view.shard("c").frontier, joined.shard("c").frontier);
    assertRows(joined);
  });

  test("is no use to a replica that holds all of it", () => {
    const cluster = compacted();
    const alone = openReplica();
    assert.equal(alone.status().compaction.checkpoints, 0);
    assert.deepEqual(cluster.get(1).status().peering?.needSnapshot, []);
    cluster.pass(30);
    for (const id of [1, 2, 3]) {
      assert.deepEqual(cluster.logs.get(id)?.checkpointParts(shardOf(cluster.get(1)), "incoming"), []);
    }
  });
});
