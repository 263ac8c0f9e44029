import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { vectorIndexLimits } from "@murmuration/index";
import { readsUnderWayMax } from "../http/http-limits.js";
import {
  FIRST_PLANNER_THREAD,
  FIRST_READER_THREAD,
  HTTP_THREAD,
  PLANNERS_MAX,
  READERS_MAX,
} from "../threads/thread-places.js";
import { ReaderPool, type ReaderPoolOptions } from "./reader-pool.js";
import type { RetrieveReading } from "./reading.js";
import { everything, failureOf, limits, nearest, searches, textOf, until } from "./readings.test-support.js";
import {
  arePassed,
  deadlyKeys,
  noPayloads,
  unsettle,
  vectorAt,
  type WrittenPoints,
  written,
} from "./written-points.test-support.js";

const threadFile = new URL("./deadly-reader.test-support.js", import.meta.url);
const count = { kind: "count" } as const;
const retrieve = (...ids: readonly number[]): RetrieveReading => ({ kind: "retrieve", ids, selection: everything });
/** It takes until rows are published that the graph is as of. */
const untilSettled = searches([nearest(vectorAt(1))], { untilSettled: true });

function openPool(of: TestContext, options: Partial<ReaderPoolOptions> = {}) {
  const told: string[] = [];
  const tell = (what: string) => told.push(what);
  const pool = new ReaderPool({ readers: 1, payloads: noPayloads, tell, threadFile, replaceMsMin: 0, ...options });
  of.after(() => pool.close());
  return { pool, told };
}

/** A collection of 300 points and one whose payload does harm to whoever reads it: 5_000. */
function harmful(harm: keyof typeof deadlyKeys): WrittenPoints {
  const points = written(300);
  points.write([{ id: 5_000, payloadKey: deadlyKeys[harm], vector: vectorAt(5_000) }]);
  return points;
}

test("planners, readers and whoever counts have places of their own on every graph", () => {
  assert.ok(HTTP_THREAD < FIRST_PLANNER_THREAD);
  assert.ok(FIRST_PLANNER_THREAD + PLANNERS_MAX - 1 <= FIRST_READER_THREAD);
  assert.ok(FIRST_READER_THREAD + READERS_MAX <= vectorIndexLimits.threadsMax);
});

for (const [harm, expected] of [
  ["exits", "a reader ended"],
  ["fillsHeap", "a reader ended"],
  ["failsLater", "a reader ended"],
  ["traps", "a reader ended"],
  ["stays", "a reader was given up"],
] as const) {
  test(`a reader that ${harm}: its readings fail, what it held is free, another one takes its place`, async (t) => {
    const points = harmful(harm);
    const collection = points.readable;
    const { pool, told } = openPool(t, harm === "stays" ? { stuckMsMax: 2_000 } : { heapMebibytes: 64 });
    assert.equal(textOf(await pool.read([collection], count, limits())), '{"count":301}');

    unsettle(points);
    const beside = failureOf(pool.read([collection], untilSettled, limits()));
    const harmed = pool.read([collection], retrieve(5_000), limits());
    // its answer may go down with the thread
    if (harm === "failsLater") await Promise.allSettled([harmed]);
    else assert.equal((await failureOf(harmed)).code, "internal");
    const { code, message } = await beside;
    assert.deepEqual([code, message], ["internal", "the reader thread that answered ended"]);
    await until(() => told.includes(expected));

    const slot = points.slotOf(7) as number;
    points.remove([7]);
    points.purge();
    await until(() => arePassed(points));
    points.write([{ id: 7, payloadKey: 7, vector: vectorAt(7) }]);
    assert.equal(points.slotOf(7), slot, "the slot is used again");

    assert.equal(textOf(await pool.read([collection], count, limits())), '{"count":301}');
    assert.deepEqual(pool.counters(), { readers: 1, places: 1, underWay: 0, lost: 1 });
  });
}

test("a reader that dies holds nothing of a collection that was forgotten while it read it", async (t) => {
  const points = harmful("exits");
  const collection = points.readable;
  const { pool, told } = openPool(t);
  unsettle(points);
  const beside = failureOf(pool.read([collection], untilSettled, limits()));
  assert.equal(textOf(await pool.read([collection], count, limits())), '{"count":301}');
  // as where another table takes the place of its own, beside the same graph
  pool.forget(collection.handle);
  const other = harmful("exits").readable;
  assert.equal((await failureOf(pool.read([other], retrieve(5_000), limits()))).code, "internal");
  assert.equal((await beside).code, "internal");
  await until(() => told.includes("a reader ended"));
  points.remove([7]);
  points.purge();
  await until(() => arePassed(points));
});

test("what a dead reader held is kept while it may still run", async (t) => {
  const points = harmful("stays");
  const collection = points.readable;
  const { pool } = openPool(t);
  await pool.read([collection], count, limits());
  const stuck = failureOf(pool.read([collection], retrieve(5_000), limits(300)));
  assert.equal((await stuck).code, "timeout");
  const slot = points.slotOf(7) as number;
  points.remove([7]);
  points.purge();
  assert.equal(arePassed(points), false);
  points.write([{ id: 7, payloadKey: 7, vector: vectorAt(7) }]);
  assert.notEqual(points.slotOf(7), slot);
});

test("a payload that cannot be read fails its reading, and nothing else", async (t) => {
  const collection = harmful("fails").readable;
  const { pool, told } = openPool(t);
  const { code, message } = await failureOf(pool.read([collection], retrieve(1, 5_000), limits()));
  assert.deepEqual(
    [code, message],
    ["corrupt", "the payload of point 5000: the bytes are not those that were written"],
  );
  assert.equal(textOf(await pool.read([collection], count, limits())), '{"count":301}');
  assert.deepEqual([told, pool.counters().lost], [[], 0]);
});

test("a reading ends at its deadline, in the reader or without its help, and when nobody waits for it", async (t) => {
  const points = harmful("stays");
  const collection = points.readable;
  unsettle(points);
  const { pool } = openPool(t);
  const words = "the request was not done within 0.05 seconds";
  const late = await failureOf(pool.read([collection], untilSettled, limits(50)));
  assert.deepEqual([late.code, late.message], ["timeout", words]);

  let isAbandoned = false;
  const abandoned = failureOf(
    pool.read(
      [collection],
      untilSettled,
      limits(60_000, () => isAbandoned),
    ),
  );
  assert.equal(
    textOf(await pool.read([collection], count, limits())),
    '{"count":301}',
    "others are answered meanwhile",
  );
  isAbandoned = true;
  assert.deepEqual((await abandoned).message, "the client is gone");
  await until(() => pool.counters().underWay === 0);

  const stuck = await failureOf(pool.read([collection], retrieve(5_000), limits(50)));
  assert.deepEqual([stuck.code, stuck.message], ["timeout", words]);
});

test("walks go on until they are settled, if they are to be", async (t) => {
  const points = written(300);
  const collection = points.readable;
  const { pool } = openPool(t);
  const once = searches([nearest(vectorAt(1))]);
  assert.equal((await pool.read([collection], once, limits())).settled, true);
  unsettle(points);
  const before = await pool.read([collection], once, limits());
  assert.equal(before.settled, false);
  const settled = pool.read([collection], untilSettled, limits());
  await pool.read([collection], count, limits());
  points.write([{ id: 1, payloadKey: 1, vector: vectorAt(1) }]);
  const answer = await settled;
  assert.deepEqual([answer.settled, answer.epochs[0]], [true, (before.epochs[0] as number) + 1]);
});

test("what comes while no reader is there waits for one", async (t) => {
  const collection = harmful("exits").readable;
  const { pool, told } = openPool(t, { replaceMsMin: 200 });
  await pool.read([collection], count, limits());
  await failureOf(pool.read([collection], retrieve(5_000), limits()));
  await until(() => told.length > 0);
  const late = failureOf(pool.read([collection], count, limits(0)));
  const answer = pool.read([collection], count, limits());
  const { readers, places } = pool.counters();
  assert.deepEqual([readers, places], [0, 1]);
  assert.equal((await late).code, "timeout");
  assert.equal(textOf(await answer), '{"count":301}');
});

test("a collection that is forgotten is read to the end, and can come again", async (t) => {
  const points = written(300);
  const collection = points.readable;
  const { pool } = openPool(t);
  unsettle(points);
  const reading = pool.read([collection], untilSettled, limits());
  await pool.read([collection], count, limits());
  pool.forget(collection.handle);
  points.write([{ id: 1, payloadKey: 1, vector: vectorAt(1) }]);
  assert.equal((await reading).settled, true);
  assert.equal(textOf(await pool.read([collection], count, limits())), '{"count":300}');
});

test("a reader is asked so much at a time at most, and nothing is asked of a pool that is closed", async (t) => {
  const collection = harmful("stays").readable;
  const { pool } = openPool(t);
  await pool.read([collection], count, limits());
  const asked = [failureOf(pool.read([collection], retrieve(5_000), limits()))];
  for (let i = 1; i < readsUnderWayMax; i++) asked.push(failureOf(pool.read([collection], count, limits())));
  const { code, message } = await failureOf(pool.read([collection], count, limits()));
  assert.deepEqual([code, message], ["unavailable", "1024 reads that take long are under way already"]);
  await pool.close();
  const words = new Set((await Promise.all(asked)).map((error) => `${error.code}: ${error.message}`));
  assert.deepEqual([...words], ["unavailable: the server is stopping"]);
  assert.equal((await failureOf(pool.read([collection], count, limits()))).message, "the server is stopping");
});
