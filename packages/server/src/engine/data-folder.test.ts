import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { takeDataFolder } from "./data-folder.js";

const failsWith = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof MurmurationError && error.code === code && message.test(error.message);

describe("a data folder", () => {
  let parent: string;
  let folder: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), "murmuration-folder-"));
    folder = join(parent, "not", "yet", "there");
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  it("is made, and says what lies where", () => {
    const taken = takeDataFolder(folder);
    assert.deepEqual([taken.log, taken.images], [join(folder, "murmuration.db"), join(folder, "images")]);
    assert.ok(existsSync(taken.images));
    taken.release();
  });

  it("belongs to one owner until that one gives it free", () => {
    const first = takeDataFolder(folder);
    assert.throws(() => takeDataFolder(folder), failsWith("unavailable", /another process.*not\/yet\/there/));
    first.release();
    const second = takeDataFolder(folder);
    assert.throws(() => takeDataFolder(folder), failsWith("unavailable", /another process/));
    second.release();
    second.release();
    takeDataFolder(folder).release();
  });

  it("is free again when the process that had it was killed", async () => {
    const module = new URL("./data-folder.js", import.meta.url).href;
    // kept, or the collector closes the file and gives it free
    const code = `import { takeDataFolder } from ${JSON.stringify(module)};
      globalThis.kept = takeDataFolder(process.argv[1]); console.log("taken"); process.stdin.resume();`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", code, folder], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    try {
      await once(child.stdout, "data");
      assert.throws(() => takeDataFolder(folder), failsWith("unavailable", /another process/));
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    takeDataFolder(folder).release();
  });

  it("is taken also where its lock file is no lock", () => {
    takeDataFolder(folder).release();
    writeFileSync(join(folder, "lock"), "this is not what a lock file looks like. ".repeat(50));
    const taken = takeDataFolder(folder);
    assert.throws(() => takeDataFolder(folder), failsWith("unavailable", /another process/));
    taken.release();
  });

  it("that cannot be made is a storage error that names it", () => {
    writeFileSync(join(parent, "file"), "");
    assert.throws(
      () => takeDataFolder(join(parent, "file")),
      failsWith("storage", /cannot make the data folder .*file/),
    );
  });
});
