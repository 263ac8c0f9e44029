import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import type { Worker } from "node:worker_threads";
import { VectorIndex } from "@murmuration/index";
import type { Database } from "../engine/database.js";
import { sharedMemoryState } from "../engine/memory-guard.js";
import { QueryTap } from "../read/query-tap.js";
import { LISTENERS_MAX, READERS_MAX } from "../threads/thread-places.js";
import { Canaries } from "./canaries.js";

const options = { dimensions: 2, metric: "euclid", links: 4, efConstruction: 16, quantization: "int8" } as const;
const ID = "3-1";

/** A database of one collection `c` with a graph of one vector, and its canaries. They look around when `tick` is called. */
function opened(t: TestContext, { readers = 0, places = 0, listeners = 0 } = {}) {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const index = new VectorIndex(options);
  const dot = { origin: 3, sequence: 1 };
  const vector = Float32Array.of(1, 2);
  index.reader.show(index.apply(dot, vector, index.plan(dot, vector)));
  const shown = { graph: index.handle() };
  const collection = { id: ID, name: "c", vectors: { "": options } };
  const database = {
    catalogue: { collections: { [ID]: collection } },
    collection: () => collection,
    counters: () => ({ readers: { readers, places, underWay: 0, lost: places - readers } }),
    briefSource: {
      tap: new QueryTap(),
      beside: { memory: sharedMemoryState() },
      followed: {
        shards: () => new Map([[ID, { readable: { handle: { spaces: [{ name: "", graph: shown.graph }] } } }]]),
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
  /** The graph is another one from now on, as after a snapshot. */
  const replace = () => {
    shown.graph = new VectorIndex(options).handle();
  };
  return { canaries, replace, tick: () => t.mock.timers.tick(500) };
}

const wish = { vector: "", links: 8, share: 1 };

test("a canary takes no place of a reader that is lost and will be replaced", (t) => {
  const { canaries } = opened(t, { readers: READERS_MAX - 1, places: READERS_MAX, listeners: LISTENERS_MAX });
  assert.throws(() => canaries.start("c", wish), { code: "unavailable" });
});

test("a canary that is being promoted is not begun anew, promoted twice or dropped", async (t) => {
  const { canaries, replace, tick } = opened(t);
  canaries.start("c", wish);
  const written: unknown[] = [];
  const { promise: isWritten, resolve: write } = Promise.withResolvers<void>();
  const { promise: isAsked, resolve: ask } = Promise.withResolvers<void>();
  const promoted = canaries.promote("c", (command) => {
    written.push(command);
    ask();
    return isWritten;
  });
  const again = canaries.promote("c", async (command) => written.push(command));
  await assert.rejects(again, { code: "conflict" });
  await isAsked;
  replace();
  tick();
  assert.equal(canaries.current?.restarts, 0);
  await assert.rejects(canaries.drop("c"), { code: "conflict" });
  write();
  assert.equal((await promoted).ended, "it was promoted");
  tick();
  assert.deepEqual([canaries.current?.restarts, written.length], [0, 1]);
  assert.equal(await canaries.drop("c"), true);
});

test("a canary waits for the thread of one that has ended by itself: it may still read the graph from the same place", async (t) => {
  const { canaries } = opened(t);
  canaries.start("c", wish);
  const [first] = (await once(process, "worker")) as [Worker];
  first.emit("message", { kind: "ended", why: "it has no room" });
  assert.equal(canaries.current?.ended, "it has no room");
  assert.throws(() => canaries.start("c", wish), { code: "unavailable" });
  await first.terminate();
  assert.equal(canaries.start("c", wish).ended, undefined);
});

test("a canary that is begun anew gets no thread while it is promoted", async (t) => {
  const { canaries, replace, tick } = opened(t);
  canaries.start("c", wish);
  const [first] = (await once(process, "worker")) as [Worker];
  const others: unknown[] = [];
  const onWorker = (worker: unknown) => others.push(worker);
  process.on("worker", onWorker);
  t.after(() => process.off("worker", onWorker));
  const hasEnded = once(first, "exit");
  replace();
  tick();
  const { ended } = await canaries.promote("c", async () => {
    await hasEnded;
    await new Promise(setImmediate);
  });
  assert.deepEqual([ended, others.length], ["it was promoted", 0]);
});

test("what a canary holds is gone when it was let go, and it is begun anew", async (t) => {
  const { canaries } = opened(t);
  canaries.start("c", wish);
  await canaries.letGo("3-2");
  assert.equal(canaries.current?.restarts, 0, "it is of another collection");
  await canaries.letGo(ID);
  const { restarts, ended } = canaries.current ?? {};
  assert.deepEqual([restarts, ended], [1, undefined]);
});
