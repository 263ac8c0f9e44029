import assert from "node:assert/strict";
import { test } from "node:test";
import { opLogConformance } from "@murmuration/core/conformance";
import { CrashSignal, SimulatedDisk } from "./disk.js";

opLogConformance("SimulatedDisk", () => ({ log: new SimulatedDisk(), dispose: () => {} }));

const write = (disk: SimulatedDisk, sequence: number) =>
  disk.transaction((writer) => writer.append("s", 1, sequence, Uint8Array.of(sequence)));

test("a full disk takes nothing, and what it had stays", () => {
  const disk = new SimulatedDisk();
  write(disk, 1);
  disk.isFull = true;
  assert.throws(() => write(disk, 2), { code: "storage" });
  assert.deepEqual([...disk.frontier("s")], [[1, 1]]);
});

test("a crash loses what was not committed", () => {
  const disk = new SimulatedDisk();
  write(disk, 1);
  disk.writesToCrash = 0;
  assert.throws(() => write(disk, 2), CrashSignal);
  assert.deepEqual([...disk.frontier("s")], [[1, 1]]);
  write(disk, 2);
});

test("an older copy is the disk as it was", () => {
  const disk = new SimulatedDisk();
  for (let sequence = 1; sequence <= 5; sequence++) write(disk, sequence);
  assert.deepEqual([...disk.copyAt(3).frontier("s")], [[1, 3]]);
  assert.deepEqual([...disk.frontier("s")], [[1, 5]]);
});
