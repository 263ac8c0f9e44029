import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { decodeImage, MurmurationError, VectorIndex, type VectorIndexOptions } from "@murmuration/index";
import { ImageStore } from "./image-store.js";

const options: VectorIndexOptions = { dimensions: 3, metric: "dot", links: 4, efConstruction: 8, quantization: "int8" };

function indexOf(count: number): VectorIndex {
  const index = new VectorIndex(options);
  for (let sequence = 1; sequence <= count; sequence++) {
    const vector = Float32Array.of(sequence, sequence % 7, -sequence % 5);
    index.apply({ origin: 1, sequence }, vector, index.plan({ origin: 1, sequence }, vector));
  }
  return index;
}

describe("the store of graph images", () => {
  let folder: string;
  let refused: string[];
  let store: ImageStore;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "murmuration-images-"));
    refused = [];
    store = new ImageStore(folder, (shard, vector, error) => refused.push(`${shard}/${vector}: ${error.message}`));
  });
  afterEach(() => {
    store.closeAll();
    rmSync(folder, { recursive: true, force: true });
  });

  const load = (shard: string, vector: string) => {
    const read = store.open(shard, vector);
    return read === undefined ? undefined : decodeImage(options, read);
  };

  it("gives back what was saved, under any vector name", () => {
    const index = indexOf(50);
    for (const name of ["", "../../up", "ä/b\0c", "x".repeat(300)]) {
      store.save("s", name, index, 12);
      const loaded = load("s", name);
      assert.equal(loaded?.index.digest(), index.digest());
      assert.equal(loaded?.note, '{"position":12}');
      assert.equal(store.position("s", name), 12);
    }
    assert.deepEqual(readdirSync(folder), ["s"]);
    assert.equal(readdirSync(join(folder, "s")).length, 4);
  });

  it("has nothing of what was never saved", () => {
    assert.equal(store.open("s", ""), undefined);
    assert.equal(store.position("s", ""), 0);
  });

  it("replaces an image, also while the one before is being read", () => {
    store.save("s", "", indexOf(10), 1);
    const read = store.open("s", "");
    const after = indexOf(20);
    store.save("s", "", after, 2);
    assert.ok(read !== undefined);
    assert.equal(decodeImage(options, read).note, '{"position":1}');
    assert.equal(load("s", "")?.index.digest(), after.digest());
  });

  it("keeps the image before when a new one cannot be finished", () => {
    const before = indexOf(10);
    store.save("s", "", before, 1);
    // in the way of the unfinished file
    const [file] = readdirSync(join(folder, "s"));
    mkdirSync(join(folder, "s", `${file}.unfinished`));
    assert.throws(() => store.save("s", "", indexOf(20), 2));
    assert.equal(load("s", "")?.index.digest(), before.digest());
    assert.equal(store.position("s", ""), 1);
  });

  it("sweeps what belongs to no shard and what was never finished", () => {
    store.save("kept", "", indexOf(5), 1);
    store.save("gone", "", indexOf(5), 1);
    writeFileSync(join(folder, "kept", "x.image.unfinished"), "half");
    store.sweep(new Set(["kept", "new"]));
    assert.deepEqual(readdirSync(folder), ["kept"]);
    assert.equal(readdirSync(join(folder, "kept")).length, 1);
    assert.ok(load("kept", "") !== undefined);
  });

  it("takes a refused image away and tells of it", () => {
    store.save("s", "", indexOf(5), 1);
    const [file] = readdirSync(join(folder, "s"));
    store.refused("s", "", new MurmurationError("corrupt", "it is damaged"));
    assert.deepEqual(refused, ["s/: it is damaged"]);
    assert.equal(existsSync(join(folder, "s", String(file))), false);
    assert.equal(store.open("s", ""), undefined);
  });

  it("remembers where a used image stood", () => {
    store.used("s", "v", 77);
    assert.equal(store.position("s", "v"), 77);
    assert.equal(store.position("s", "w"), 0);
  });
});
