import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { createSpace, decodeImage, MurmurationError, type Space, type VectorIndexOptions } from "@murmuration/index";
import { newKeyRing } from "../encryption/key-ring.js";
import { ImageStore } from "./image-store.js";

/** Of a graph that is large enough for parts. */
const LARGE = 5_000;

const options: VectorIndexOptions = { dimensions: 3, metric: "dot", links: 4, efConstruction: 8, quantization: "int8" };

/** What the replica knew that an image is of. */
const causality = { toJson: () => ({ frontier: [[1, 50] as const], declared: [] }) };

function indexOf(count: number): Space {
  const index = createSpace({ kind: "dense", ...options });
  grow(index, 1, count);
  return index;
}

function grow(index: Space, from: number, to: number): void {
  for (let sequence = from; sequence <= to; sequence++) {
    const vector = Float32Array.of(sequence, sequence % 7, -sequence % 5);
    index.insert({ origin: 1, sequence }, vector, index.plan({ origin: 1, sequence }, vector), new Map());
  }
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
    return read === undefined
      ? undefined
      : decodeImage(options, read, undefined, (name) => store.openPart(shard, name));
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

  const partsOf = (shard: string) => readdirSync(join(folder, shard)).filter((name) => name.endsWith(".part"));
  const sweep = () => store.sweep(new Set(["1-1"]), new Map([["1-1", [""]]]));

  it("writes what is written once of a large graph to parts, each once, and removes those that no image names", () => {
    const index = indexOf(LARGE);
    store.save("1-1", "", index, 1, causality);
    const [first] = partsOf("1-1");
    grow(index, LARGE + 1, LARGE + 50);
    store.save("1-1", "", index, 2, causality);
    sweep();
    const parts = partsOf("1-1");
    const bytesOf = (name = "") => statSync(join(folder, "1-1", name)).size;
    assert.equal(parts.length, 2);
    const second = parts.find((name) => name !== first);
    assert.ok(bytesOf(second) < bytesOf(first) / 2, `${bytesOf(second)} bytes behind ${bytesOf(first)}`);
    assert.equal(load("1-1", "")?.index.digest(), index.digest());
    store.save("1-1", "", index, 2, causality, true);
    sweep();
    assert.equal(partsOf("1-1").length, 1, "all of it anew, and nothing of before");
    assert.equal(load("1-1", "")?.index.digest(), index.digest());
  });

  it("has the image before where a new one cannot be written, and leaves no part of that", () => {
    const index = indexOf(LARGE);
    store.save("1-1", "", index, 1, causality);
    const [before, files] = [index.digest(), readdirSync(join(folder, "1-1"))];
    const image = files.find((name) => name.endsWith(".image"));
    const inTheWay = join(folder, "1-1", `${image}.unfinished`);
    mkdirSync(inTheWay);
    grow(index, LARGE + 1, LARGE + 50);
    assert.throws(() => store.save("1-1", "", index, 2, causality));
    rmSync(inTheWay, { recursive: true });
    assert.deepEqual(readdirSync(join(folder, "1-1")), files);
    assert.equal(load("1-1", "")?.index.digest(), before);
    store.save("1-1", "", index, 2, causality);
    assert.equal(load("1-1", "")?.index.digest(), index.digest(), "what was not written is written the next time");
  });

  it("sweeps parts that no image names, as a process leaves one that is killed before its image is there", () => {
    store.save("1-1", "", indexOf(LARGE), 1, causality);
    const [part = ""] = partsOf("1-1");
    for (const left of ["0".repeat(36), "1".repeat(36)])
      copyFileSync(join(folder, "1-1", part), join(folder, "1-1", `${left}.part`));
    writeFileSync(join(folder, "1-1", `${"2".repeat(36)}.part.unfinished`), "half");
    sweep();
    assert.deepEqual(partsOf("1-1"), [part]);
    assert.equal(readdirSync(join(folder, "1-1")).length, 2);
    const next = new ImageStore(folder, (_, __, error) => assert.fail(error));
    next.used("1-1", "", { position: 1, token: "t", parts: [part.replace(".part", "")] });
    next.sweep(new Set(["1-1"]), new Map([["1-1", [""]]]));
    assert.deepEqual(partsOf("1-1"), [part], "those of the image that a start took stay");
  });

  it("encrypts parts as it does images", () => {
    const sealed = new ImageStore(folder, (_, __, error) => assert.fail(error), newKeyRing());
    const index = indexOf(LARGE);
    sealed.save("1-1", "", index, 1, causality);
    const read = sealed.open("1-1", "");
    assert.ok(read !== undefined);
    const loaded = decodeImage(options, read, undefined, (name) => sealed.openPart("1-1", name));
    assert.equal(loaded.index.digest(), index.digest());
    for (const name of readdirSync(join(folder, "1-1")))
      assert.equal(readFileSync(join(folder, "1-1", name)).toString("latin1", 0, 8), "MURMSEAL");
    sealed.closeAll();
  });

  it("opens no part by what is no name of one", () => {
    store.save("1-1", "", indexOf(LARGE), 1, causality);
    const name = partsOf("1-1")[0]?.replace(".part", "") ?? "";
    assert.ok(store.openPart("1-1", name) !== undefined);
    for (const bad of ["", "../1-1/x", `../1-1/${name}`, "x".repeat(36)])
      assert.equal(store.openPart("1-1", bad), undefined);
    assert.equal(store.openPart("../1-1", name), undefined);
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
