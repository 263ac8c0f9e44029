import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { MemoryOpLog } from "../../log/memory-op-log.js";
import { MemoryVectorFiles } from "../../state/memory-vector-files.js";
import type { Replica } from "../replica.js";
import { createCollection, openReplica, point, run, upsert } from "../replica.test-support.js";

const RECORD_BYTES = 16 + 16;
const isCorrupt = (error: unknown) => error instanceof MurmurationError && error.code === "corrupt";

function ticks(replica: Replica, count = 50): void {
  for (let i = 0; i < count; i++) replica.tick();
}

/** A replica of 40 points with their vectors in a file, and the slot and reader of each. */
function opened() {
  const log = new MemoryOpLog();
  const vectorFiles = new MemoryVectorFiles();
  const replica = openReplica({ log, vectorFiles, compaction: { rowsMin: 1, partBytes: 700 } });
  const collection = { ...createCollection("c"), settings: { vectors: { "": { on_disk: true } } } };
  run(
    replica,
    collection,
    upsert(
      "c",
      Array.from({ length: 40 }, (_, i) => point(i, [i % 7, i % 11])),
    ),
  );
  const [target] = [...replica.writableShards()];
  const index = target?.indexes.get("");
  assert.ok(target !== undefined && index !== undefined && index.kind === "dense");
  const { rows } = index.handle();
  const file = vectorFiles.open(rows as string);
  assert.ok(file !== undefined, "the vectors are in a file");
  const vectors = () => Array.from({ length: 40 }, (_, slot) => [...index.reader.vectorAt(slot)]);
  const harm = (slots: readonly number[]) => {
    for (const slot of slots) file.write(new Uint8Array(RECORD_BYTES).fill(7), slot * RECORD_BYTES, RECORD_BYTES);
  };
  const isWhole = (slot: number) => {
    const record = new Uint8Array(RECORD_BYTES);
    file.read(record, slot * RECORD_BYTES, RECORD_BYTES);
    return !record.every((byte) => byte === 7);
  };
  return { log, replica, shard: target.shard, index, vectors, harm, isWhole };
}

describe("vectors that are damaged in their file", () => {
  test("are written anew from the log when somebody has come upon one", () => {
    const { replica, shard, vectors, harm, isWhole } = opened();
    const wanted = vectors();
    harm([3, 17, 39]);
    replica.mendPayloads(shard.id);
    ticks(replica);
    assert.ok([3, 17, 39].every(isWhole));
    assert.deepEqual(vectors(), wanted);
    assert.ok(
      replica.takeFaults().some(({ what }) => /vectors .* were damaged in their file, and are written anew/.test(what)),
    );
  });

  test("come from the checkpoint where the log has them no more", () => {
    const { log, replica, shard, index, vectors, harm } = opened();
    const wanted = vectors();
    // as a shard that was taken over from another replica
    for (let n = 0; n < 90; n++) run(replica, upsert("c", [point(0, [n, 9])]));
    ticks(replica);
    assert.ok(replica.status().compaction.checkpoints > 0);
    log.transaction((writer) => writer.dropOperations(shard.id, log.lastPosition(), shard.frontier, new Map()));
    harm([5, 6, 30]);
    for (const slot of [5, 6, 30]) assert.throws(() => index.reader.vectorAt(slot), isCorrupt);
    replica.mendPayloads(shard.id);
    ticks(replica);
    for (const slot of [5, 6, 30]) assert.deepEqual([...index.reader.vectorAt(slot)], wanted[slot]);
  });

  test("that are nowhere else end nothing: they are told of, and a new one takes their place", () => {
    const { log, replica, shard, index, harm } = opened();
    log.transaction((writer) => writer.dropOperations(shard.id, log.lastPosition(), shard.frontier, new Map()));
    harm([8]);
    replica.mendPayloads(shard.id);
    ticks(replica);
    assert.ok(replica.takeFaults().some(({ what }) => /the log has them no more/.test(what)));
    assert.throws(() => index.reader.vectorAt(8), isCorrupt);
    // the same vector as before: one that cannot be read is written once more
    run(replica, upsert("c", [point(8, [1, 8])]));
    ticks(replica);
    assert.deepEqual([...index.reader.vectorAt(40)], [1, 8]);
  });
});
