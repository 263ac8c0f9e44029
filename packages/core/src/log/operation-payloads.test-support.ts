import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { type Payload, printPayload } from "@murmuration/index";
import { emptyVersionVector } from "../causality/version-vector.js";
import { decodeOperation, encodeOperation, payloadSpanOf } from "../operation/codec.js";
import type { Operation } from "../operation/operation.js";
import type { OpLogUnderTest } from "./conformance.js";
import type { KeyedPayload, LogWriter, OpLog, PayloadInOperation } from "./op-log.js";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const payloadOf = (sequence: number): Payload => ({
  b: sequence,
  a: { text: "x".repeat(300), list: [1.5, "é", null] },
});

/** An operation of an origin with a payload of its own, and its bytes. */
export function upsertOf(shard: string, origin: number, sequence: number): { operation: Operation; bytes: Uint8Array } {
  const operation: Operation = {
    kind: "upsert",
    shard,
    origin,
    sequence,
    time: { wallMs: 1_000 + sequence, counter: 0 },
    dependencies: emptyVersionVector,
    id: sequence,
    vectors: [],
    kept: [],
    payload: payloadOf(sequence),
  };
  return { operation, bytes: encodeOperation(operation) };
}

/** Registers the tests of payloads that are those of operations and of points, for an adapter of the `OpLog` port. */
export function operationPayloadConformance(name: string, makeLog: () => OpLogUnderTest): void {
  describe(`${name} keeps the payload of an operation with its point`, () => {
    let subject: OpLogUnderTest;
    let log: OpLog;
    beforeEach(() => {
      subject = makeLog();
      log = subject.log;
    });
    afterEach(() => subject.dispose());

    /** What writes the next operations of an origin with the points that they make, of the ids of their sequences. */
    function upserts(shard: string, origin: number, first: number, count: number) {
      const all = Array.from({ length: count }, (_, i) => upsertOf(shard, origin, first + i));
      const keys = all.map(() => log.newPayloadKey(shard));
      const write = (writer: LogWriter) => {
        for (const [i, { operation, bytes }] of all.entries()) {
          const span = payloadSpanOf(operation, bytes) ?? assert.fail();
          const payload: PayloadInOperation = { ...span, key: keys[i] as number };
          writer.append(shard, origin, first + i, bytes, payload);
        }
        for (const [i, key] of keys.entries())
          writer.putPoint(shard, first + i, bytesOf("state"), keyed(key, first + i));
      };
      return { bytes: all.map(({ bytes }) => bytes), keys, write };
    }
    const keyed = (key: number, sequence: number): KeyedPayload => ({
      key,
      bytes: () => bytesOf(printPayload(payloadOf(sequence))),
    });
    const sweep = () => log.transaction((writer) => writer.deleteDropped(log.lastDrop(), 100));
    const isThere = (shard: string, keys: readonly number[]) =>
      keys.map((key) => log.payload(shard, key) !== undefined);

    test("a shard is dropped, or begun again, behind operations of the same transaction whose points are put no more", () => {
      const before = upserts("a", 1, 1, 2);
      log.transaction(before.write);
      const drops: { readonly [name: string]: (writer: LogWriter) => void } = {
        dropped: (writer) => writer.dropShard("a"),
        "begun again": (writer) => void writer.restartShard("a", emptyVersionVector),
        "dropped that was new": (writer) => writer.dropShard("b"),
      };
      for (const [what, drop] of Object.entries(drops)) {
        const shard = what === "dropped that was new" ? "b" : "a";
        const first = (log.frontier(shard).get(1) ?? 0) + 1;
        const { operation, bytes } = upsertOf(shard, 1, first);
        const key = log.newPayloadKey(shard);
        log.transaction((writer) => {
          const span = payloadSpanOf(operation, bytes) ?? assert.fail();
          writer.append(shard, 1, first, bytes, { ...span, key });
          drop(writer);
        });
        assert.deepEqual([...log.read(0, { shard })], [], what);
        const other = upserts("c", 1, (log.frontier("c").get(1) ?? 0) + 1, 1);
        log.transaction(other.write);
        assert.deepEqual(isThere("c", other.keys), [true], what);
      }
      log = subject.reopen?.() ?? log;
      assert.equal([...log.read(0)].length, 3);
      sweep();
      assert.deepEqual(isThere("a", before.keys), [false, false]);
    });

    test("an operation is read to the byte as it was appended, or without its payload", () => {
      const { bytes, write } = upserts("a", 1, 1, 5);
      log.transaction(write);
      log = subject.reopen?.() ?? log;
      assert.deepEqual(
        Array.from(log.read(0), (entry) => entry.bytes),
        bytes,
      );
      assert.deepEqual(
        Array.from(log.read(2, { shard: "a" }), (entry) => entry.bytes),
        bytes.slice(2),
      );
      assert.deepEqual(
        Array.from(log.readOrigin("a", 1, 3, 9), (entry) => entry.bytes),
        bytes.slice(3),
      );
      const options = { leavesPayloadsOut: true };
      const apart = [...log.read(0, options), ...log.read(0, { ...options, shard: "a" })];
      for (const entry of [...apart, ...log.readOrigin("a", 1, 0, 9, options)]) {
        const operation = decodeOperation("a", 1, entry.sequence, entry.bytes);
        assert.deepEqual(operation, { ...upsertOf("a", 1, entry.sequence).operation, payload: {} });
      }
    });

    test("a payload is there for as long as the point or the operation has it, and no longer", () => {
      const { bytes, keys, write } = upserts("a", 1, 1, 4);
      log.transaction(write);
      // points first
      log.transaction((writer) => {
        writer.deletePoint("a", 1);
        writer.putPoint("a", 2, bytesOf("state"));
      });
      assert.equal(sweep(), true);
      log = subject.reopen?.() ?? log;
      assert.deepEqual(isThere("a", keys), [true, true, true, true]);
      assert.deepEqual(
        Array.from(log.read(0), (entry) => entry.bytes),
        bytes,
      );
      const through = log.lastPosition();
      const kept = new Map([[1, new Set([2, 4])]]);
      assert.equal(
        log.transaction((writer) => writer.dropOperations("a", through, new Map([[1, 9]]), kept)),
        2,
      );
      // of the third the point has it still, of the second and the fourth the operation
      assert.deepEqual(isThere("a", keys), [false, true, true, true]);
      assert.deepEqual(
        Array.from(log.read(0), (entry) => entry.bytes),
        [bytes[1], bytes[3]],
      );
      log.transaction((writer) => {
        writer.deletePoint("a", 3);
        writer.deletePoint("a", 4);
      });
      assert.deepEqual(isThere("a", keys), [false, true, true, true]);
      sweep();
      assert.deepEqual(isThere("a", keys), [false, true, false, true]);
      log.transaction((writer) => writer.dropOperations("a", through, new Map([[1, 9]]), new Map()));
      assert.deepEqual(isThere("a", keys), [false, false, false, false]);
    });

    test("notes are carried out a bounded number at a time also where operations have the payloads", () => {
      const { keys, write } = upserts("a", 1, 1, 10);
      log.transaction(write);
      log.transaction((writer) => writer.dropPoints("a"));
      const drop = () => log.transaction((writer) => writer.deleteDropped(log.lastDrop(), 3));
      const ends: boolean[] = [];
      while (ends.at(-1) !== true && ends.length < 20) ends.push(drop());
      assert.ok(ends.length === 4 || ends.length === 5, String(ends.length));
      assert.deepEqual(isThere("a", keys), Array(10).fill(true));
      log.transaction((writer) => writer.dropOperations("a", log.lastPosition(), new Map([[1, 10]]), new Map()));
      assert.deepEqual(isThere("a", keys), Array(10).fill(false));
    });

    test("payloads go with a shard that is dropped or restarted, also those that operations alone had", () => {
      const written = ["a", "b", "c"].map((shard) => ({ shard, ...upserts(shard, 1, 1, 3) }));
      for (const { write } of written) log.transaction(write);
      for (const shard of ["a", "b", "c"]) log.transaction((writer) => writer.deletePoint(shard, 2));
      sweep();
      const another = upserts("b", 1, 10, 1);
      log.transaction((writer) => {
        writer.dropShard("a");
        writer.restartShard("b", new Map([[1, 9]]));
        another.write(writer);
      });
      sweep();
      const are = (there: boolean) => [there, there, there];
      for (const { shard, keys } of written) {
        // a shard that is made anew asks for keys anew
        if (shard !== "a") assert.deepEqual(isThere(shard, keys), are(shard === "c"), shard);
      }
      assert.deepEqual(isThere("b", another.keys), [true]);
      assert.deepEqual(
        Array.from(log.read(0, { shard: "b" }), (entry) => entry.bytes),
        another.bytes,
      );
    });

    test("a transaction that throws leaves all of it as it was", () => {
      const { bytes, keys, write } = upserts("a", 1, 1, 3);
      log.transaction(write);
      log.transaction((writer) => writer.deletePoint("a", 1));
      sweep();
      log.transaction((writer) => writer.deletePoint("a", 2));
      const more = upserts("a", 1, 4, 2);
      assert.throws(() =>
        log.transaction((writer) => {
          more.write(writer);
          writer.deleteDropped(log.lastDrop(), 100);
          writer.dropOperations("a", log.lastPosition(), new Map([[1, 9]]), new Map());
          throw new Error("taken back");
        }),
      );
      assert.deepEqual(
        [isThere("a", keys), isThere("a", more.keys)],
        [
          [true, true, true],
          [false, false],
        ],
      );
      assert.deepEqual(
        Array.from(log.read(0), (entry) => entry.bytes),
        bytes,
      );
      log.transaction((writer) => writer.dropOperations("a", log.lastPosition(), new Map([[1, 9]]), new Map()));
      assert.deepEqual(isThere("a", keys), [false, true, true]);
      sweep();
      assert.deepEqual(isThere("a", keys), [false, false, true]);
    });
  });
}
