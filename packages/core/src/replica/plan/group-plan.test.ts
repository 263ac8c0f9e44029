import assert from "node:assert/strict";
import { test } from "node:test";
import { denseSpaceOf, MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import type { PointInput } from "../../command/command.js";
import { FailingOpLog } from "../../log/failing-op-log.test-support.js";
import { MemoryOpLog } from "../../log/memory-op-log.js";
import { ReadsHere } from "../reads-here.js";
import type { Replica } from "../replica.js";
import { createCollection, identity, openReplica, point, run, space, upsert } from "../replica.test-support.js";
import { oneAfterAnother, type Planner } from "./planner.js";

/** Plans groups of this size in one thread. */
const inGroups = (groupSize: number): Planner => ({ ...oneAfterAnother, groupSize });

const spaces = { "": space(3, "Euclid"), second: space(2, "Cosine") };

const vector = (size: number) =>
  fc
    .array(fc.integer({ min: -4, max: 4 }), { minLength: size, maxLength: size })
    .map((some) => Float32Array.from(some));
const points: fc.Arbitrary<PointInput> = fc
  .record({ id: fc.nat({ max: 12 }), first: vector(3), second: fc.option(vector(2), { nil: undefined }) })
  .map(({ id, first, second }) => point(id, second === undefined ? { "": first } : { "": first, second }));
const batches = fc.array(fc.array(points, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 6 });

const shown = (replica: Replica) =>
  new ReadsHere(replica, "c").scroll({ limit: 100, selection: { payload: true, vectors: true } });

test("points that are planned in groups are those that are planned one by one, and the log makes the same graphs", () => {
  fc.assert(
    fc.property(batches, fc.integer({ min: 2, max: 24 }), (written, size) => {
      const log = new MemoryOpLog();
      const grouped = openReplica({ log, planner: inGroups(size) });
      const single = openReplica();
      for (const replica of [grouped, single]) run(replica, createCollection("c", spaces));
      for (const some of written) {
        for (const replica of [grouped, single]) run(replica, upsert("c", some));
      }
      assert.deepEqual(shown(grouped), shown(single));
      for (const report of Object.values(grouped.validate("c"))) assert.deepEqual(report.violations, []);
      for (const { indexes } of grouped.writableShards()) {
        for (const index of indexes.values()) assert.equal(denseSpaceOf(index).links.counters().missedAdds, 0);
      }
      assert.deepEqual(identity(openReplica({ log, recoverFrom: "log" })), identity(grouped));
    }),
    { numRuns: 60 },
  );
});

test("an update of vectors is planned in groups too", () => {
  const replica = openReplica({ planner: inGroups(8) });
  run(replica, createCollection("c", spaces));
  const many = Array.from({ length: 20 }, (_, i) =>
    point(i, { "": Float32Array.of(i, 1, 2), second: Float32Array.of(1, i) }),
  );
  run(replica, upsert("c", many));
  const updated = many.map(({ id }, i) => ({ id, vectors: { "": Float32Array.of(50 - i, i % 3, 9) } }));
  run(replica, { kind: "update-vectors", collection: "c", points: updated });
  assert.deepEqual(
    shown(replica).points.map(({ vectors }) => vectors?.[""]),
    updated.map(({ vectors }) => vectors[""]),
  );
  for (const report of Object.values(replica.validate("c"))) assert.deepEqual(report.violations, []);
});

test("what a planner does not deliver is planned by itself", () => {
  const lossy: Planner = {
    groupSize: 16,
    candidates: (index, some) =>
      oneAfterAnother.candidates(index, some).map((one, i) => (i % 2 === 0 ? one : undefined)),
  };
  const replica = openReplica({ planner: lossy });
  run(replica, createCollection("c", spaces));
  run(
    replica,
    upsert(
      "c",
      Array.from({ length: 40 }, (_, i) => point(i, { "": Float32Array.of(i, i % 5, 2) })),
    ),
  );
  assert.equal(shown(replica).points.length, 40);
  for (const report of Object.values(replica.validate("c"))) assert.deepEqual(report.violations, []);
});

test("a group that the log refuses at any of its steps leaves nothing, and comes out the same afterwards", () => {
  const log = new FailingOpLog();
  const replica = openReplica({ log, planner: inGroups(16) });
  run(replica, createCollection("c", spaces));
  run(replica, upsert("c", [point(1, { "": Float32Array.of(1, 2, 3) }), point(2, { "": Float32Array.of(3, 2, 1) })]));
  const command = upsert(
    "c",
    [1, 3, 2, 3, 4, 5].map((id, i) => point(id, { "": Float32Array.of(i, id, 7) })),
  );
  let steps = 0;
  for (; steps < 300; steps++) {
    const before = identity(replica);
    log.failAfter(steps);
    const [outcome] = replica.execute([command]).outcomes;
    if (!log.failed) break;
    assert.ok(outcome instanceof MurmurationError && outcome.code === "storage");
    assert.deepEqual(identity(replica), before);
  }
  assert.ok(steps > 6, `${steps} steps`);
  const undisturbed = openReplica({ planner: inGroups(16) });
  run(undisturbed, createCollection("c", spaces));
  run(
    undisturbed,
    upsert("c", [point(1, { "": Float32Array.of(1, 2, 3) }), point(2, { "": Float32Array.of(3, 2, 1) })]),
  );
  run(undisturbed, command);
  assert.equal(replica.digest("c").graph_digest, undisturbed.digest("c").graph_digest);
});
