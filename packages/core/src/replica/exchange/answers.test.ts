import assert from "node:assert/strict";
import { test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { MemoryOpLog } from "../../log/memory-op-log.js";
import type { LogEntry } from "../../log/op-log.js";
import { Cluster } from "../cluster.test-support.js";
import { createCollection, point, run, upsert } from "../replica.test-support.js";

/** A log of which the row of one operation of points has rotted since it was written. */
class RottingOpLog extends MemoryOpLog {
  rotten: number | undefined;

  override *readOrigin(shard: string, origin: number, after: number, limit: number): Iterable<LogEntry> {
    for (const entry of super.readOrigin(shard, origin, after, limit)) {
      if (shard !== "system" && entry.sequence === this.rotten)
        throw new MurmurationError("corrupt", "a row is damaged");
      yield entry;
    }
  }
}

test("a row that has rotted is named; what comes before it is sent, and the rest by who has it", () => {
  const cluster = new Cluster([1, 2, 3]);
  const log = new RottingOpLog();
  cluster.open(1, { log });
  cluster.pass(3);
  run(cluster.get(1), createCollection("c"));
  cluster.settle();
  cluster.cut(1, 3);
  cluster.cut(2, 3);
  run(cluster.get(1), upsert("c", [point(1, [1, 0]), point(2, [0, 1]), point(3, [1, 1])]));
  cluster.pass(10);
  log.rotten = 2;
  cluster.heal();
  cluster.cut(2, 3);
  cluster.pass(40);
  const held = () => cluster.get(3).shard("c").table.size;
  assert.equal(held(), 1, "the one before it");
  assert.ok((cluster.get(1).status().peering?.refused["damaged row"] ?? 0) > 0);
  assert.match(cluster.get(1).status().peering?.incidents.at(-1)?.detail ?? "", /operation 1:2 of shard/);
  cluster.heal();
  cluster.settle();
  assert.equal(held(), 3);
});
