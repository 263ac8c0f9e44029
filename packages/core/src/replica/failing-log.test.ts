import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CollectionReader, finish, MurmurationError } from "@murmuration/index";
import { assertUntil } from "@murmuration/index/conformance";
import fc from "fast-check";
import type { Command } from "../command/command.js";
import { FailingOpLog } from "../log/failing-op-log.test-support.js";
import { MemoryOpLog } from "../log/memory-op-log.js";
import type { OpLog } from "../log/op-log.js";
import { commandGroups } from "./model.test-support.js";
import { ReadsHere } from "./reads-here.js";
import type { Replica } from "./replica.js";
import {
  createCollection,
  identity,
  openReplica,
  point,
  run,
  space,
  steppingClock,
  upsert,
} from "./replica.test-support.js";

const STEPS_MAX = 300;

/** The log as others see it, and everything that scrolling shows. */
function contents(log: OpLog, replica: Replica): unknown {
  return {
    entries: [...log.read(0)],
    shards: log.shards().map((shard) => [shard, log.frontier(shard), [...log.points(shard)]]),
    clock: log.setting("replica.clock"),
    pages: Object.values(replica.catalogue.collections).map(({ name }) =>
      new ReadsHere(replica, name).scroll({ limit: 100, selection: { payload: true, vectors: true } }),
    ),
    identity: identity(replica),
  };
}

/** Fails a group at every step of its transaction in turn, and then lets it succeed. Returns how often it failed. */
function failEverywhere(log: FailingOpLog, replica: Replica, group: readonly Command[]): number {
  for (let steps = 0; steps < STEPS_MAX; steps += 1) {
    const before = contents(log, replica);
    log.failAfter(steps);
    const { outcomes, changes } = replica.execute(group);
    if (!log.failed) return steps;
    for (const outcome of outcomes) assert.ok(outcome instanceof MurmurationError && outcome.code === "storage");
    assert.deepEqual(changes, []);
    assert.deepEqual(contents(log, replica), before, `failed at step ${steps + 1}`);
  }
  return assert.fail("the group came to an end");
}

/** Points, payloads, graphs and dots; not the stamps, since a failed attempt may use up times. */
function withoutTimes(log: OpLog, replica: Replica): unknown {
  const names = Object.values(replica.catalogue.collections).map(({ name }) => name);
  return {
    dots: Array.from(log.read(0), ({ shard, origin, sequence }) => [shard, origin, sequence]),
    graphs: names.map((name) => replica.digest(name).graph_digest),
    pages: names.map((name) =>
      new ReadsHere(replica, name).scroll({ limit: 100, selection: { payload: true, vectors: true } }),
    ),
    catalogue: replica.catalogue,
  };
}

describe("a replica whose log fails", () => {
  test("at any step of a group executes none of it, and then goes on as one whose log never failed", () => {
    let failures = 0;
    assertUntil(
      () => ({ failures: [failures, 100] }),
      fc.property(commandGroups, (groups) => {
        const log = new FailingOpLog();
        const sound = new MemoryOpLog();
        // a clock that stands still counts attempts, one that goes on counts none of them: both must do
        const replica = openReplica({ log, clock: { now: () => 1_000 } });
        const other = openReplica({ log: sound, clock: steppingClock() });
        for (const [i, group] of groups.entries()) {
          if (i === groups.length - 1) failures += failEverywhere(log, replica, group);
          else replica.execute(group);
          other.execute(group);
        }
        assert.deepEqual(withoutTimes(log, replica), withoutTimes(sound, other));
        assert.deepEqual(identity(openReplica({ log, recoverFrom: "log" })), identity(replica));
        assert.deepEqual(identity(openReplica({ log })), identity(replica));
      }),
      { numRuns: 30, includeErrorInReport: true },
    );
  });

  test("takes back graphs, payload indexes, aliases and dropped collections", () => {
    const log = new FailingOpLog();
    const replica = openReplica({ log });
    const points = Array.from({ length: 60 }, (_, i) => point(i, [i % 7, i % 11], { n: i }));
    run(replica, createCollection("a"), createCollection("n", { x: space(2, "Cosine") }), upsert("a", points));
    const failures = failEverywhere(log, replica, [
      { kind: "create-payload-index", collection: "a", path: "n", schema: { kind: "integer" } },
      upsert("a", points.slice(0, 5)),
      { kind: "change-aliases", actions: [{ kind: "create-alias", alias: "z", collection: "a" }] },
      { kind: "delete-points", collection: "z", target: { ids: [1, 2, 3, 50] } },
      upsert("n", [point(1, { x: Float32Array.of(1, 1) })]),
      { kind: "delete-collection", name: "n" },
      createCollection("n", { y: space(3) }),
      { kind: "delete-payload-index", collection: "a", path: "n" },
      { kind: "delete-collection", name: "a" },
    ]);
    assert.ok(failures > 20);
    assert.deepEqual(
      Object.values(replica.catalogue.collections).map(({ name }) => name),
      ["n"],
    );
  });

  test("leaves a graph that is as of what readers see: their answers are settled", () => {
    const log = new FailingOpLog();
    const replica = openReplica({ log });
    const points = Array.from({ length: 8 }, (_, i) => point(i, [i, 1]));
    run(replica, createCollection("a"), upsert("a", points));
    const [readable] = replica.readable().values();
    assert.ok(readable !== undefined);
    const reader = new CollectionReader(readable.handle, 4, { bytesOf: () => new Uint8Array() });
    const isSettled = () => {
      const snapshot = reader.begin();
      const node = { kind: "nearest", target: { kind: "vector", vector: Float32Array.of(1, 1) } } as const;
      const selection = { payload: false, vectors: false };
      const query = { node, using: "", limit: 1, offset: 0, parameters: {}, selection };
      const outcome = finish(snapshot.query(query, () => undefined));
      snapshot.release();
      return outcome.isSettled;
    };
    assert.ok(isSettled());
    log.failAfter(0);
    replica.execute([
      upsert("a", [point(1, [5, 5]), point(20, [1, 1])]),
      { kind: "delete-points", collection: "a", target: { ids: [3] } },
    ]);
    assert.ok(log.failed && isSettled());
  });

  test("with an error of its own answers it as a fault of the program", () => {
    const log = new MemoryOpLog();
    const replica = openReplica({ log, clock: { now: () => 0.5 } });
    const [outcome] = replica.execute([createCollection("a")]).outcomes;
    assert.ok(outcome instanceof MurmurationError);
    assert.deepEqual([outcome.code, outcome.message], ["internal", "the operation could not be executed"]);
    assert.equal(log.lastPosition(), 0);
  });
});
