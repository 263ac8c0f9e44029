import assert from "node:assert/strict";
import { test } from "node:test";
import type { WritableShard } from "../../state/writable-shard.js";
import { createCollection, openReplica, run } from "../replica.test-support.js";
import { Comparisons } from "./comparisons.js";

test("comparisons are let go with their shards and peers, though nobody asks for them", () => {
  const replica = openReplica();
  run(replica, createCollection("a"), createCollection("b"));
  const all = [...replica.writableShards()];
  const [kept, dropped] = all as [WritableShard, WritableShard];
  const comparisons = new Comparisons();
  for (const { shard } of all) for (const peer of [2, 3]) comparisons.note(shard, peer, undefined, 1);
  const shardsOf = (...targets: WritableShard[]) => new Map(targets.map((target) => [target.shard.id, target]));
  const count = () => comparisons.status({ shards: shardsOf(...all) }, [2, 3]).length;
  comparisons.letGo({ shards: shardsOf(kept, dropped) }, [2, 3]);
  assert.equal(count(), 4);
  comparisons.letGo({ shards: shardsOf(kept) }, [3]);
  assert.equal(count(), 1);
});
