import assert from "node:assert/strict";
import { after, describe, mock, test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { HTTP_THREAD } from "../threads/thread-places.js";
import { isBrief } from "./brief-reading.js";
import { LocalReaders } from "./local-readers.js";
import { ReaderPool } from "./reader-pool.js";
import { ReadersBeside } from "./readers-beside.js";
import { everything, failureOf, limits, nearest, searches, textOf, until } from "./readings.test-support.js";
import { noPayloads, payloadsByKey, vectorAt, written } from "./written-points.test-support.js";

const threadFile = new URL("./deadly-reader.test-support.js", import.meta.url);

/** Readers in this thread, and how often they were asked to read. */
function watched() {
  const here = new LocalReaders(() => payloadsByKey, HTTP_THREAD);
  const asked = mock.method(here, "readWithin");
  return { here, asked, count: () => asked.mock.callCount() };
}

describe("readers beside this thread", () => {
  const points = written(2_000);
  const collections = [points.readable];
  const pool = new ReaderPool({ readers: 1, payloads: noPayloads, tell: assert.fail, threadFile });
  after(() => pool.close());
  const brief = (i: number) => searches([nearest(vectorAt(i))]);
  const atRest = () => until(() => !pool.isBusy);

  test("a brief reading that comes alone is read here, those that come together and others in threads: with the same bytes", async () => {
    await atRest();
    const { here, count } = watched();
    const readers = new ReadersBeside(pool, here);
    const expected = async (i: number) =>
      textOf(await new LocalReaders(() => payloadsByKey).read(collections, brief(i), limits()));
    assert.equal(textOf(await readers.read(collections, brief(3), limits())), await expected(3));
    assert.equal(count(), 1);
    const together = await Promise.all([1, 2, 3, 4].map((i) => readers.read(collections, brief(i), limits())));
    assert.deepEqual(together.map(textOf), await Promise.all([1, 2, 3, 4].map(expected)));
    assert.equal(count(), 1);
    await readers.read(collections, searches([nearest(vectorAt(3), { selection: everything })]), limits());
    assert.equal(count(), 1);
    await atRest();
    assert.equal(textOf(await readers.read(collections, brief(5), limits())), await expected(5));
    assert.equal(count(), 2);
  });

  test("what a reading is refused with is the same", async () => {
    await atRest();
    const wrong = searches([nearest(Float32Array.of(1))]);
    const readers = new ReadersBeside(pool, watched().here);
    const [here, there] = await Promise.all([
      failureOf(readers.read(collections, wrong, limits())),
      failureOf(pool.read(collections, wrong, limits())),
    ]);
    assert.deepEqual([here.code, here.message, here.field], [there.code, there.message, there.field]);
  });

  test("after its deadline, for nobody, or where it takes too long here, it is a thread that answers", async () => {
    const { here, count } = watched();
    const readers = new ReadersBeside(pool, here);
    for (const [of, why] of [
      [limits(-1_000), "timeout"],
      [limits(60_000, () => true), "unavailable"],
    ] as const) {
      await atRest();
      // the pool may have seen that its time is over, or that nobody waits, before the thread has answered
      await readers.read(collections, brief(1), of).catch((error: unknown) => {
        assert.ok(error instanceof MurmurationError && error.code === why, String(error));
      });
    }
    assert.equal(count(), 0);
    await atRest();
    assert.equal(here.readWithin(-1, collections, searches([nearest(vectorAt(1), { limit: 50 })])), undefined);
  });

  test("after a trap nothing is read here any more", async () => {
    await atRest();
    const { here, asked, count } = watched();
    const readers = new ReadersBeside(pool, here);
    asked.mock.mockImplementationOnce(() => {
      throw Object.assign(new Error("unreachable"), { name: "RuntimeError" });
    });
    assert.notEqual(textOf(await readers.read(collections, brief(1), limits())), "");
    await atRest();
    await readers.read(collections, brief(1), limits());
    assert.equal(count(), 1);
  });

  test("only searches of bounded cost are brief", () => {
    const is = (more: Parameters<typeof nearest>[1]) => isBrief(collections, searches([nearest(vectorAt(1), more)]));
    assert.ok(is({}));
    assert.ok(is({ limit: 90, offset: 10, parameters: { efSearch: 500 } }));
    assert.ok(!is({ limit: 90, offset: 11 }));
    assert.ok(!is({ parameters: { efSearch: 5_000 } }));
    assert.ok(!is({ parameters: { exact: true } }));
    assert.ok(!is({ parameters: { oversampling: 2 } }));
    assert.ok(!is({ selection: { payload: true, vectors: false } }));
    assert.ok(!is({ selection: { payload: false, vectors: true } }));
    assert.ok(!is({ filter: { must: [], should: [], mustNot: [] } }));
    assert.ok(!is({ using: "unknown" }));
    assert.ok(!is({ prefetch: [nearest(vectorAt(1))] }));
    assert.ok(!isBrief(collections, searches([nearest(vectorAt(1))], { isBatch: true })));
    assert.ok(!isBrief(collections, searches([nearest(vectorAt(1))], { untilSettled: true })));
    assert.ok(!isBrief(collections, { kind: "count" }));
  });
});
