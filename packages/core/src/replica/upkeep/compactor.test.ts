import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { assertUntil } from "@murmuration/index/conformance";
import fc from "fast-check";
import { FailingOpLog } from "../../log/failing-op-log.test-support.js";
import { MemoryOpLog } from "../../log/memory-op-log.js";
import type { OpLog } from "../../log/op-log.js";
import { decodeOperation } from "../../operation/codec.js";
import { visibleDot, visibleVectorNames } from "../../state/point-state.js";
import { Cluster } from "../cluster.test-support.js";
import { commandGroups } from "../model.test-support.js";
import { imageNote } from "../recovery/recover-shard.js";
import type { ReplicaOptions } from "../recovery/replica-options.js";
import type { Replica } from "../replica.js";
import { createCollection, identity, openReplica, point, run, space, upsert } from "../replica.test-support.js";

const compaction = { rowsMin: 1, partBytes: 700 };
const points = (from: number, to: number, n = 0) =>
  Array.from({ length: to - from }, (_, i) => point(from + i, [(from + i) % 7, n + ((from + i) % 11)], { n }));

/** The rows of a log's collections, by dot. */
function rows(log: OpLog): string[] {
  return Array.from(log.read(0), ({ shard, origin, sequence }) => `${shard} ${origin}:${sequence}`).filter(
    (row) => !row.startsWith("system"),
  );
}

function shownRows(replica: Replica, collection: string): string[] {
  const shard = replica.shard(collection);
  const shown = new Set<string>();
  for (const state of shard.table.states()) {
    for (const name of visibleVectorNames(state)) {
      const dot = visibleDot(state, name);
      shown.add(`${shard.id} ${dot?.origin}:${dot?.sequence}`);
    }
  }
  return [...shown];
}

/** A replica that is alone, whose points were written over and over. */
function rewritten(log: OpLog, options: object = { compaction }): Replica {
  const replica = openReplica({ log, ...options });
  run(replica, createCollection("c"), upsert("c", points(0, 40)));
  for (let n = 1; n < 4; n += 1) run(replica, upsert("c", points(0, 30, n)));
  run(replica, { kind: "delete-points", collection: "c", target: { ids: [1, 2, 35] } });
  return replica;
}

describe("compaction", () => {
  test("keeps the rows of vectors that points have, and drops what is only in the checkpoint", () => {
    const log = new MemoryOpLog();
    const replica = rewritten(log);
    const before = log.lastPosition();
    replica.tick();
    assert.equal(replica.status().compaction.checkpoints, 1);
    assert.deepEqual(rows(log).sort(), shownRows(replica, "c").sort());
    const shard = replica.shard("c");
    const written = [...shard.frontier.values()].reduce((sum, sequence) => sum + sequence, 0);
    assert.equal(replica.status().compaction.droppedRows, written - rows(log).length);
    assert.ok(written > 130 && rows(log).length === 37);
    assert.ok(log.lastPosition() >= before);
    assert.deepEqual(log.frontier(shard.id), shard.frontier);
    for (const { origin, sequence, bytes } of log.read(0, { shard: shard.id })) {
      assert.ok("vectors" in decodeOperation(shard.id, origin, sequence, bytes));
    }
    assert.ok(log.checkpointParts(shard.id, "current").length > 5, "of many parts");
  });

  test("waits until there is enough to drop, and does not repeat itself", () => {
    const log = new MemoryOpLog();
    const replica = rewritten(log, { compaction: { rowsMin: 180 } });
    replica.tick();
    assert.equal(replica.status().compaction.checkpoints, 0);
    for (let n = 5; n < 8; n += 1) run(replica, upsert("c", points(0, 30, n)));
    for (let i = 0; i < 5; i += 1) replica.tick();
    assert.equal(replica.status().compaction.checkpoints, 1);
  });

  test("of random histories, at any place, changes nothing that recovery ends at", () => {
    let compacted = 0;
    assertUntil(
      () => ({ compactions: [compacted, 30] }),
      fc.property(commandGroups, fc.nat(), fc.nat(), (groups, first, second) => {
        const log = new MemoryOpLog();
        const replica = openReplica({ log, compaction });
        const places = [first % groups.length, second % groups.length];
        for (const [i, group] of groups.entries()) {
          replica.execute(group);
          if (places.includes(i)) replica.tick();
        }
        compacted += replica.status().compaction.checkpoints;
        assert.deepEqual(identity(openReplica({ log })), identity(replica));
        assert.deepEqual(identity(openReplica({ log, recoverFrom: "log" })), identity(replica));
      }),
      { numRuns: 150, includeErrorInReport: true },
    );
  });

  test("that the log refuses at any step leaves everything as it was, and is tried again later", () => {
    const log = new FailingOpLog();
    const nowMs = { value: 1_000 };
    const replica = rewritten(log, { compaction, clock: { now: () => nowMs.value } });
    const wanted = identity(replica);
    const before = rows(log);
    let failures = 0;
    for (let steps = 0; ; steps += 1) {
      log.failAfter(steps);
      // upkeep writes nothing more at the second tick, so that the failure is the compaction's
      try {
        replica.tick();
      } catch (error) {
        assert.ok(error instanceof MurmurationError && error.code === "storage");
      }
      if (!log.failed) break;
      failures += 1;
      assert.deepEqual(log.checkpointParts(replica.shard("c").id, "current"), []);
      assert.ok(before.every((row) => rows(log).includes(row)));
      nowMs.value += 60_000;
    }
    log.failAfter(Number.POSITIVE_INFINITY);
    assert.ok(failures > 5, `${failures} failures`);
    assert.equal(replica.status().compaction.checkpoints, 1);
    assert.equal(replica.status().compaction.failure, undefined);
    assert.equal((wanted as { digests: { points: number }[] }).digests[0]?.points, 37);
    assert.deepEqual(identity(openReplica({ log, recoverFrom: "log" })), identity(replica));
  });

  test("drops nothing that a member lacks", () => {
    const cluster = new Cluster([1, 2, 3], { compaction });
    cluster.pass(3);
    run(cluster.get(1), createCollection("c"));
    cluster.pass(3);
    cluster.cut(1, 3);
    cluster.cut(2, 3);
    for (let n = 0; n < 4; n += 1) run(cluster.get(1), upsert("c", points(0, 20, n)));
    cluster.pass(20);
    assert.equal(cluster.get(1).status().compaction.checkpoints, 0);
    assert.equal(cluster.get(2).shard("c").table.size, 20);
    cluster.heal();
    cluster.settle();
    cluster.pass(20);
    for (const id of [1, 2, 3]) assert.ok(cluster.get(id).status().compaction.checkpoints > 0);
    assert.deepEqual(cluster.get(3).status().peering?.needSnapshot, []);
  });
});

describe("recovery with a checkpoint", () => {
  function imagesOf(replica: Replica, position: number) {
    const refusals: string[] = [];
    const bytes = new Map<string, Uint8Array>();
    for (const { shard, indexes } of replica.writableShards()) {
      for (const [vector, index] of indexes)
        bytes.set(
          shard.id + vector,
          new Uint8Array(Buffer.concat([...index.image(imageNote({ position, token: undefined }, shard.causality))])),
        );
    }
    let used = 0;
    const images = {
      open: (shard: string, vector: string) => {
        let at = 0;
        const image = bytes.get(shard + vector) as Uint8Array;
        return (target: Uint8Array) => {
          if (at + target.length > image.length) return false;
          target.set(image.subarray(at, at + target.length));
          at += target.length;
          return true;
        };
      },
      used: () => void used++,
      refused: (_shard: string, _vector: string, error: MurmurationError) => void refusals.push(error.message),
      openTable: () => undefined,
      refusedTable: (_shard: string, error: MurmurationError) => assert.fail(error),
    };
    return { images, refusals, used: () => used };
  }

  test("takes an image that is newer, and refuses one that is older than the checkpoint", () => {
    const log = new MemoryOpLog();
    const replica = rewritten(log);
    const old = imagesOf(replica, replica.position());
    run(replica, upsert("c", points(50, 60)));
    replica.tick();
    run(replica, upsert("c", points(70, 80)));
    const young = imagesOf(replica, replica.position());
    run(replica, upsert("c", points(90, 95)));
    assert.deepEqual(identity(openReplica({ log, images: old.images })), identity(replica));
    assert.deepEqual([old.used(), old.refusals.length], [0, 1]);
    assert.match(old.refusals[0] as string, /older than the log's checkpoint/);
    assert.deepEqual(identity(openReplica({ log, images: young.images })), identity(replica));
    assert.deepEqual([young.used(), young.refusals.length], [1, 0]);
  });

  const quarantined = (options: Partial<ReplicaOptions>) => openReplica(options).quarantined()[0]?.reason ?? "";

  test("of a damaged checkpoint, or one that its log does not reach, quarantines the collection and says so", () => {
    const build = () => {
      const log = new MemoryOpLog();
      const replica = rewritten(log);
      replica.tick();
      return { log, id: replica.shard("c").id };
    };
    for (const part of [0, 1, 3]) {
      const { log, id } = build();
      const bytes = (log.checkpointPart(id, "current", part) as Uint8Array).slice();
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
      log.transaction((writer) => writer.putCheckpointPart(id, "current", part, bytes));
      for (const recoverFrom of ["projection", "log"] as const)
        assert.match(quarantined({ log, recoverFrom }), /checkpoint|windows/, `part ${part}`);
    }
    const { log, id } = build();
    log.transaction((writer) => writer.dropCheckpoint(id, "current"));
    assert.match(quarantined({ log }), /its manifest is missing/);
    const other = build();
    other.log.transaction((writer) => {
      const stored = JSON.parse(other.log.setting(`checkpoint.${other.id}`) as string) as object;
      writer.putSetting(`checkpoint.${other.id}`, JSON.stringify({ ...stored, position: 1e6 }));
    });
    assert.match(quarantined({ log: other.log }), /the log is older than the checkpoint/);
  });

  test("a collection that is dropped takes its checkpoint with it", () => {
    const log = new MemoryOpLog();
    const replica = rewritten(log);
    replica.tick();
    const { id } = replica.shard("c");
    run(replica, { kind: "delete-collection", name: "c" }, createCollection("d", { "": space(2) }));
    assert.deepEqual(log.checkpointParts(id, "current"), []);
    assert.deepEqual(identity(openReplica({ log })), identity(replica));
  });
});
