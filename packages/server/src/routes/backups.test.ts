import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { pino } from "pino";
import { Backups } from "../backup/backups.js";
import { openWrittenLog, REPLICA_ID } from "../backup/backups.test-support.js";
import { testApp } from "../testing/test-app.js";

describe("the routes of backups", () => {
  it("say that there are none without a folder", async () => {
    const { ask } = await testApp();
    for (const [method, path] of [
      ["GET", ""],
      ["POST", ""],
      ["DELETE", "/20260101T000000000Z-1"],
    ] as const) {
      const { statusCode, error } = await ask(method, `/murmur/backups${path}`);
      assert.equal(statusCode, 400);
      assert.match(error ?? "", /^Bad request: this server makes no backups: .*--backup-folder/);
    }
  });

  it("make, list and remove them, and refuse a second one meanwhile with 409", async () => {
    const root = mkdtempSync(join(tmpdir(), "murmuration-backup-routes-"));
    const logFile = join(root, "murmuration.db");
    const source = openWrittenLog(logFile);
    source.upsert(0, 10);
    const folder = join(root, "backups");
    const log = pino({ level: "silent" });
    const backups = await Backups.open({
      logFile,
      replicaId: REPLICA_ID,
      to: { folder },
      everyMinutes: 0,
      keep: 3,
      log,
    });
    try {
      const { ask } = await testApp({ backups });
      const [made, second] = await Promise.all([ask("POST", "/murmur/backups"), ask("POST", "/murmur/backups")]);
      assert.equal(made.statusCode, 200, made.text);
      assert.equal(second.statusCode, 409);
      assert.equal(second.error, "Conflict: another backup is being made");
      const result = made.json.result as { name: string; bytes: number; collections: object[] };
      assert.deepEqual(result.collections, [{ shard: "5-1", collection: "c", ...source.replica.digest("c") }]);
      assert.ok(result.bytes > 0);
      const listed = await ask("GET", "/murmur/backups");
      assert.deepEqual(listed.json.result, { folder, every_minutes: 0, keep: 3, running: false, backups: [result] });
      assert.equal((await ask("DELETE", `/murmur/backups/${result.name}`)).json.result, true);
      const gone = await ask("DELETE", `/murmur/backups/${result.name}`);
      assert.equal(gone.statusCode, 404);
      assert.equal(gone.error, `Not found: there is no backup ${result.name}`);
      assert.equal((await ask("DELETE", "/murmur/backups/..%2Fmurmuration")).statusCode, 404);
    } finally {
      await backups.close();
      source.log.close();
      rmSync(root, { recursive: true });
    }
  });
});
