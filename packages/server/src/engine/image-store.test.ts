import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { createSpace, decodeImage, MurmurationError, type Space, type VectorIndexOptions } from "@murmuration/index";
import { ImageStore } from "./image-store.js";

const options: VectorIndexOptions = { dimensions: 3, metric: "dot", links: 4, efConstruction: 8, quantization: "int8" };

/** What the replica knew that an image is of. */
const causality = { toJson: () => ({ frontier: [[1, 50] as const], declared: [] }) };

function indexOf(count: number): Space {
  const index = createSpace({ kind: "dense", ...options });
  for (let sequence = 1; sequence <= count; sequence++) {
    const vector = Float32Array.of(sequence, sequence % 7, -sequence % 5);
    index.insert({ origin: 1, sequence }, vector, index.plan({ origin: 1, sequence }, vector), new Map());
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
      store.save("1-1", name, index, 12, causality);
      const loaded = load("1-1", name);
      assert.equal(loaded?.index.digest(), index.digest());
      const token = store.token("1-1", name);
      assert.equal(loaded?.note, `{"position":12,"token":"${token}","causality":{"frontier":[[1,50]],"declared":[]}}`);
      assert.equal(store.position("1-1", name), 12);
    }
    assert.deepEqual(readdirSync(folder), ["1-1"]);
    assert.equal(readdirSync(join(folder, "1-1")).length, 4);
  });

  it("has nothing of what was never saved", () => {
    assert.equal(store.open("1-1", ""), undefined);
    assert.equal(store.position("1-1", ""), 0);
  });

  it("replaces an image, also while the one before is being read", () => {
    store.save("1-1", "", indexOf(10), 1, causality);
    const read = store.open("1-1", "");
    const after = indexOf(20);
    store.save("1-1", "", after, 2, causality);
    assert.ok(read !== undefined);
    assert.match(decodeImage(options, read).note, /"position":1,/);
    assert.equal(load("1-1", "")?.index.digest(), after.digest());
  });

  it("keeps the image before when a new one cannot be finished", () => {
    const before = indexOf(10);
    store.save("1-1", "", before, 1, causality);
    // in the way of the unfinished file
    const [file] = readdirSync(join(folder, "1-1"));
    mkdirSync(join(folder, "1-1", `${file}.unfinished`));
    assert.throws(() => store.save("1-1", "", indexOf(20), 2, causality));
    assert.equal(load("1-1", "")?.index.digest(), before.digest());
    assert.equal(store.position("1-1", ""), 1);
  });

  it("sweeps what belongs to no shard and what was never finished", () => {
    store.save("1-2", "", indexOf(5), 1, causality);
    store.save("1-3", "", indexOf(5), 1, causality);
    writeFileSync(join(folder, "1-2", "x.image.unfinished"), "half");
    store.sweep(new Set(["1-2", "new"]));
    assert.deepEqual(readdirSync(folder), ["1-2"]);
    assert.equal(readdirSync(join(folder, "1-2")).length, 1);
    assert.ok(load("1-2", "") !== undefined);
  });

  it("sweeps the images of vectors that a shard does not have any more", () => {
    store.save("1-1", "", indexOf(5), 1, causality);
    store.save("1-1", "gone", indexOf(5), 1, causality);
    store.saveTable("1-1", []);
    store.save("1-2", "unserved", indexOf(5), 1, causality);
    store.sweep(new Set(["1-1", "1-2"]), new Map([["1-1", [""]]]));
    assert.ok(load("1-1", "") !== undefined && load("1-2", "unserved") !== undefined);
    assert.equal(store.open("1-1", "gone"), undefined);
    assert.equal(store.position("1-1", "gone"), 0);
    assert.equal(readdirSync(join(folder, "1-1")).length, 2);
  });

  it("takes a refused image away and tells of it", () => {
    store.save("1-1", "", indexOf(5), 1, causality);
    const [file] = readdirSync(join(folder, "1-1"));
    store.refused("1-1", "", new MurmurationError("corrupt", "it is damaged"));
    assert.deepEqual(refused, ["1-1/: it is damaged"]);
    assert.equal(existsSync(join(folder, "1-1", String(file))), false);
    assert.equal(store.open("1-1", ""), undefined);
  });

  it("remembers where a used image stood", () => {
    store.used("1-1", "v", { position: 77, token: "t" });
    assert.equal(store.token("1-1", "v"), "t");
    assert.equal(store.position("1-1", "v"), 77);
    assert.equal(store.position("1-1", "w"), 0);
  });

  it("makes no path of what is no id of a shard", () => {
    for (const shard of ["../../up", "/etc", "1-1/../../x", "..", "", "1", "1-", "-1", "01-1", "1-1\0"]) {
      assert.throws(() => store.save(shard, "", indexOf(1), 1, causality), /is no id of a shard/);
      assert.equal(store.open(shard, ""), undefined);
    }
    assert.deepEqual(readdirSync(folder), []);
  });
});
