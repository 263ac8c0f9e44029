import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { VectorIndex } from "@murmuration/index";
import type { Database } from "../engine/database.js";
import { sharedMemoryState } from "../engine/memory-guard.js";
import { QueryTap } from "../read/query-tap.js";
import { LISTENERS_MAX, READERS_MAX } from "../threads/thread-places.js";
import { Canaries } from "./canaries.js";

const options = { dimensions: 2, metric: "euclid", links: 4, efConstruction: 16, quantization: "int8" } as const;
const ID = "3-1";

/** A database of one collection `c` with a graph of one vector, and its canaries. */
function opened(t: TestContext, { readers = 0, places = 0, listeners = 0 } = {}) {
  const index = new VectorIndex(options);
  const dot = { origin: 3, sequence: 1 };
  const vector = Float32Array.of(1, 2);
  index.reader.show(index.apply(dot, vector, index.plan(dot, vector)));
  const graph = index.handle();
  const collection = { id: ID, name: "c", vectors: { "": options } };
  const database = {
    catalogue: { collections: { [ID]: collection } },
    collection: () => collection,
    counters: () => ({ readers: { readers, places, underWay: 0, lost: places - readers } }),
    briefSource: {
      tap: new QueryTap(),
      beside: { memory: sharedMemoryState() },
      followed: {
        shards: () => new Map([[ID, { readable: { handle: { spaces: [{ name: "", graph }] } } }]]),
      },
    },
  };
  // what data may take, in MiB (memory-guard.ts)
  database.briefSource.beside.memory[7] = 1_000;
  const told: string[] = [];
  const canaries = new Canaries(database as unknown as Database, listeners, (what, why) =>
    told.push(`${what}: ${why}`),
  );
  t.after(async () => {
    await canaries.close();
    assert.deepEqual(told, []);
  });
  return { canaries };
}

const wish = { vector: "", links: 8, share: 1 };

test("a canary takes no place of a reader that is lost and will be replaced", (t) => {
  const { canaries } = opened(t, { readers: READERS_MAX - 1, places: READERS_MAX, listeners: LISTENERS_MAX });
  assert.throws(() => canaries.start("c", wish), { code: "unavailable" });
});
