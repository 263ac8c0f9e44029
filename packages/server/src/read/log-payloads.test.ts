import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { type LogWriter, SqliteOpLog } from "@murmuration/core";
import { SqlitePayloadFile } from "@murmuration/core/payload-file";
import { MurmurationError } from "@murmuration/index";
import Database from "better-sqlite3";
import { KeptPayloads } from "./kept-payloads.js";
import { payloadsOfFile, payloadsOfLog } from "./log-payloads.js";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const state = new Uint8Array(30);
const isCorrupt = (what: RegExp) => (error: unknown) =>
  error instanceof MurmurationError && error.code === "corrupt" && what.test(error.message);

describe("payloads of a log", () => {
  let folder: string;
  let file: string;
  let log: SqliteOpLog;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "murmuration-payloads-"));
    file = join(folder, "log.db");
    log = new SqliteOpLog(file);
  });
  afterEach(() => {
    log.close();
    rmSync(folder, { recursive: true });
  });

  /** Puts a payload of a point; returns its key. */
  function put(shard: string, id: number, text: string): number {
    const key = log.newPayloadKey(shard);
    log.transaction((writer) => writer.putPoint(shard, id, state, { key, bytes: () => bytesOf(text) }));
    return key;
  }

  /** Does something to the file that nobody knows. */
  function damage(statement: string): void {
    const database = new Database(file);
    database.exec(statement);
    database.close();
  }

  test("are read as they are committed, of each shard, by whoever has the log and by other connections", () => {
    const ways = [
      payloadsOfLog(log),
      payloadsOfFile({ logFile: file, cacheMebibytes: 1 }),
      payloadsOfFile({ logFile: file, cacheMebibytes: 0 }),
    ];
    for (let round = 0; round < 3; round++) {
      const keys = [put("a", 1, `a ${round}`), put("b", 1, `b ${round}`)] as const;
      for (const of of ways) {
        for (let again = 0; again < 2; again++) {
          assert.equal(textOf(of("a").bytesOf(keys[0])), `a ${round}`);
          assert.equal(textOf(of("b").bytesOf(keys[1])), `b ${round}`);
        }
        assert.throws(() => of("a").bytesOf(keys[0] + 1), isCorrupt(/payload \d+ of shard a is lost/));
        assert.throws(() => of("none").bytesOf(1), isCorrupt(/of shard none is lost/));
      }
    }
  });

  test("keep the write-ahead log from nothing, however long a reader is there", () => {
    const read = payloadsOfFile({ logFile: file, cacheMebibytes: 0 })("a");
    const large = new Uint8Array(1024 * 1024).fill(120);
    let wal = 0;
    for (let round = 0; round < 100; round++) {
      const key = log.newPayloadKey("a");
      const write = (writer: LogWriter) => {
        writer.putPoint("a", 1, state, { key, bytes: () => large });
        writer.deleteDropped(log.lastDrop(), 100);
      };
      log.transaction(write, { isLazy: true });
      assert.equal(read.bytesOf(key).byteLength, large.byteLength);
      wal = Math.max(wal, statSync(`${file}-wal`).size);
    }
    // it is taken in at 4,000 pages of 4 KiB, and begun anew by the commit that follows
    assert.ok(wal < 32 * 1024 * 1024, `${wal} bytes`);
  });

  test("that are damaged fail by themselves, and are read again when they were mended", () => {
    const of = payloadsOfFile({ logFile: file, cacheMebibytes: 1 });
    const [hurt, sound] = [put("a", 1, "hurt"), put("a", 2, "sound")];
    damage(`UPDATE payloads SET bytes = x'00' WHERE place & 1099511627775 = ${hurt}`);
    for (let again = 0; again < 2; again++) {
      assert.throws(() => of("a").bytesOf(hurt), isCorrupt(/is damaged/));
      assert.equal(textOf(of("a").bytesOf(sound)), "sound");
    }
    log.transaction((writer) => writer.mendPayload("a", { key: hurt, bytes: bytesOf("hurt") }));
    assert.equal(textOf(of("a").bytesOf(hurt)), "hurt");
  });

  test("cannot be read where the file is not there, or of an older version", () => {
    const isStorage = (error: unknown) => error instanceof MurmurationError && error.code === "storage";
    assert.throws(() => new SqlitePayloadFile(join(folder, "missing.db")).read("a", 1), isStorage);
    damage("PRAGMA user_version = 5");
    assert.throws(() => new SqlitePayloadFile(file).read("a", 1), isStorage);
    damage("PRAGMA user_version = 6");
    const again = new SqlitePayloadFile(file);
    const key = put("a", 1, "text");
    assert.equal(textOf(again.read("a", key)), "text");
    again.close();
    assert.equal(textOf(again.read("a", key)), "text");
    again.close();
  });
});

test("payloads that were read last are kept, up to a number of bytes, and read again where they are not", () => {
  const asked: string[] = [];
  const source = {
    read: (shard: string, key: number) => {
      asked.push(`${shard}${key}`);
      if (key === 13) throw new MurmurationError("corrupt", "payload 13 is damaged");
      return new Uint8Array(key === 99 ? 100_000 : 1_000);
    },
  };
  const payloads = new KeptPayloads(source, 10_000);
  const [a, b] = [payloads.of("a"), payloads.of("b")];
  for (const reader of [a, b, a, b]) reader.bytesOf(1);
  assert.deepEqual(asked, ["a1", "b1"]);
  for (let key = 2; key <= 40; key++) {
    a.bytesOf(key === 13 ? 12 : key);
    a.bytesOf(1);
    assert.ok(payloads.counters().bytes <= 10_000);
  }
  assert.equal(asked.filter((one) => one === "a1").length, 1, "what is read often stays");
  b.bytesOf(1);
  assert.equal(asked.filter((one) => one === "b1").length, 2, "what was not goes");
  for (let again = 0; again < 2; again++) assert.throws(() => a.bytesOf(13), isCorrupt(/13/));
  assert.equal(asked.filter((one) => one === "a13").length, 2);
  // larger than all that is kept
  for (let again = 0; again < 2; again++) assert.equal(a.bytesOf(99).byteLength, 100_000);
  assert.equal(asked.filter((one) => one === "a99").length, 2);
  const { kept, read } = payloads.counters();
  assert.equal(read, asked.length - 2);
  assert.ok(kept > 30);
});
