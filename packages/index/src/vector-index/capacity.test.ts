import assert from "node:assert/strict";
import test from "node:test";
import { buildIndex, clusteredVectors, insert, optionsFor } from "./graphs.test-support.js";
import { checkVectorIndexOptions, vectorIndexLimits } from "./options.js";
import { VectorIndex } from "./vector-index.js";

test("the capacity follows from 4 GiB and the bytes of a vector", () => {
  for (const [dimensions, links, quantization] of [
    [1, 2, "none"],
    [100, 16, "int8"],
    [1536, 16, "int8"],
    [65_536, 128, "int8"],
    [65_536, 2, "none"],
  ] as const) {
    const index = new VectorIndex(optionsFor(dimensions, { links, quantization }));
    const padded = (dimensions + 3) & ~3;
    const least = padded * 4 + (quantization === "int8" ? dimensions : 0) + 4 * (2 * links + 1) + 24;
    assert.ok(index.capacity > 1000, `${index.capacity}`);
    assert.ok(index.capacity * least < 2 ** 32);
    assert.ok(
      dimensions < 100 || index.capacity * least > 2 ** 31,
      `${index.capacity} of ${dimensions} dimensions waste more than half`,
    );
    assert.deepEqual(
      index
        .imageRegions(index.capacity, 0)
        .slice(1, 5)
        .map((region) => region.length > 0),
      [true, quantization === "int8", true, true],
    );
    const { byteOffset, length } = index.imageRegions(index.capacity, 0)[4] as Uint8Array;
    assert.ok(byteOffset + length <= index.imageRegions(0, 0)[5]!.byteOffset, "the regions follow one another");
  }
});

test("the first and the last slot of the memory can be used", () => {
  const index = new VectorIndex(optionsFor(65_536, { links: 2, efConstruction: 4, metric: "euclid" }));
  const [a, b] = clusteredVectors(2, 65_536, 1) as [Float32Array, Float32Array];
  insert(index, { origin: 1, sequence: 1 }, a);
  const words = new Uint32Array(index.handle().memory.buffer);
  const nextSlot = 1092 >>> 2;
  words[nextSlot] = index.capacity - 1;
  const { slot } = insert(index, { origin: 1, sequence: 2 }, b);
  assert.equal(slot, index.capacity - 1);
  assert.deepEqual(index.reader.vectorAt(slot), b);
  assert.deepEqual(index.reader.vectorAt(0), a);
  const { slots } = index.reader.search(b, { limit: 2, exact: true });
  assert.deepEqual([...slots], [slot, 0]);
  const digest = index.digest();
  const dot = { origin: 1, sequence: 3 };
  assert.throws(() => index.apply(dot, b, index.plan(dot, b)), { code: "capacity" });
  assert.throws(() => index.requireRoomFor(1), { code: "capacity" });
  index.requireRoomFor(0);
  assert.equal(index.digest(), digest, "a refused insert changes nothing");
  assert.equal(index.slotOf(dot), undefined);
});

test("a memory without room for lists refuses an insert, and nothing has changed", () => {
  const { index } = buildIndex(optionsFor(4, { links: 4, metric: "euclid" }), clusteredVectors(100, 4, 1));
  const words = new Uint32Array(index.handle().memory.buffer);
  const upperNext = 1096 >>> 2;
  words[upperNext] = 0xffff0000;
  const dotsOf = (wanted: (level: number) => boolean) =>
    Array.from({ length: 400 }, (_, i) => ({ origin: 2, sequence: i })).filter((dot) => wanted(index.levelOf(dot)));
  const vector = Float32Array.of(1, 2, 3, 4);
  const [high] = dotsOf((level) => level > 0);
  const [low] = dotsOf((level) => level === 0);
  assert.ok(high && low);
  const digest = index.digest();
  assert.throws(() => index.apply(high, vector, index.plan(high, vector)), { code: "capacity" });
  assert.throws(() => index.requireRoomFor(1), { code: "capacity" });
  assert.throws(() => index.apply(low, vector, index.plan(low, vector)), { code: "capacity" });
  assert.equal(index.digest(), digest);
  // room for every list that one insert can touch
  words[upperNext] = 0xffff0000 - (9 << 20);
  const slot = index.apply(low, vector, index.plan(low, vector));
  assert.equal(slot, 100);
  assert.equal(index.apply(high, vector, index.plan(high, vector)), slot + 1, "the refused slot was handed back");
});

test("room is required for whole batches", () => {
  const index = new VectorIndex(optionsFor(100));
  index.requireRoomFor(100_000);
  for (const count of [index.capacity + 1, 10 ** 9, 2 ** 40, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY]) {
    assert.throws(() => index.requireRoomFor(count), { code: "capacity" });
  }
});

test("options out of their range are refused by name", () => {
  for (const field of ["dimensions", "links", "efConstruction"] as const) {
    const { min, max } = vectorIndexLimits[field];
    for (const value of [min, max]) checkVectorIndexOptions({ ...optionsFor(4), [field]: value });
    for (const value of [min - 1, max + 1, 5.5, Number.NaN]) {
      assert.throws(() => new VectorIndex({ ...optionsFor(4), [field]: value }), { code: "validation", field });
    }
  }
});

test("memory in use grows with the vectors, and is counted", () => {
  const { index } = buildIndex(optionsFor(100), clusteredVectors(200, 100, 1));
  const perVector = index.reader.bytesInUse / 200;
  assert.ok(perVector > 400 + 112 + 132 + 24 && perVector < 800, String(perVector));
});
