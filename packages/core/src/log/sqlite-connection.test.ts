import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openDatabase, setPragmas } from "./sqlite-connection.js";

test("no connection maps pages, which would end the process where one cannot be read", () => {
  const folder = mkdtempSync(join(tmpdir(), "connection-"));
  const file = join(folder, "log.sqlite");
  try {
    for (const isReadOnly of [false, true]) {
      const database = openDatabase(file, isReadOnly);
      setPragmas(database, isReadOnly);
      database.exec(isReadOnly ? "SELECT * FROM rows" : "CREATE TABLE rows (row)");
      assert.equal(database.pragma("mmap_size", { simple: true }), 0);
      database.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
