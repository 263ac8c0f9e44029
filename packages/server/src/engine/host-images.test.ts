import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type Command, MemoryOpLog, MemoryVectorFiles, Replica, type VectorSpace } from "@murmuration/core";
import { HostImages } from "./host-images.js";
import { ImageStore } from "./image-store.js";
import { newTableSeed } from "./table-seed.js";

const space: VectorSpace = { size: 2, distance: "Dot", links: 8, efConstruction: 32, quantization: "int8" };

function upsert(...ids: number[]): Command {
  const points = ids.map((id) => ({ id, vectors: { "": Float32Array.of(id, 1) }, payload: {} }));
  return { kind: "upsert-points", collection: "a", points, mode: "upsert" };
}

const idsOf = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

describe("the images that an engine looks after", () => {
  let folder: string;
  let nowMs: number;
  /** What each look at the clock takes. */
  let stepMs: number;
  beforeEach(() => {
    [nowMs, stepMs] = [1_000, 0];
    folder = mkdtempSync(join(tmpdir(), "murmuration-host-images-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A start on the log and the images that the one before has left: nothing is written when it ends. */
  function start(log: MemoryOpLog, every: number) {
    const images = new ImageStore(folder, (_, __, error) => assert.fail(error));
    const vectors = new MemoryVectorFiles();
    const replica = Replica.open({ log, clock: { now: () => nowMs }, newReplicaId: () => 1, newTableSeed, images });
    const tell = (level: string, what: string) => assert.equal(level, "info", what);
    const ticking = () => {
      nowMs += stepMs;
      return nowMs;
    };
    const host = new HostImages({ replica, images, vectors, every, sync: () => true, tell, nowMs: ticking });
    return { replica, host };
  }

  it("are due after a start for what that had to apply anew, until they hold it", () => {
    const log = new MemoryOpLog();
    const first = start(log, 1_000);
    first.replica.execute([{ kind: "create-collection", name: "a", vectors: { "": space }, settings: {} }]);
    assert.ok(!first.host.areDue);
    first.replica.execute([upsert(...idsOf(0, 90))]);
    assert.ok(!first.host.areDue, "a few operations are not");
    const second = start(log, 50);
    assert.ok(second.host.areDue, "so many as nobody should have to apply twice are");
    second.host.save();
    assert.ok(!second.host.areDue);
    assert.ok(!start(log, 50).host.areDue, "the next start has nothing to apply");
  });

  it("are due long before the bound where they cost little, and more rarely the more points there are", () => {
    const { replica, host } = start(new MemoryOpLog(), 1_000);
    replica.execute([{ kind: "create-collection", name: "a", vectors: { "": space }, settings: {} }]);
    replica.execute([upsert(...idsOf(0, 110))]);
    assert.ok(host.areDue, "a tenth of the bound");
    const large = start(new MemoryOpLog(), 1_000);
    large.replica.execute([{ kind: "create-collection", name: "a", vectors: { "": space }, settings: {} }]);
    large.replica.execute([upsert(...idsOf(0, 3_000))]);
    large.host.save();
    large.replica.execute([upsert(...idsOf(3_000, 120))]);
    assert.ok(!large.host.areDue, "what is written for each operation is bounded");
    large.replica.execute([upsert(...idsOf(4_000, 120))]);
    assert.ok(large.host.areDue);
  });

  it("take a bounded part of the time, however slow the disk is", () => {
    const { replica, host } = start(new MemoryOpLog(), 1_000);
    replica.execute([{ kind: "create-collection", name: "a", vectors: { "": space }, settings: {} }]);
    replica.execute([upsert(...idsOf(0, 200))]);
    stepMs = 50;
    host.save();
    stepMs = 0;
    replica.execute([upsert(...idsOf(200, 200))]);
    assert.ok(!host.areDue);
    nowMs += 60 * 1_000;
    assert.ok(host.areDue);
    host.save();
    replica.execute([upsert(...idsOf(400, 1_000))]);
    assert.ok(host.areDue, "the bound holds whatever it takes");
  });
});
