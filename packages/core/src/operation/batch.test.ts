import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { limits } from "../limits.js";
import { runs } from "./arbitraries.test-support.js";
import {
  batchFormatVersion,
  decodeBatch,
  decodeBatchOperations,
  encodeBatch,
  encodeBatchFromRows,
  rowsForBatch,
} from "./batch.js";
import { encodeOperation } from "./codec.js";
import type { Operation } from "./operation.js";

const isCorrupt = (error: unknown) => error instanceof MurmurationError && error.code === "corrupt";
const first: Operation = {
  shard: "s",
  origin: 3,
  sequence: 5,
  time: { wallMs: 1, counter: 0 },
  dependencies: new Map(),
  kind: "delete",
  ids: [1],
};

test("a batch reads back equal, operation by operation", () => {
  fc.assert(
    fc.property(runs, (operations) => {
      const batch = decodeBatch(encodeBatch(operations));
      const { shard, origin, sequence } = operations[0] as Operation;
      assert.deepEqual([batch.shard, batch.origin, batch.firstSequence], [shard, origin, sequence]);
      assert.deepEqual(decodeBatchOperations(batch), operations);
    }),
  );
});

test("rows of the log travel as they are", () => {
  fc.assert(
    fc.property(runs, (operations) => {
      const { shard, origin, sequence: firstSequence } = operations[0] as Operation;
      const rows = operations.map((operation) => encodeOperation(operation));
      const bytes = encodeBatchFromRows({ shard, origin, firstSequence, rows });
      assert.deepEqual(bytes, encodeBatch(operations));
      assert.deepEqual(decodeBatch(bytes).rows, rows);
    }),
  );
});

test("a batch with any byte changed or cut off is refused as corrupt", () => {
  fc.assert(
    fc.property(runs, fc.nat(), fc.integer({ min: 1, max: 255 }), (operations, place, flip) => {
      const bytes = encodeBatch(operations);
      const at = place % bytes.byteLength;
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] as number) ^ flip;
      assert.throws(() => decodeBatch(damaged), isCorrupt);
      assert.throws(() => decodeBatch(bytes.subarray(0, at)), isCorrupt);
      assert.throws(() => decodeBatch(Uint8Array.of(...bytes, flip)), isCorrupt);
    }),
    { numRuns: 500 },
  );
});

test("a batch whose rows do not fill it exactly is refused although its checksum matches", () => {
  const seal = (bytes: Uint8Array) => {
    new DataView(bytes.buffer).setUint32(1, crc32(bytes.subarray(5)), true);
    return bytes;
  };
  const bytes = encodeBatch([first]);
  assert.deepEqual(decodeBatchOperations(decodeBatch(seal(bytes.slice()))), [first]);
  const damaged = [
    Uint8Array.of(...bytes, 0),
    Uint8Array.of(...bytes, 0, 0, 0, 0),
    bytes.slice(0, -1),
    bytes.slice(0, 9),
  ];
  for (const [at, value] of [
    [5, 255],
    [9, 0x93],
    [9, 0x95],
    [14, 0],
    [14, 2],
  ] as const) {
    const changed = bytes.slice();
    changed[at] = value;
    damaged.push(changed);
  }
  for (const one of damaged) assert.throws(() => decodeBatchOperations(decodeBatch(seal(one))), isCorrupt);
});

test("an unknown format version is refused by name", () => {
  const bytes = encodeBatch([first]);
  bytes[0] = batchFormatVersion + 1;
  assert.throws(
    () => decodeBatch(bytes),
    (error) => isCorrupt(error) && /format version 2 is not known/.test(String(error)),
  );
});

test("operations with a gap, of two origins or of two shards make no batch", () => {
  for (const second of [
    { ...first, sequence: 7 },
    { ...first, sequence: 6, origin: 4 },
    { ...first, sequence: 6, shard: "t" },
  ]) {
    assert.throws(() => encodeBatch([first, second]), /assertion failed/);
  }
  assert.throws(() => encodeBatch([]), /assertion failed/);
});

test("a batch over the hard bound is refused on both sides", () => {
  const row = new Uint8Array(limits.batchBytesMax / 2);
  const batch = { shard: "s", origin: 1, firstSequence: 1, rows: [row, row] };
  assert.throws(
    () => encodeBatchFromRows(batch),
    (error) => error instanceof MurmurationError && error.code === "capacity",
  );
  assert.throws(() => decodeBatch(new Uint8Array(limits.batchBytesMax + 1)), isCorrupt);
});

test("a batch is filled up to its target, and holds at least one row", () => {
  const small = Array.from({ length: 1000 }, () => new Uint8Array(1020));
  assert.equal(rowsForBatch(small), 256);
  assert.equal(rowsForBatch(small, 900), 100);
  assert.equal(rowsForBatch([new Uint8Array(limits.batchBytesTarget * 2), new Uint8Array(1)]), 1);
  assert.equal(rowsForBatch([]), 0);
});
