import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  attachSegmentReader,
  MurmurationError,
  type Payload,
  PayloadMemory,
  readPayloadMemory,
} from "@murmuration/index";
import fc from "fast-check";
import { FailingOpLog } from "../log/failing-op-log.test-support.js";
import type { Replica } from "../replica/replica.js";
import {
  createCollection,
  everyPoint,
  openReplica,
  point,
  REPLICA_ID,
  refusal,
  run,
  steppingClock,
  upsert,
} from "../replica/replica.test-support.js";
import { PayloadsInMemory } from "./payloads-in-memory.js";
import type { PointState } from "./point-state.js";
import { rowProblems } from "./row-problems.js";

const inMemory = { ...createCollection("c"), settings: { on_disk_payload: false } };
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function rowsOf(replica: Replica, collection = "c") {
  const target = [...replica.writableShards()].find(({ shard }) => shard.collection.name === collection);
  assert.ok(target !== undefined);
  return target;
}

/** What a reader in another thread finds for a point. */
function readAsOther(replica: Replica, id: number): string | undefined {
  const { rows } = rowsOf(replica);
  const { handle } = rows.readable();
  const reader = attachSegmentReader(handle.table, 7);
  const pin = reader.pin();
  try {
    const row = reader.rowOf(id, pin.epoch);
    if (row === undefined) return undefined;
    assert.ok(handle.payloads !== undefined);
    const stored = { bytesOf: (key: number) => Buffer.from(`in the log: ${key}`) };
    return textOf(readPayloadMemory(handle.payloads, stored).bytesOf(reader.rows.payloadKeyAt(row)));
  } finally {
    pin.release();
  }
}

describe("payloads that are kept in memory", () => {
  test("are what the points have, after every kind of write and after a restart, and in the log too", () => {
    const log = new FailingOpLog();
    const options = { log, clock: steppingClock(), newReplicaId: () => REPLICA_ID };
    let replica = openReplica(options);
    run(replica, inMemory, createCollection("disk"));
    run(replica, upsert("c", [point(1, [1, 0], { n: 1 }), point(2, [0, 1], { n: 2 }), point(3, [1, 1])]));
    run(replica, { kind: "set-payload", collection: "c", target: { ids: [1] }, payload: { é: "ü" } });
    run(replica, {
      kind: "update-vectors",
      collection: "c",
      points: [{ id: 2, vectors: { "": Float32Array.of(3, 3) } }],
    });
    assert.deepEqual(
      [1, 2].map((id) => readAsOther(replica, id)),
      ['{"n":1,"é":"ü"}', '{"n":2}'],
    );
    assert.equal(rowsOf(replica, "disk").rows.readable().handle.payloads, undefined);
    assert.deepEqual(
      ["c", "disk"].map((name) => rowsOf(replica, name).rows.hasImages),
      [false, true],
    );
    const kept = rowsOf(replica).rows.payloads?.memory.use.used ?? 0;
    run(replica, { kind: "clear-payload", collection: "c", target: { filter: everyPoint } });
    run(replica, { kind: "set-payload", collection: "c", target: { ids: [3] }, payload: { late: 1 } });
    // what nobody reads any more is used again
    for (let round = 0; round < 50; round++) {
      run(replica, {
        kind: "overwrite-payload",
        collection: "c",
        target: { ids: [1, 3] },
        payload: { n: 100 + round },
      });
    }
    assert.ok((rowsOf(replica).rows.payloads?.memory.use.used ?? 0) <= 3 * kept);
    assert.deepEqual(rowProblems(rowsOf(replica)), []);
    log.failAfter(3);
    refusal(replica, upsert("c", [point(1, [1, 0], { n: "not kept" })]));
    log.failAfter(Number.POSITIVE_INFINITY);
    assert.deepEqual(rowProblems(rowsOf(replica)), []);
    assert.equal(readAsOther(replica, 1), '{"n":149}');
    replica = openReplica(options);
    assert.deepEqual(rowProblems(rowsOf(replica)), []);
    assert.equal(readAsOther(replica, 1), '{"n":149}');
  });

  test("stay for who reads at an epoch that shows them, and go afterwards; what is taken back leaves nothing", () => {
    const command = fc.record({
      id: fc.nat(5),
      n: fc.nat(3),
      end: fc.constantFrom("publish", "take back", "wait", "pass"),
    });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 80 }), (commands) => {
        const payloads = new PayloadsInMemory(new PayloadMemory(64 * 1024));
        const empty = payloads.memory.use.used;
        let [epoch, passed, logKey] = [1, 1, 0];
        const segment = { isPassed: (of: number) => of <= passed } as Parameters<PayloadsInMemory["published"]>[1];
        let now = new Map<number, { readonly key: number; readonly text: string }>();
        let group = new Map(now);
        /** What readers may look at, by the epoch at which it was shown. */
        const shown = new Map([[epoch, now]]);
        for (const { id, n, end } of commands) {
          if (n === 0) {
            payloads.forget(id);
            group.delete(id);
          } else {
            const payload: Payload = { id, logKey: ++logKey };
            group.set(id, {
              key: payloads.keyOf({ id, payload } as unknown as PointState, logKey),
              text: JSON.stringify(payload),
            });
          }
          if (end === "wait") continue;
          if (end === "take back") {
            payloads.takenBack();
            group = new Map(now);
          } else {
            epoch++;
            now = group;
            group = new Map(now);
            shown.set(epoch, now);
            if (end === "pass") passed = epoch;
            payloads.published(epoch, segment);
          }
          for (const [at, points] of shown) {
            if (at < passed) shown.delete(at);
            else for (const { key, text } of points.values()) assert.equal(textOf(payloads.bytesOf(key)), text);
          }
        }
        payloads.takenBack();
        for (const id of now.keys()) payloads.forget(id);
        passed = ++epoch;
        payloads.published(epoch, segment);
        assert.equal(payloads.memory.use.used, empty);
      }),
      { numRuns: 200 },
    );
  });

  test("are refused by name of the collection where there is no room", () => {
    const payloads = new PayloadsInMemory(new PayloadMemory(64 * 1024));
    payloads.requireRoom("c", 16 * 1024);
    const state = (id: number) => ({ id, payload: { text: "x".repeat(4_000) } }) as unknown as PointState;
    for (let id = 1; id <= 13; id++) payloads.keyOf(state(id), id);
    const isFull = (error: unknown) =>
      error instanceof MurmurationError &&
      error.code === "capacity" &&
      /collection c .*on_disk_payload/.test(error.message);
    assert.throws(() => payloads.requireRoom("c", 16 * 1024), isFull);
    payloads.takenBack();
    payloads.requireRoom("c", 16 * 1024);
  });
});
