import assert from "node:assert/strict";
import { test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import type { VersionVector } from "../../causality/version-vector.js";
import type { WritableShard } from "../../state/writable-shard.js";
import { createCollection, openReplica, point, REPLICA_ID, run, upsert } from "../replica.test-support.js";
import { GraphMaker } from "./graph-maker.js";
import type { WriteUpkeep } from "./write-upkeep.js";

const POINTS = 50;

/** A collection whose graph was switched, and what a new maker looks at of it. */
function switched() {
  const replica = openReplica();
  const points = (from: number) =>
    upsert(
      "c",
      Array.from({ length: POINTS }, (_, i) => point(from + i, [Math.sin(from + i), Math.cos(3 * i)])),
    );
  run(replica, createCollection("c"), points(1));
  run(replica, { kind: "begin-graph", collection: "c", vector: "", links: 6, efConstruction: 32, by: 0 });
  for (let i = 0; i < 200 && !replica.isAtRest(); i++) replica.tick();
  const [target] = [...replica.writableShards()] as [WritableShard];
  const key = target.shard.collection.graphs?.serving[""] as string;
  const reader = target.indexes.get(key)?.reader as { nodeAt: (slot: number) => unknown };
  const { nodeAt } = reader;
  let looked = 0;
  reader.nodeAt = (slot) => {
    looked++;
    return nodeAt.call(reader, slot);
  };
  const maker = new GraphMaker(target);
  const catalogue: VersionVector = new Map([[REPLICA_ID, 3]]);
  const write = () => assert.fail("everything is linked");
  /** Slots that so many steps look at, and whether there is nothing left to do. */
  const steps = (count: number, isHeard: boolean, owned = [REPLICA_ID]) => {
    looked = 0;
    const stableCatalogue: VersionVector = isHeard ? catalogue : new Map();
    const context = { id: REPLICA_ID, stable: target.shard.frontier, stableCatalogue, catalogue };
    let atRest = false;
    for (let i = 0; i < count; i++) atRest = maker.step(new Set(owned), context, 64, write).atRest;
    return { looked, atRest };
  };
  return { replica, steps, points };
}

test("nodes whose links found no room are linked in the next round", () => {
  /** How many nodes are linked when the operation of this number finds no room; 0: none does. */
  const linked = (failsAt: number) => {
    const replica = openReplica();
    const points = Array.from({ length: POINTS }, (_, i) => point(i + 1, [Math.sin(i), Math.cos(3 * i)]));
    run(replica, createCollection("c"), upsert("c", points));
    run(replica, { kind: "begin-graph", collection: "c", vector: "", links: 6, efConstruction: 32, by: 0 });
    const [target] = [...replica.writableShards()] as [WritableShard];
    const maker = new GraphMaker(target);
    const none: VersionVector = new Map();
    const context = { id: REPLICA_ID, stable: target.shard.frontier, stableCatalogue: none, catalogue: none };
    let operations = 0;
    let nodes = 0;
    const write: WriteUpkeep = (upkeep) => {
      assert.ok(upkeep.kind === "edges");
      if (++operations === failsAt) throw new MurmurationError("capacity", "the graph is full");
      nodes += upkeep.deltas.length;
    };
    for (let i = 0; i < 10; i++) {
      try {
        maker.step(new Set([REPLICA_ID]), context, 16, write);
      } catch (error) {
        assert.equal((error as MurmurationError).code, "capacity");
      }
    }
    return nodes;
  };
  assert.equal(linked(0), POINTS);
  for (const failsAt of [1, 2, 9]) assert.equal(linked(failsAt), POINTS, `operation ${failsAt}`);
});

test("a graph that serves is looked at once after a start, and again only when something came, as long as a member is away", () => {
  const { replica, steps, points } = switched();
  const first = steps(30, false);
  assert.ok(first.looked >= POINTS && first.looked <= POINTS + 10, `${first.looked} slots`);
  assert.deepEqual(steps(30, false), { looked: 0, atRest: false });
  run(replica, points(1_000));
  const second = steps(30, false);
  assert.ok(second.looked >= 2 * POINTS && second.looked <= 2 * POINTS + 10, `${second.looked} slots`);
  // what was found holds when all have heard, as nothing came meanwhile
  assert.deepEqual(steps(1, true), { looked: 0, atRest: true });
});

test("a round that began before all had heard, with something that came in between, is not the last", () => {
  const { replica, steps, points } = switched();
  steps(1, false);
  run(replica, points(1_000));
  assert.equal(steps(1, true).looked > 2 * POINTS - 10, true);
  assert.deepEqual(steps(1, true), { looked: 0, atRest: true });
});

test("a graph is looked at again when this replica looks after the nodes of others", () => {
  const { steps } = switched();
  assert.equal(steps(30, true).atRest, true);
  assert.deepEqual(steps(30, true).looked, 0);
  const after = steps(30, true, [REPLICA_ID, 9]);
  assert.ok(after.looked >= POINTS && after.atRest, `${after.looked} slots`);
});
