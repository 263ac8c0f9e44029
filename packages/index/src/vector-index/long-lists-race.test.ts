import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { encodeEdgeDelta } from "./edge-delta.js";
import { insert, optionsFor } from "./graphs.test-support.js";
import { VectorIndex } from "./vector-index.js";

const DIMENSIONS = 4;
const COUNT = 600;
/** Of growing and shrinking a list: so often at the least, and until enough has been searched beside it. */
const TIMES = 200_000;
const SEARCHES = 1_000;
/** The slot that all searches look for. */
const NEAR = 300;

test("a reader walks lists that grow out of their places and back under its feet", { timeout: 60_000 }, async () => {
  const index = new VectorIndex(
    optionsFor(DIMENSIONS, { links: 2, efConstruction: 8, metric: "euclid", quantization: "none" }),
  );
  for (let i = 0; i < COUNT; i++) {
    insert(index, { origin: 1, sequence: i + 1 }, new Float32Array(DIMENSIONS).fill(i));
  }
  const state = new Int32Array(new SharedArrayBuffer(12));
  const worker = new Worker(new URL("./long-lists-reader.test-support.js", import.meta.url), {
    workerData: { handle: index.handle(), state, near: index.reader.vectorAt(NEAR) },
  });
  const report = once(worker, "message");
  Atomics.wait(state, 0, 0, 30_000);
  const digest = index.digest();
  // every search comes to this node: its list gets four links more than it has room for, and loses them again
  const dot = index.reader.dotAt(NEAR);
  const added = [10, 20, 30, 40].map((slot) => index.reader.dotAt(slot));
  assert.ok(index.reader.membersAt(NEAR, 0).length > 1);
  const grow = encodeEdgeDelta([{ level: 0, dot, removed: [], added }]);
  const shrink = encodeEdgeDelta([{ level: 0, dot, removed: added, added: [] }]);
  let sequence = 0;
  const churn = (times: number) => {
    for (let i = 0; i < times; i++) {
      index.applyEdges({ origin: 2, sequence: ++sequence }, grow, new Map([[2, sequence - 1]]));
      index.applyEdges({ origin: 2, sequence: ++sequence }, shrink, new Map([[2, sequence - 1]]));
    }
  };
  churn(TIMES);
  while (Atomics.load(state, 2) < SEARCHES) churn(1_000);
  Atomics.store(state, 1, 1);
  const [{ short }] = (await report) as [{ short: number }];
  await worker.terminate();
  assert.equal(short, 0);
  assert.equal(index.digest(), digest);
  const bytes = index.reader.bytesInUse;
  churn(1000);
  assert.equal(index.reader.bytesInUse, bytes, "blocks are used again when nobody is in them");
});
