import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { withTemporaryFolder } from "./temporary-folder.js";

/** Longer ago than a folder is left alone that is being made. */
const LONG_AGO = new Date(Date.now() - 3_600_000);

test("nothing stays of a temporary folder, and of a process that was killed until the next one comes", async (context) => {
  const parent = mkdtempSync(join(tmpdir(), "murmuration-temporary-"));
  context.after(() => rmSync(parent, { recursive: true }));
  const code = `
    const { withTemporaryFolder } = await import(${JSON.stringify(new URL("./temporary-folder.js", import.meta.url).href)});
    await withTemporaryFolder(${JSON.stringify(parent)}, "drill", (folder) => {
      process.stdout.write(folder);
      setInterval(() => undefined, 1_000);
      // what nobody can reach is collected, and with it who waits for it
      return (globalThis.waiting = new Promise(() => undefined));
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  context.after(() => child.kill("SIGKILL"));
  const left = String((await once(child.stdout, "data"))[0]);
  writeFileSync(join(left, "data"), "x");
  const others = ["drill-of-another-kind", "other-1"].map((name) => join(parent, name));
  for (const folder of others) mkdirSync(folder);
  const allOld = () => {
    for (const folder of [left, ...others]) utimesSync(folder, LONG_AGO, LONG_AGO);
  };
  allOld();
  const answer = await withTemporaryFolder(parent, "drill", (folder) => {
    assert.ok(existsSync(folder));
    assert.ok(existsSync(left), "its process lives");
    return 1;
  });
  assert.equal(answer, 1);
  child.kill("SIGKILL");
  await once(child, "close");
  utimesSync(left, new Date(), new Date());
  const failing = withTemporaryFolder(parent, "drill", () => {
    assert.ok(existsSync(left), "it may be one that is being made");
    throw new Error("failed");
  });
  await assert.rejects(failing, /failed/);
  allOld();
  await withTemporaryFolder(parent, "drill", () => assert.ok(!existsSync(left)));
  assert.deepEqual(readdirSync(parent).sort(), ["drill-of-another-kind", "other-1"]);
});
