import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { encodeMessage } from "../operation/message.js";
import { createCollection, openReplica, point, upsert } from "../replica/replica.test-support.js";
import type { LogFile } from "./sqlite-copy.js";
import { SqliteOpLog } from "./sqlite-op-log.js";
import { LogRowReader, LogRowWriter } from "./sqlite-rows.js";

const corrupt = (words: RegExp) => (error: unknown) =>
  error instanceof MurmurationError && error.code === "corrupt" && words.test(error.message);

describe("the rows of a log", () => {
  let folder: string;
  const at = (name: string) => join(folder, name);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "murmuration-rows-"));
    const log = new SqliteOpLog(at("source.db"));
    const replica = openReplica({ log });
    replica.execute([createCollection("c")]);
    for (let i = 0; i < 50; i++) replica.execute([upsert("c", [point(i % 40, [i, 1], { n: i })])]);
    log.close();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Every row of a file, by table. */
  function rowsOf(file: LogFile): Map<string, Buffer[]> {
    const reader = new LogRowReader(file);
    try {
      return new Map(
        reader.tables.map((table) => [table, Array.from(reader.rows(table), ({ bytes }) => Buffer.from(bytes))]),
      );
    } finally {
      reader.close();
    }
  }

  function copy(to: LogFile): void {
    const reader = new LogRowReader({ file: at("source.db") });
    const writer = new LogRowWriter(to, reader.schema);
    for (const table of reader.tables)
      writer.put(
        table,
        Array.from(reader.rows(table), ({ bytes }) => bytes),
      );
    writer.finish();
    reader.close();
  }

  it("make a log that holds the same, under a key too, and goes on where the other was", () => {
    const expected = rowsOf({ file: at("source.db") });
    assert.ok((expected.get("operations")?.length as number) > 50);
    for (const key of [undefined, randomBytes(32)]) {
      const to = { file: at(`copy-${key === undefined ? "plain" : "sealed"}.db`), key };
      copy(to);
      assert.deepEqual(rowsOf(to), expected);
      const log = new SqliteOpLog(to.file, { key });
      assert.deepEqual(log.damagedRows(), []);
      const replica = openReplica({ log });
      replica.execute([upsert("c", [point(99, [1, 2])])]);
      assert.equal(replica.digest("c").points, 41);
      log.close();
    }
  });

  it("of another's making are refused: tables, statements, columns, values and keys twice", () => {
    const reader = new LogRowReader({ file: at("source.db") });
    const { schema } = reader;
    const [row] = Array.from(reader.rows("operations"), ({ bytes }) => bytes);
    reader.close();
    let number = 0;
    const refuses = (words: RegExp, act: (writer: LogRowWriter) => void, other = schema) => {
      const file = at(`refused-${number++}.db`);
      let writer: LogRowWriter | undefined;
      assert.throws(() => {
        writer = new LogRowWriter({ file }, other);
        act(writer);
        writer.finish();
      }, corrupt(words));
      writer?.close();
    };
    const nothing = () => undefined;
    const tables = (sql: string) => ({ ...schema, tables: [{ name: "operations", sql }] });
    refuses(/newer version \(schema 99/, nothing, { ...schema, version: 99 });
    refuses(/not those of a log/, nothing, tables("DROP TABLE operations"));
    refuses(/not those of a log/, nothing, tables("CREATE TABLE other (a)"));
    refuses(/not those of a log/, nothing, tables("CREATE VIRTUAL TABLE operations USING x (a)"));
    refuses(
      /more than one statement|not those of a log/,
      nothing,
      tables("CREATE TABLE operations (a); CREATE TABLE b (c)"),
    );
    refuses(/not those of a log/, nothing, { ...schema, indexes: ["ATTACH 'x' AS y"] });
    assert.ok(!existsSync(at("x")));
    refuses(/has no table/, (writer) => writer.put("sqlite_master", [row as Uint8Array]));
    refuses(/none of table operations/, (writer) => writer.put("operations", [encodeMessage([1, 2])]));
    refuses(/none of table shards/, (writer) => writer.put("shards", [encodeMessage([1, { a: 1 }])]));
    refuses(/not those of a log/, (writer) => writer.put("shards", [encodeMessage(["text", "a"])]));
    refuses(/not those of a log/, (writer) => writer.put("operations", [row as Uint8Array, row as Uint8Array]));
    refuses(/a row of a log/, (writer) => writer.put("operations", [Buffer.of(0xc1)]));
  });
});
