import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { MemoryOpLog } from "../log/memory-op-log.js";
import { createCollection, openReplica, point, run, space, upsert } from "./replica.test-support.js";

const DIMENSIONS = 64;

/** Vectors that no two encodings leave alike. */
const vectorOf = (id: number) => Array.from({ length: DIMENSIONS }, (_, i) => Math.sin(id * 37 + i) * 3);

function filled(encoding: "f16" | "sq8" | "u8" | "turbo4" | undefined) {
  const log = new MemoryOpLog();
  const replica = openReplica({ log });
  const vectors = { "": { ...space(DIMENSIONS, "Cosine"), ...(encoding === undefined ? {} : { encoding }) } };
  const points = Array.from({ length: 40 }, (_, id) => point(id, vectorOf(id)));
  run(replica, createCollection("k", vectors), upsert("k", points));
  const bytes = [...log.read(0, { shard: replica.shard("k").id })].map((entry) => entry.bytes.byteLength);
  return { log, replica, points, bytesPerUpsert: bytes.reduce((sum, one) => sum + one, 0) / bytes.length };
}

describe("vectors that travel encoded", () => {
  for (const encoding of ["f16", "sq8", "u8", "turbo4"] as const) {
    test(`${encoding}: a replay of the log ends in the same state, to the bit`, () => {
      const { log, replica } = filled(encoding);
      const digest = replica.digest("k");
      assert.deepEqual(openReplica({ log, recoverFrom: "log" }).digest("k"), digest);
      assert.deepEqual(openReplica({ log }).digest("k"), digest);
      assert.notEqual(digest.points_digest, filled(undefined).replica.digest("k").points_digest);
    });

    test(`${encoding}: written again as they were given, they keep their nodes`, () => {
      const { replica, points } = filled(encoding);
      run(replica, upsert("k", points));
      assert.equal(replica.digest("k").dead, 0);
    });
  }

  test("are as much smaller in the log as their encoding says", () => {
    const f32 = filled(undefined).bytesPerUpsert;
    assert.ok(f32 - filled("f16").bytesPerUpsert >= 2 * DIMENSIONS - 2);
    assert.ok(f32 - filled("sq8").bytesPerUpsert >= 3 * DIMENSIONS - 6);
    assert.ok(f32 - filled("turbo4").bytesPerUpsert >= 3.5 * DIMENSIONS - 7);
  });

  test("a value that float16 cannot hold is refused, with all that came with it", () => {
    const replica = openReplica();
    run(replica, createCollection("k", { "": { ...space(2), encoding: "f16" } }));
    const [outcome] = replica.execute([upsert("k", [point(1, [1, 2]), point(2, [70_000, 1])])]).outcomes;
    assert.ok(outcome instanceof MurmurationError);
    assert.deepEqual([outcome.code, outcome.field], ["wrong-input", "points[1].vector"]);
    assert.equal(replica.digest("k").points, 0);
  });
});
