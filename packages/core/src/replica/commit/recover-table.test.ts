import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Command } from "../../command/command.js";
import { MemoryOpLog } from "../../log/memory-op-log.js";
import { rowProblems } from "../../state/row-problems.js";
import { MemoryImages } from "../memory-images.test-support.js";
import { commandGroups } from "../model.test-support.js";
import type { Replica } from "../replica.js";
import { createCollection, identity, openReplica, point, run, space, upsert } from "../replica.test-support.js";
import { noteMended } from "./recover-table.js";

const spaces = { x: space(2, "Euclid"), y: space(3, "Cosine") };
const points = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) =>
    point(
      from + i,
      { x: Float32Array.of(i % 9, i % 13), y: Float32Array.of(i % 5, 1, i % 3) },
      { n: i, of: `${i % 3}` },
    ),
  );
const createIndex = (path: string): Command => ({
  kind: "create-payload-index",
  collection: "c",
  path,
  schema: { kind: "keyword" },
});

/** What is wrong with the rows of a replica. */
function problemsOf(replica: Replica): string[] {
  for (let steps = 0; replica.buildIndexes(100) && steps < 1_000; steps++);
  return [...replica.writableShards()].flatMap((target) => rowProblems(target));
}

/** How many groups the rows of "c" have seen. */
function epochOf(replica: Replica): number {
  const [target] = [...replica.writableShards()];
  assert.ok(target !== undefined);
  return target.rows.segment.epoch;
}

/** A replica, and images of what it had at first; then it went on. */
function grown() {
  const log = new MemoryOpLog();
  const replica = openReplica({ log });
  const images = new MemoryImages();
  run(replica, createCollection("c", spaces), createIndex("of"), upsert("c", points(0, 80)));
  images.save(replica);
  return { log, replica, images };
}

/** Opens a log with images, and expects the rows to be those of the points. */
function reopened(log: MemoryOpLog, images: MemoryImages, wanted: Replica): Replica {
  const again = openReplica({ log, images });
  assert.deepEqual(problemsOf(again), []);
  assert.deepEqual(identity(again), identity(wanted));
  return again;
}

describe("recovery with images of tables", () => {
  test("at any position, with the log after it, has the rows of the points", () => {
    fc.assert(
      fc.property(commandGroups, fc.nat(), (groups, first) => {
        const log = new MemoryOpLog();
        const replica = openReplica({ log });
        const images = new MemoryImages();
        for (const [i, group] of groups.entries()) {
          if (i === first % groups.length) images.save(replica);
          replica.execute(group);
        }
        const again = reopened(log, images, replica);
        // and goes on from there
        for (const group of groups) again.execute(group);
        assert.deepEqual(problemsOf(again), []);
        assert.deepEqual([...images.refusals, ...images.tableRefusals], []);
      }),
      { numRuns: 60, includeErrorInReport: true },
    );
  });

  test("takes the rows as they were, and makes those of points that were touched since", () => {
    const { log, replica, images } = grown();
    const before = epochOf(replica);
    assert.equal(epochOf(reopened(log, images, replica)), before + 1, "one group brings it up to date");
    run(replica, upsert("c", points(40, 120)), {
      kind: "delete-points",
      collection: "c",
      target: { ids: [1, 41, 100] },
    });
    run(replica, { kind: "delete-vectors", collection: "c", target: { ids: [2, 42] }, vectors: ["x"] });
    run(replica, { kind: "set-payload", collection: "c", target: { ids: [3] }, payload: { of: "9" } });
    assert.equal(epochOf(reopened(log, images, replica)), before + 1);
    assert.deepEqual(images.tableRefusals, []);
  });

  test("builds payload indexes that are new, and drops those that are gone", () => {
    const { log, replica, images } = grown();
    run(replica, createIndex("n"), { kind: "delete-payload-index", collection: "c", path: "of" });
    const again = reopened(log, images, replica);
    const [target] = [...again.writableShards()];
    assert.deepEqual(target?.rows.columns.shownPaths(), ["n"]);
    assert.deepEqual(images.tableRefusals, []);
  });

  test("says whether an image would be another", () => {
    const { log, replica, images } = grown();
    const again = reopened(log, images, replica);
    const [target] = [...again.writableShards()];
    assert.equal(target?.rows.isImaged, true);
    run(again, upsert("c", points(0, 1)));
    assert.equal(target?.rows.isImaged, false);
  });

  test("refuses a damaged one, wherever the damage is, and makes the rows again", () => {
    const { log, replica, images } = grown();
    const [[name, bytes]] = [...images.tables] as [[string, Uint8Array]];
    const places = [0, 9, 13, 20, bytes.length >> 2, bytes.length >> 1, bytes.length - 1];
    for (const place of places) {
      const damaged = bytes.slice();
      damaged[place] = (damaged[place] as number) ^ 0x10;
      images.tables.set(name, damaged);
      reopened(log, images, replica);
    }
    for (const length of [0, 3, 40, bytes.length - 1]) {
      images.tables.set(name, bytes.slice(0, length));
      reopened(log, images, replica);
    }
    assert.equal(images.tableRefusals.length, places.length + 4);
    for (const { code } of images.tableRefusals) assert.equal(code, "corrupt");
  });

  const refusals: Record<string, (grown: { log: MemoryOpLog; replica: Replica; images: MemoryImages }) => void> = {
    "of a graph that was made again from the log": ({ images }) => {
      images.images.delete([...images.images.keys()][1] as string);
    },
    "of graphs whose images were written later": ({ replica, images }) => {
      const tables = new Map(images.tables);
      run(replica, upsert("c", points(10, 90)));
      images.save(replica);
      for (const [shard, bytes] of tables) images.tables.set(shard, bytes);
    },
    "that is newer than the log": ({ replica, images }) => {
      const graphs = new Map(images.images);
      images.save(replica, replica.position() + 1);
      for (const [name, bytes] of graphs) images.images.set(name, bytes);
    },
    "of before points were mended, which no operation says": ({ log, replica }) => {
      log.transaction((writer) => noteMended(writer, log, replica.shard("c").id));
    },
  };
  for (const [what, spoil] of Object.entries(refusals)) {
    test(`refuses one ${what}`, () => {
      const all = grown();
      spoil(all);
      const again = reopened(all.log, all.images, all.replica);
      assert.equal(all.images.tableRefusals.length, 1);
      // and the next one is good again
      all.images.save(again);
      reopened(all.log, all.images, again);
      assert.equal(all.images.tableRefusals.length, 1);
    });
  }
});
