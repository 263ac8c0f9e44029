import assert from "node:assert/strict";
import { test } from "node:test";
import { denseSpaceOf, type Space } from "@murmuration/index";
import { sequenceOf } from "../causality/version-vector.js";
import { limits } from "../limits.js";
import { Cluster } from "./cluster.test-support.js";
import type { Replica } from "./replica.js";
import { createCollection, point, run, space, upsert } from "./replica.test-support.js";

/** Where a graph's memory says up to which address its lists go (index/assembly/layout.ts), and how little is left of 4 GiB beyond this. */
const LISTS_END_AT = 1096 >>> 2;
const NEARLY_4_GIB = 0xffff_ff00;

const vectorOf = (n: number) => [Math.sin(n), Math.cos(3 * n), Math.sin(7 * n), Math.cos(n * n)];
const write = (replica: Replica, from: number, count: number) =>
  run(
    replica,
    upsert(
      "c",
      Array.from({ length: count }, (_, i) => point(from + i, vectorOf(from + i))),
    ),
  );

/** A replica's graph, the memory of which can be used up to the last bytes, and be as it was. */
class Memory {
  readonly index: Space;
  readonly #words: Uint32Array;
  #before = 0;

  constructor(replica: Replica) {
    const [target] = replica.writableShards();
    const index = target?.indexes.get("");
    assert.ok(index);
    this.index = index;
    this.#words = new Uint32Array(index.handle().memory.buffer);
  }

  fill(): void {
    this.#before = this.#words[LISTS_END_AT] as number;
    this.#words[LISTS_END_AT] = NEARLY_4_GIB;
  }

  makeRoom(): void {
    this.#words[LISTS_END_AT] = this.#before;
  }
}

/** Two replicas that have written without knowing of each other, and hold what both wrote; nothing is stitched yet. */
function unstitched(): { cluster: Cluster; full: Replica; other: Replica; memory: Memory; shard: string } {
  const cluster = new Cluster([1, 2]);
  cluster.settle();
  const [full, other] = [cluster.get(1), cluster.get(2)];
  run(full, createCollection("c", { "": space(4, "Euclid") }));
  cluster.settle();
  cluster.cut(1, 2);
  cluster.budget = { isPaused: true };
  write(full, 0, 60);
  write(other, 1_000, 60);
  cluster.pass(5);
  cluster.heal();
  cluster.pass(30);
  assert.deepEqual(full.digest("c"), other.digest("c"));
  return { cluster, full, other, memory: new Memory(full), shard: full.shard("c").id };
}

const heldOf = (replica: Replica, origin: number) => sequenceOf(replica.shard("c").frontier, origin);
const asideOf = (replica: Replica) =>
  (replica.status().peering?.setAside ?? []).map(({ origin, sequence }) => [origin, sequence]);
/** Tries of one kind of work until the bound on the wait, and one for each bound after. */
const triesIn = (ms: number) =>
  Math.ceil(Math.log2(limits.upkeepRoomRetryMsMax / limits.upkeepRoomRetryMs)) + 1 + ms / limits.upkeepRoomRetryMsMax;

/** Equal again once there is room, and each can follow the other. */
function endsAlike({ cluster, full, other }: ReturnType<typeof unstitched>): void {
  cluster.settle(4_000);
  assert.deepEqual(full.digest("c"), other.digest("c"));
  assert.deepEqual(asideOf(full), []);
  write(other, 5_000, 3);
  write(full, 6_000, 3);
  cluster.settle();
  assert.equal(full.shard("c").table.state(5_002)?.exists, true);
  for (const replica of [full, other]) {
    assert.deepEqual(
      Object.values(replica.validate("c")).map(({ violations }) => violations),
      [[]],
    );
  }
}

test("upkeep for which a full graph has no room is put off, costs next to nothing, and is done once there is room", () => {
  const subject = unstitched();
  const { cluster, full, memory } = subject;
  cluster.cut(1, 2);
  memory.fill();
  cluster.budget = {};
  const [before, own] = [full.digest("c"), heldOf(full, 1)];
  cluster.pass(3_000);
  const { putOff, lacksRoom, stitched, atRest } = full.status().upkeep;
  assert.ok(putOff > 1 && putOff <= lacksRoom * triesIn(3_000 * 100), `${putOff} tries in five minutes`);
  // stitching and rescuing
  assert.deepEqual({ lacksRoom, stitched, atRest }, { lacksRoom: 2, stitched: 0, atRest: true });
  assert.deepEqual(full.digest("c"), before);
  memory.makeRoom();
  cluster.heal();
  endsAlike(subject);
  const after = full.status().upkeep;
  assert.deepEqual([after.lacksRoom, after.putOff], [0, putOff]);
  assert.ok(after.stitched > 0 && heldOf(full, 1) > own);
});

test("edges that come while a graph is full wait, named, and are taken once there is room", () => {
  const subject = unstitched();
  const { cluster, full, other, memory } = subject;
  const held = heldOf(full, 2);
  const before = full.digest("c");
  memory.fill();
  cluster.budget = {};
  cluster.pass(100);
  assert.ok(heldOf(other, 2) > held, "the other one has stitched");
  assert.equal(heldOf(full, 2), held, "nothing is held that was not applied");
  assert.deepEqual(asideOf(full), [[2, held + 1]]);
  assert.deepEqual(full.digest("c"), before);
  memory.makeRoom();
  endsAlike(subject);
});

test("a purge that comes while a graph is full waits, named, and is taken once there is room", () => {
  const subject = unstitched();
  const { cluster, full, other, memory } = subject;
  cluster.budget = {};
  cluster.settle();
  assert.ok(denseSpaceOf(memory.index).links.counters().overflowLists > 0, "some lists are too long for their places");
  cluster.budget = { isPaused: true };
  const ids = [...full.shard("c").table.states()].map(({ id }) => id);
  run(other, { kind: "delete-points", collection: "c", target: { ids } });
  cluster.pass(30);
  const [held, dead] = [heldOf(full, 2), full.digest("c").dead];
  assert.equal(dead, 120);
  memory.fill();
  cluster.budget = {};
  cluster.pass(100);
  assert.ok(other.status().upkeep.purged > 0);
  assert.equal(heldOf(full, 2), held, "nothing is held that was not applied");
  assert.deepEqual(asideOf(full), [[2, held + 1]]);
  assert.equal(full.digest("c").dead, dead);
  assert.ok(full.status().upkeep.lacksRoom > 0);
  memory.makeRoom();
  endsAlike(subject);
  assert.equal(full.digest("c").dead, 0);
});
