import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import fc from "fast-check";
import { Index, MetricKind, ScalarKind } from "usearch";
import { MurmurationError } from "../errors.js";
import {
  buildIndex,
  clusteredVectors,
  insert,
  meanRecall,
  nearest,
  optionsFor,
  recallOf,
  seeded,
} from "../vector-index/graphs.test-support.js";
import { normalise } from "../vector-index/normalise.js";
import { validateGraph } from "../vector-index/validate.js";
import type { VectorIndex } from "../vector-index/vector-index.js";
import { nodeBytes } from "./format.js";
import { parseUsearchFile } from "./parse-usearch-file.js";
import { readUsearchFile, writeUsearchFile } from "./usearch-file.js";

const DIMENSIONS = 20;
const COUNT = 4000;
const LIMIT = 10;
const EF = 12;
const vectors = clusteredVectors(COUNT, DIMENSIONS, 11).map(normalise);
const queries = clusteredVectors(1100, DIMENSIONS, 11)
  .slice(1000)
  .map((query) => normalise(query.map((x, i) => x + (i % 3) * 0.2)));
const keyOf = (slot: number): bigint => 10_000_000_000n + BigInt(slot);

const folder = mkdtempSync(join(tmpdir(), "usearch-file-"));
test.after(() => rmSync(folder, { recursive: true }));

function foreign(metric: MetricKind, dimensions = DIMENSIONS, connectivity = 16): Index {
  const quantization = ScalarKind.F32;
  return new Index({
    dimensions,
    metric,
    quantization,
    connectivity,
    expansion_add: 100,
    expansion_search: EF,
    multi: false,
  });
}

function save(index: VectorIndex, name: string): string {
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat([...writeUsearchFile(index.reader, keyOf)]));
  return path;
}

/** Mean recall of usearch on a file that we wrote. */
function foreignRecall(opened: Index, index: VectorIndex): number {
  const sum = queries.reduce((total, query) => {
    const found = opened.search(query, LIMIT, 1).keys;
    return (
      total +
      recallOf(
        Array.from(found, Number),
        nearest(index, query, LIMIT, live(index)).map((slot) => Number(keyOf(slot))),
      )
    );
  }, 0);
  return sum / queries.length;
}

function live(index: VectorIndex): number[] {
  return Array.from({ length: index.reader.slotCount }, (_, slot) => slot).filter(
    (slot) => !index.reader.nodeAt(slot).dead,
  );
}

function savedByUsearch(
  metric: MetricKind,
  count: number,
  connectivity = 16,
): { readonly bytes: Uint8Array; readonly index: Index } {
  const index = foreign(metric, DIMENSIONS, connectivity);
  index.add(
    BigUint64Array.from({ length: count }, (_, i) => keyOf(i)),
    Float32Array.from(vectors.slice(0, count).flatMap((v) => [...v])),
    1,
  );
  const path = join(folder, `saved-${metric}-${count}-${connectivity}.usearch`);
  index.save(path);
  return { bytes: new Uint8Array(readFileSync(path)), index };
}

function inPieces(bytes: Uint8Array, seed: number): Uint8Array[] {
  const random = seeded(seed);
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; ) {
    const to = from + Math.floor(random() * 5000);
    pieces.push(bytes.slice(from, to));
    from = to;
  }
  return pieces;
}

for (const [metric, quantization, kind] of [
  ["cosine", "int8", MetricKind.IP],
  ["dot", "none", MetricKind.IP],
  ["euclid", "int8", MetricKind.L2sq],
] as const) {
  test(`usearch loads and views our ${metric} graph with our recall`, (t) => {
    const { index } = buildIndex(optionsFor(DIMENSIONS, { metric, quantization }), vectors);
    const path = save(index, `${metric}.usearch`);
    const ours = meanRecall(index, queries, EF);
    for (const open of ["load", "view"] as const) {
      const opened = foreign(kind);
      opened[open](path);
      assert.equal(opened.size(), COUNT);
      const theirs = foreignRecall(opened, index);
      t.diagnostic(`${metric} ${open}: recall@10 ${theirs.toFixed(4)}, ours ${ours.toFixed(4)}`);
      assert.ok(ours > 0.9 && theirs > ours - 0.01, `${theirs} against ${ours}`);
    }
  });
}

for (const [kind, metric, connectivity] of [
  [MetricKind.IP, "cosine", 16],
  [MetricKind.L2sq, "euclid", 16],
  [MetricKind.Cos, "cosine", 12],
] as const) {
  test(`a ${kind} file of ${connectivity} links saved by usearch is read with its graph and its recall`, (t) => {
    const saved = savedByUsearch(kind, COUNT, connectivity);
    const options = { origin: 7, efConstruction: 100, quantization: "none", metric } as const;
    const read = readUsearchFile(inPieces(saved.bytes, 5), options);
    const { index, keys } = read;
    assert.deepEqual(validateGraph(index.reader).violations, []);
    assert.equal(index.reader.visibleCount, COUNT);

    const file = parseUsearchFile([saved.bytes]);
    const slotOf = new Map(Array.from(keys, (key, slot) => [key, slot]));
    let links = 0;
    let baseMissing = 0;
    let missing = 0;
    let added = 0;
    for (let from = 0; from < COUNT; from++) {
      const slot = slotOf.get(file.keys[from] as bigint) as number;
      for (let level = 0; level <= (file.levels[from] as number); level++) {
        const theirs = file.neighboursAt(from, level).map((to) => slotOf.get(file.keys[to] as bigint) as number);
        const held = level <= index.reader.nodeAt(slot).level;
        const ours = new Set(held ? index.reader.neighboursAt(slot, level) : []);
        const lost = theirs.filter((to) => !ours.has(to)).length;
        links += theirs.length;
        missing += lost;
        if (level === 0) baseMissing += lost;
        added += ours.size - (theirs.length - lost);
      }
    }
    const share = (count: number) => `${count} (${((100 * count) / links).toFixed(2)} %)`;
    assert.equal(missing, read.droppedLinks);
    assert.equal(added, read.addedLinks);
    assert.ok(baseMissing < links * 0.001, `${baseMissing} links of layer 0 are missing`);
    assert.ok(missing < links * 0.02, `${missing} links are missing`);

    const ours = meanRecall(index, queries, EF);
    const theirs =
      queries.reduce((sum, query) => {
        const found = Array.from(saved.index.search(query, LIMIT, 1).keys, (key) => slotOf.get(key) as number);
        return sum + recallOf(found, nearest(index, query, LIMIT));
      }, 0) / queries.length;
    t.diagnostic(
      `${kind} M ${connectivity}: ${links} links, ${share(missing)} dropped, ${share(baseMissing)} on layer 0, ${share(added)} added; recall@10 ${ours.toFixed(4)}, usearch ${theirs.toFixed(4)}`,
    );
    assert.ok(ours > theirs - 0.01, `${ours} against ${theirs}`);

    // the graph is one of ours: it takes inserts
    const vector = clusteredVectors(1, DIMENSIONS, 99)[0] as Float32Array;
    const { slot } = insert(index, { origin: 8, sequence: 1 }, normalise(vector));
    assert.equal(index.reader.search(normalise(vector), { limit: 1, efSearch: EF }).slots[0], slot);
  });
}

test("what we write we read back: vectors, keys and links", () => {
  const { index } = buildIndex(optionsFor(DIMENSIONS, { metric: "euclid" }), vectors.slice(0, 1500));
  const chunks = [...writeUsearchFile(index.reader, keyOf)];
  const read = readUsearchFile(chunks, { origin: 3, efConstruction: 100, quantization: "int8" });
  assert.deepEqual(read.index.options, index.options);
  assert.ok(
    Array.from(read.keys)
      .sort()
      .every((key, i) => key === keyOf(i)),
  );
  for (const [slot, key] of read.keys.entries()) {
    assert.deepEqual(read.index.reader.vectorAt(slot), index.reader.vectorAt(Number(key - keyOf(0))));
  }
  const recall = meanRecall(index, queries, EF);
  assert.ok(meanRecall(read.index, queries, EF) > recall - 0.01);
});

test("dead nodes are not written, and those behind them stay in reach", () => {
  const { index } = buildIndex(optionsFor(DIMENSIONS, { metric: "euclid" }), vectors);
  const random = seeded(3);
  for (let slot = 0; slot < COUNT; slot++) {
    if (random() < 0.6) {
      index.markDead(slot, true);
      index.reader.hide(slot);
    }
  }
  const opened = foreign(MetricKind.L2sq);
  opened.load(save(index, "dead.usearch"));
  assert.equal(opened.size(), live(index).length);
  const recall = foreignRecall(opened, index);
  assert.ok(recall > 0.95, String(recall));
});

test("removed vectors of a foreign file are dead, and still route", () => {
  const saved = savedByUsearch(MetricKind.L2sq, COUNT);
  for (let i = 0; i < COUNT; i += 2) saved.index.remove(keyOf(i));
  const path = join(folder, "removed.usearch");
  saved.index.save(path);
  const { index, keys } = readUsearchFile([new Uint8Array(readFileSync(path))], {
    origin: 1,
    efConstruction: 50,
    quantization: "none",
  });
  const linked = index.reader.linkedCount;
  assert.equal(linked - index.reader.deadCount, COUNT / 2);
  const alive = live(index);
  assert.ok(alive.every((slot) => (keys[slot] as bigint) % 2n === 1n));
  for (const query of queries) {
    const { slots } = index.reader.search(query, { limit: LIMIT, efSearch: EF });
    assert.equal(slots.length, LIMIT);
    assert.ok([...slots].every((slot) => !index.reader.nodeAt(slot).dead));
  }
});

test("an empty index is written and read", () => {
  const { index } = buildIndex(optionsFor(DIMENSIONS, { metric: "euclid" }), []);
  const path = save(index, "empty.usearch");
  const opened = foreign(MetricKind.L2sq);
  opened.load(path);
  assert.equal(opened.size(), 0);
  const read = readUsearchFile([new Uint8Array(readFileSync(path))], {
    origin: 1,
    efConstruction: 50,
    quantization: "none",
  });
  assert.equal(read.index.reader.linkedCount, 0);
});

test("chunks are about a megabyte, whatever the size of a vector", () => {
  const { index } = buildIndex(optionsFor(60_000, { metric: "euclid" }), clusteredVectors(9, 60_000, 1));
  const chunks = [...writeUsearchFile(index.reader, keyOf)];
  assert.deepEqual(new Set(chunks.slice(0, -1).map((chunk) => chunk.length)), new Set([1 << 20]));
});

test("manhattan graphs are not written, and other scalars and metrics not read", () => {
  const { index } = buildIndex(optionsFor(4, { metric: "manhattan" }), clusteredVectors(3, 4, 1));
  assert.throws(() => [...writeUsearchFile(index.reader, keyOf)], { code: "unsupported", field: "metric" });
  const half = new Index({
    dimensions: 4,
    metric: MetricKind.Cos,
    quantization: ScalarKind.F16,
    connectivity: 8,
    expansion_add: 9,
    expansion_search: 9,
    multi: false,
  });
  half.add(1n, Float32Array.of(1, 2, 3, 4), 1);
  const path = join(folder, "f16.usearch");
  half.save(path);
  const options = { origin: 1, efConstruction: 50, quantization: "none" } as const;
  assert.throws(() => readUsearchFile([new Uint8Array(readFileSync(path))], options), { code: "unsupported" });
  const { bytes } = savedByUsearch(MetricKind.L2sq, 50);
  assert.throws(() => readUsearchFile([bytes], { ...options, metric: "dot" }), {
    code: "unsupported",
    field: "metric",
  });
});

test("links beyond their list or the file, and levels that do not fit, are refused", () => {
  const count = 50;
  const { bytes } = savedByUsearch(MetricKind.L2sq, count);
  const file = parseUsearchFile([bytes]);
  const levelsAt = 8 + count * 4 * DIMENSIONS + 64 + 40;
  const nodeAt = levelsAt + 2 * count;
  const planted = (plant: (view: DataView) => void) => {
    const damaged = bytes.slice();
    plant(new DataView(damaged.buffer));
    assert.throws(() => parseUsearchFile([damaged]), { code: "corrupt" });
  };
  assert.equal(file.levels[0], 0, "the offsets below are those of a node on layer 0");
  planted((view) => {
    // what stands behind the list would pass as a slot
    view.setUint32(nodeAt + 10, file.baseLinks + 1, true);
    for (let i = 1; i <= file.baseLinks; i++) view.setUint32(nodeAt + 10 + 4 * i, i, true);
    view.setBigUint64(nodeAt + nodeBytes(0, file.links, file.baseLinks), 0n, true);
  });
  planted((view) => view.setUint32(nodeAt + 10, 0xffffffff, true));
  planted((view) => view.setUint32(nodeAt + 14, count, true));
  planted((view) => view.setUint32(nodeAt + 14, 0xffffffff, true));
  planted((view) => view.setInt16(levelsAt, -1, true));
  planted((view) => view.setInt16(levelsAt, 1, true));
  planted((view) => view.setInt16(nodeAt + 8, 1, true));
  planted((view) => view.setBigUint64(levelsAt - 8, BigInt(count), true));
  planted((view) => view.setBigUint64(levelsAt - 40, BigInt(count + 1), true));
  planted((view) => view.setBigUint64(levelsAt - 40, 2n ** 64n - 1n, true));
  planted((view) => view.setUint32(0, 0xffffffff, true));
});

test("a damaged file is refused, or read as another sound graph", () => {
  const { bytes } = savedByUsearch(MetricKind.L2sq, 50);
  const refused = new Map<string, number>();
  const read = (damaged: Uint8Array) => {
    try {
      parseUsearchFile([damaged]);
      refused.set("read", (refused.get("read") ?? 0) + 1);
    } catch (error) {
      assert.ok(error instanceof MurmurationError, String(error));
      assert.ok(error.code === "corrupt" || error.code === "unsupported");
      refused.set(error.code, (refused.get(error.code) ?? 0) + 1);
    }
  };
  for (let length = 0; length < bytes.length; length += 1 + (length >> 6)) {
    assert.throws(() => parseUsearchFile([bytes.subarray(0, length)]), MurmurationError);
  }
  assert.throws(() => parseUsearchFile([bytes, Uint8Array.of(0)]), { code: "corrupt" });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 3 }),
      (changes) => {
        const damaged = bytes.slice();
        for (const [at, bits] of changes) damaged[at] = (damaged[at] as number) ^ bits;
        read(damaged);
      },
    ),
    { numRuns: 300 },
  );
  // every byte from the head of the file to its first lists, where all that sizes the rest stands
  const headAt = 8 + 50 * 4 * DIMENSIONS;
  for (let at = 0; at < 8; at++) read(bytes.map((byte, i) => (i === at ? byte ^ 0x81 : byte)));
  for (let at = headAt; at < headAt + 64 + 40 + 100 + 200; at++) {
    for (const bits of [1, 0x80, 0xff]) read(bytes.map((byte, i) => (i === at ? byte ^ bits : byte)));
  }
  assert.ok(
    (refused.get("corrupt") ?? 0) > 300 && (refused.get("unsupported") ?? 0) > 5 && (refused.get("read") ?? 0) > 50,
  );
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      (noise) => void assert.throws(() => parseUsearchFile([noise]), MurmurationError),
    ),
  );
});
