import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { HybridClock } from "../../causality/hybrid-clock.js";
import { MemoryOpLog } from "../../log/memory-op-log.js";
import { ReplicaStore } from "../commit/store.js";
import { recoverReplica } from "../recovery/recovery.js";
import { createCollection, newTableSeed, openReplica, point, run, upsert } from "../replica.test-support.js";
import { Rescuer } from "./rescuer.js";
import { Upkeep } from "./upkeep.js";

test("a node that comparing with others leaves unreachable is rescued, though no operation came", () => {
  const log = new MemoryOpLog();
  const replica = openReplica({ log });
  const points = Array.from({ length: 20 }, (_, id) => point(id, [id % 7, id % 5]));
  run(replica, createCollection("c"), upsert("c", points));
  const store = new ReplicaStore(5, log, new HybridClock(), recoverReplica(log, 5, { newTableSeed }), { newTableSeed });
  const upkeep = new Upkeep(store, undefined);
  const rest = () => {
    for (let ticks = 0; ticks === 0 || !upkeep.status().atRest; ticks++) {
      assert.ok(ticks < 100, "it comes to rest");
      upkeep.tick(1000, {});
    }
  };
  rest();
  const [target] = store.shards.values();
  const space = target?.indexes.get("");
  const links = space?.links;
  assert.ok(target && space && links);
  const owned = new Set([5]);
  assert.deepEqual(links.unreachable(owned, 10), []);
  const lost = space.reader.dotAt(7);
  const { rescued } = upkeep.status();
  // as others say that the lists are: none of them leads to the node
  for (let slot = 0; slot < space.reader.slotCount; slot++) {
    const dot = space.reader.dotAt(slot);
    const lists = links.membersAt(slot).flatMap((members, level) => {
      const isIn = members.some(({ sequence }) => sequence === lost.sequence);
      return isIn ? [{ level, dot, added: [], removed: [lost] }] : [];
    });
    if (lists.length > 0) store.reconcileNode(target, "", dot, lists);
  }
  store.flush();
  assert.deepEqual(links.unreachable(owned, 10), [lost]);
  rest();
  assert.deepEqual(links.unreachable(owned, 10), []);
  assert.ok(upkeep.status().rescued > rescued);
});

test("a graph is walked through once where all of its nodes are this replica's, and for those of others once more", () => {
  const log = new MemoryOpLog();
  run(openReplica({ log }), createCollection("c"), upsert("c", [point(1, [1, 2]), point(2, [2, 1])]));
  const { shards } = recoverReplica(log, 5, { newTableSeed });
  const [target] = shards.values();
  const links = target?.indexes.get("")?.links;
  assert.ok(target && links);
  const walks = mock.method(links, "unreachable");
  const nothing = () => assert.fail("no node is lost");
  assert.ok(new Rescuer(target).step(new Set([5]), true, nothing).atRest);
  assert.equal(walks.mock.callCount(), 1);
  assert.ok(new Rescuer(target).step(new Set([6]), true, nothing).atRest);
  assert.equal(walks.mock.callCount(), 3);
});
