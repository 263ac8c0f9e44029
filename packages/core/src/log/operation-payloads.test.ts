import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { printPayload } from "@murmuration/index";
import { assertUntil } from "@murmuration/index/conformance";
import Database from "better-sqlite3";
import fc from "fast-check";
import { withoutPayload, withPayload } from "../operation/apart-payload.js";
import { operations } from "../operation/arbitraries.test-support.js";
import { encodeOperation, payloadSpanOf } from "../operation/codec.js";
import { MemoryOpLog } from "./memory-op-log.js";
import { makeOlder } from "./older-log.test-support.js";
import { operationPayloadConformance, upsertOf } from "./operation-payloads.test-support.js";
import { sqliteLogUnderTest } from "./sqlite-log.test-support.js";
import { SqliteOpLog } from "./sqlite-op-log.js";

const makeFolder = () => mkdtempSync(join(tmpdir(), "murmuration-operation-payloads-"));

operationPayloadConformance("MemoryOpLog", () => ({ log: new MemoryOpLog(), dispose: () => {} }));
operationPayloadConformance("SqliteOpLog", sqliteLogUnderTest);

test("any operation of a whole payload is the same to the byte when that is put in again from the text that is kept", () => {
  let spans = 0;
  assertUntil(
    () => ({ spans: [spans, 10] }),
    fc.property(operations, (operation) => {
      const bytes = encodeOperation(operation);
      const span = payloadSpanOf(operation, bytes);
      assert.equal(span !== undefined, operation.kind === "upsert");
      if (span === undefined || operation.kind !== "upsert") return;
      spans++;
      const text = Buffer.from(printPayload(operation.payload));
      assert.deepEqual(withPayload(withoutPayload(bytes, span), span.start, text), bytes);
      const without = withPayload(withoutPayload(bytes, span), span.start, undefined);
      assert.deepEqual(without, encodeOperation({ ...operation, payload: {} }));
    }),
    { numRuns: 600 },
  );
});

describe("a file", () => {
  const folder = makeFolder();
  test.after(() => rmSync(folder, { recursive: true }));

  /** A log with three operations and their points. */
  function filled(name: string): { readonly file: string; readonly bytes: readonly Uint8Array[] } {
    const file = join(folder, name);
    const log = new SqliteOpLog(file);
    const all = [1, 2, 3].map((sequence) => upsertOf("a", 1, sequence));
    log.transaction((writer) => {
      for (const [i, { operation, bytes }] of all.entries()) {
        const key = log.newPayloadKey("a");
        writer.append("a", 1, i + 1, bytes, { ...(payloadSpanOf(operation, bytes) ?? assert.fail()), key });
        const text = operation.kind === "upsert" ? printPayload(operation.payload) : assert.fail();
        writer.putPoint("a", i + 1, new Uint8Array([1]), { key, bytes: () => Buffer.from(text) });
      }
    });
    log.close();
    return { file, bytes: all.map(({ bytes }) => bytes) };
  }

  function change(file: string, sql: string): void {
    const database = new Database(file);
    assert.ok(database.prepare(sql).run().changes > 0, sql);
    database.close();
  }

  test("an operation whose payload is lost, rotten or another one is damaged, and can be had without it", () => {
    const damages = {
      lost: "DELETE FROM payloads WHERE place & 255 = 2",
      rotten: "UPDATE payloads SET bytes = CAST(replace(bytes, 'x', 'y') AS BLOB) WHERE place & 255 = 2",
      "no text": "UPDATE payloads SET bytes = x'00' WHERE place & 255 = 2",
      another: "UPDATE payloads SET bytes = (SELECT bytes FROM payloads WHERE place & 255 = 3) WHERE place & 255 = 2",
    };
    for (const [name, sql] of Object.entries(damages)) {
      const { file, bytes } = filled(name);
      change(file, sql);
      const log = new SqliteOpLog(file);
      const damaged: string[] = [];
      const entries = [...log.read(0, { onDamaged: (_, { message }) => damaged.push(message) })];
      assert.deepEqual(
        entries.map((entry) => entry.bytes),
        [bytes[0], bytes[2]],
        name,
      );
      assert.match(damaged.join(), /log|operation 1:2 of shard a has (a payload that is damaged|lost its payload)/);
      assert.equal([...log.read(0, { leavesPayloadsOut: true })].length, 3);
      assert.throws(() => [...log.readOrigin("a", 1, 1, 1)], /payload/);
      assert.ok(log.damagedRows().length >= 2);
      log.close();
    }
  });

  test("the row of an operation that names another payload, or another place for it, is damaged", () => {
    const changes = ["payload = 3", "payload_at = payload_at + 1", "payload_checksum = 7", "payload = 0"];
    for (const [i, one] of changes.entries()) {
      const { file } = filled(`names-${i}`);
      change(file, `UPDATE operations SET ${one} WHERE sequence = 2`);
      const log = new SqliteOpLog(file, { readOnly: true });
      for (const leavesPayloadsOut of [false, true]) {
        const damaged: number[] = [];
        const onDamaged = ({ sequence }: { readonly sequence: number }) => damaged.push(sequence);
        assert.equal([...log.read(0, { leavesPayloadsOut, onDamaged })].length, 2, one);
        assert.deepEqual(damaged, [2]);
      }
      log.close();
    }
  });

  test("a damaged note that a payload is an operation's alone deletes nothing, and is named", () => {
    const { file } = filled("note");
    const log = new SqliteOpLog(file);
    log.transaction((writer) => writer.deletePoint("a", 2));
    log.transaction((writer) => writer.deleteDropped(log.lastDrop(), 9));
    assert.deepEqual(log.damagedRows(), []);
    log.close();
    change(file, "UPDATE operation_payloads SET place = place + 1");
    const again = new SqliteOpLog(file);
    assert.match(again.damagedRows().join(), /table operation_payloads/);
    again.transaction((writer) => writer.dropOperations("a", 9, new Map([[1, 9]]), new Map()));
    // that of the point, which the note came to name
    assert.ok(again.payload("a", 3) !== undefined);
    again.close();
  });

  test("a log of the version before is read as it is, goes on, and has its next payloads once", () => {
    const { file, bytes } = filled("older");
    makeOlder(file, 6);
    for (const readOnly of [true, false, true]) {
      const log = new SqliteOpLog(file, { readOnly });
      assert.deepEqual(
        Array.from(log.read(0), (entry) => entry.bytes),
        bytes,
      );
      assert.deepEqual(log.damagedRows(), []);
      log.close();
    }
    const log = new SqliteOpLog(file);
    const { operation, bytes: fourth } = upsertOf("a", 1, 4);
    const key = log.newPayloadKey("a");
    log.transaction((writer) => {
      writer.append("a", 1, 4, fourth, { ...(payloadSpanOf(operation, fourth) ?? assert.fail()), key });
      const text = operation.kind === "upsert" ? printPayload(operation.payload) : assert.fail();
      writer.putPoint("a", 4, new Uint8Array([1]), { key, bytes: () => Buffer.from(text) });
    });
    assert.deepEqual(
      Array.from(log.read(0), (entry) => entry.bytes),
      [...bytes, fourth],
    );
    log.close();
    const database = new Database(file, { readonly: true });
    const lengths = database.prepare("SELECT length(bytes) FROM operations ORDER BY position").pluck().all();
    database.close();
    assert.ok(Number(lengths[3]) < Number(lengths[2]) / 2, String(lengths));
  });
});
