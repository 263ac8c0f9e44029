import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Command } from "../../command/command.js";
import { MemoryOpLog } from "../../log/memory-op-log.js";
import type { PointState, VectorRegister } from "../../state/point-state.js";
import { encodeRegisters } from "../../state/point-state-codec.js";
import { MemoryImages } from "../memory-images.test-support.js";
import { commandGroups } from "../model.test-support.js";
import type { Replica } from "../replica.js";
import {
  createCollection,
  identity,
  openReplica,
  point,
  refusal,
  run,
  space,
  upsert,
} from "../replica.test-support.js";

const points = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) =>
    point(from + i, { x: Float32Array.of(i % 9, i % 13), y: Float32Array.of(i % 5, 1, i % 3) }, { n: i }),
  );
const spaces = { x: space(2, "Euclid"), y: space(3, "Cosine") };

/** A replica with some points, its images, and then more of everything. */
function grown(): { readonly log: MemoryOpLog; readonly replica: Replica; readonly images: MemoryImages } {
  const log = new MemoryOpLog();
  const replica = openReplica({ log });
  const images = new MemoryImages();
  run(replica, createCollection("c", spaces), upsert("c", points(0, 80)));
  images.save(replica);
  run(replica, upsert("c", points(40, 120)), { kind: "delete-points", collection: "c", target: { ids: [1, 41, 100] } });
  run(replica, { kind: "delete-vectors", collection: "c", target: { ids: [2, 42] }, vectors: ["x"] });
  return { log, replica, images };
}

describe("recovery with images of the graphs", () => {
  test("at any position, with the log after it, ends where replaying the log ends", () => {
    fc.assert(
      fc.property(commandGroups, fc.nat(), fc.nat(), (groups, first, second) => {
        const log = new MemoryOpLog();
        const replica = openReplica({ log });
        const images = new MemoryImages();
        for (const [i, group] of groups.entries()) {
          // graphs may have images of different ages
          if (i === first % groups.length) images.save(replica);
          replica.execute(group);
          if (i === second % groups.length) {
            const [oldest] = images.images.keys();
            const kept = oldest === undefined ? undefined : images.images.get(oldest);
            images.save(replica);
            if (oldest !== undefined && kept !== undefined) images.images.set(oldest, kept);
          }
        }
        assert.deepEqual(identity(openReplica({ log, images })), identity(replica));
        assert.deepEqual(identity(openReplica({ log, recoverFrom: "log" })), identity(replica));
        assert.deepEqual(images.refusals, []);
      }),
      { numRuns: 40, includeErrorInReport: true },
    );
  });

  test("uses the images, and tells where they stood", () => {
    const { log, replica, images } = grown();
    assert.deepEqual(identity(openReplica({ log, images })), identity(replica));
    assert.deepEqual(
      images.usedAt.map(([, position]) => position),
      [81, 81],
    );
    assert.deepEqual(images.refusals, []);
  });

  test("refuses an image that is newer than the log, and makes the graph again", () => {
    const { log, replica, images } = grown();
    images.save(replica, replica.position() + 1);
    assert.deepEqual(identity(openReplica({ log, images })), identity(replica));
    assert.deepEqual(images.usedAt, []);
    assert.deepEqual(
      images.refusals.map(({ code, message }) => [code, /newer/.test(message)]),
      [
        ["corrupt", true],
        ["corrupt", true],
      ],
    );
  });

  test("refuses an image that stands at no position", () => {
    for (const position of [Number.NaN, 1.5, -1]) {
      const { log, replica, images } = grown();
      images.save(replica, position);
      assert.deepEqual(identity(openReplica({ log, images })), identity(replica));
      assert.equal(images.refusals.length, 2, String(position));
    }
  });

  test("refuses a damaged image, wherever the damage is, and makes the graph again", () => {
    const { log, replica, images } = grown();
    const wanted = identity(replica);
    const [name, bytes] = [...images.images][0] as [string, Uint8Array];
    const places = [0, 9, 13, 20, bytes.length >> 2, bytes.length >> 1, bytes.length - 1];
    for (const place of places) {
      const damaged = bytes.slice();
      damaged[place] = (damaged[place] as number) ^ 0x10;
      images.images.set(name, damaged);
      assert.deepEqual(identity(openReplica({ log, images })), wanted, `byte ${place} of ${bytes.length}`);
    }
    for (const length of [0, 3, 40, bytes.length - 1]) {
      images.images.set(name, bytes.slice(0, length));
      assert.deepEqual(identity(openReplica({ log, images })), wanted, `${length} of ${bytes.length} bytes`);
    }
    assert.equal(images.refusals.length, places.length + 4);
    for (const { code } of images.refusals) assert.equal(code, "corrupt");
  });

  test("refuses the image of another vector", () => {
    const { log, replica, images } = grown();
    const [[x, ofX], [y, ofY]] = [...images.images] as [[string, Uint8Array], [string, Uint8Array]];
    images.images.set(x, ofY);
    images.images.set(y, ofX);
    assert.deepEqual(identity(openReplica({ log, images })), identity(replica));
    assert.equal(images.refusals.length, 2);
  });
});

describe("recovery", () => {
  test("keeps the replica's id and never gives an earlier time than before", () => {
    const log = new MemoryOpLog();
    run(openReplica({ log, clock: { now: () => 9_000 } }), createCollection("c", spaces), upsert("c", points(0, 2)));
    const again = openReplica({ log, clock: { now: () => 10 }, newReplicaId: () => assert.fail("it has an id") });
    run(again, upsert("c", [point(0, {}, { late: true })]));
    assert.deepEqual(again.shard("c").table.live(0)?.payload, { late: true });
    assert.deepEqual(again.shard("c").table.live(0)?.stamp.time, { wallMs: 9_000, counter: 3 });
  });

  test("of a log with a change of the catalogue that cannot be read serves what is known, and refuses more changes", () => {
    const log = new MemoryOpLog();
    run(openReplica({ log }), createCollection("c", spaces), upsert("c", points(0, 3)));
    log.transaction((writer) => writer.append("system", 5, 2, Uint8Array.of(1, 2, 3)));
    const replica = openReplica({ log });
    assert.equal(replica.shard("c").table.size, 3);
    run(replica, upsert("c", points(3, 4)));
    const refused = refusal(replica, createCollection("d", spaces));
    assert.equal(refused.code, "unavailable");
    assert.match(refused.message, /changes of collections and aliases are refused: .* \(log position 1\)/);
    assert.deepEqual(replica.standing().reasons, [refused.message]);
    assert.equal(openReplica({ log }).shard("c").table.size, 4);
  });

  test("takes nothing from a collection that was dropped", () => {
    const log = new MemoryOpLog();
    const replica = openReplica({ log });
    const drop: Command = { kind: "delete-collection", name: "c" };
    run(replica, createCollection("c", spaces), upsert("c", points(0, 9)), drop, createCollection("c", spaces));
    // only the catalogue's operations are left
    assert.deepEqual(log.shards(), ["system"]);
    assert.equal([...log.read(0)].length, 3);
    for (const recoverFrom of ["projection", "log"] as const) {
      const recovered = openReplica({ log, recoverFrom });
      assert.equal(recovered.digest("c").points, 0);
      assert.deepEqual(identity(recovered), identity(replica));
    }
  });
});

test("a point whose row is not what the log made is made again from the log, and its row with it", () => {
  const log = new MemoryOpLog();
  const replica = openReplica({ log });
  run(replica, createCollection("c", { "": space(2) }), upsert("c", [point(1, [1, 1]), point(2, [1, 2])]));
  const { id: shard, table } = replica.shard("c");
  const state = table.state(1) as PointState;
  const register = state.vectors[""] as VectorRegister;
  const lost = { ...register, dot: { origin: replica.id, sequence: 99 } };
  const damaged = encodeRegisters({ ...state, vectors: { "": lost } });
  log.transaction((writer) => writer.putPoint(shard, 1, damaged));
  const recovered = openReplica({ log });
  assert.deepEqual(identity(recovered), identity(replica));
  assert.deepEqual(recovered.quarantined(), []);
  const [row] = [...log.points(shard)].filter(({ id }) => id === 1);
  assert.deepEqual(row?.state, encodeRegisters(state));
});
