import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { limits } from "../limits.js";
import { makeOlder, registersOf } from "./older-log.test-support.js";
import { SqliteOpLog } from "./sqlite-op-log.js";

const child = fileURLToPath(new URL("./bring-over-child.test-support.js", import.meta.url));

/** Opens a log in a process of its own, which is killed when it has said so often how far it is. Was it killed? */
function openAndKill(file: string, saysAtKill: number): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const opening = spawn(process.execPath, [child, file], { stdio: ["ignore", "pipe", "inherit"] });
  let says = 0;
  opening.stdout.setEncoding("utf8").on("data", (text: string) => {
    says += text.split("\n").length - 1;
    if (says >= saysAtKill) opening.kill("SIGKILL");
  });
  opening.on("error", reject);
  opening.on("close", (code, signal) => {
    if (signal === "SIGKILL") resolve(true);
    else if (code === 0) resolve(false);
    else reject(new Error(`it ended with ${code}`));
  });
  return promise;
}

test("points are brought over wherever the process that does it is killed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "murmuration-bring-over-"));
  const file = join(folder, "log.db");
  try {
    const log = new SqliteOpLog(file);
    const points = 12 * limits.pointsBroughtOverPerCommit + 7;
    log.transaction((writer) => {
      for (let id = 0; id < points; id++) {
        const shard = id % 3 === 0 ? "a" : "b";
        const bytes = () => new TextEncoder().encode(JSON.stringify({ id, text: "x".repeat(id % 400) }));
        writer.putPoint(shard, id, registersOf(id + 1), { key: log.newPayloadKey(shard), bytes });
      }
    });
    const contents = (of: SqliteOpLog) =>
      ["a", "b"].map((shard) => [...of.points(shard)].map(({ id, state, payload }) => [id, state, payload?.bytes]));
    const before = contents(log);
    log.close();
    makeOlder(file, 5);
    let kills = 0;
    while (await openAndKill(file, 1 + (kills % 4))) kills++;
    assert.ok(kills > 2, `killed ${kills} times`);
    const over = new SqliteOpLog(file);
    assert.deepEqual(contents(over), before);
    assert.deepEqual(over.damagedRows(), []);
    over.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
