import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { MurmurationError } from "@murmuration/index";
import { ReadingProcess } from "./reading-process.js";

const folder = mkdtempSync(join(tmpdir(), "murmuration-reading-"));
const serving = new URL("./serve-reading.js", import.meta.url).href;
let written = 0;

/** A process that answers by `source`, a function of the question. */
function processOf(source: string): URL {
  const file = join(folder, `${written++}.mjs`);
  writeFileSync(
    file,
    `import { serveReading, tellProgress } from ${JSON.stringify(serving)};\nserveReading(async (question) => { ${source} });`,
  );
  return pathToFileURL(file);
}

const failureOf = (asked: Promise<unknown>) =>
  asked.then(
    () => assert.fail("it answers"),
    ({ code, message }: MurmurationError) => ({ code, message }),
  );

const isThere = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe("a process that reads what may have been made to harm", () => {
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("answers, and hands errors over with what they name", async () => {
    const source = `
      if (question.n === 1) return new Map([["v", Float32Array.of(1, 2)], ["n", 2n ** 60n]]);
      throw Object.assign(new Error("no file"), {});`;
    const reader = new ReadingProcess(processOf(source), "a file", { heapMebibytes: 64, stallMs: 10_000 });
    assert.deepEqual(
      await reader.ask({ n: 1 }, 10_000),
      new Map<string, unknown>([
        ["v", Float32Array.of(1, 2)],
        ["n", 2n ** 60n],
      ]),
    );
    assert.equal((await failureOf(reader.ask({ n: 2 }, 10_000))).code, "internal");
    await reader.close();
    assert.equal((await failureOf(reader.ask({ n: 1 }, 10_000))).message, "a file is not read any more");
  });

  test("is not believed any more when something fails in it that nobody waits for", async () => {
    const bounds = { heapMebibytes: 64, stallMs: 30_000 };
    const sources = [
      "Promise.reject(new Error('dropped')); await new Promise(() => undefined);",
      "setImmediate(() => { throw new Error('dropped'); }); await new Promise(() => undefined);",
      // what cannot be handed over
      "return () => 'dropped';",
    ];
    for (const source of sources) {
      const reader = new ReadingProcess(processOf(source), "a file", bounds);
      const { code, message } = await failureOf(reader.ask({}, 30_000));
      assert.equal(code, "corrupt");
      assert.match(message, /^a file cannot be read: .*dropped/);
      assert.ok(reader.isOver);
      await reader.close();
    }
  });

  test("is ended when it loops without a word, and when it goes on for ever", async () => {
    const bounds = { heapMebibytes: 64, stallMs: 1_000 };
    const silent = new ReadingProcess(processOf("for (;;);"), "a file", bounds);
    assert.deepEqual(await failureOf(silent.ask({}, 60_000)), {
      code: "corrupt",
      message: "a file makes no progress for 1 s: it is damaged, or made to harm",
    });
    const endless = new ReadingProcess(processOf("for (;;) tellProgress();"), "b", { ...bounds, stallMs: 10_000 });
    assert.match((await failureOf(endless.ask({}, 1_000))).message, /^b takes longer than the 1 s that/);
    await Promise.all([silent.close(), endless.close()]);
  });

  test("ends alone where it takes all memory, in small pieces or at once", async () => {
    const bounds = { heapMebibytes: 64, stallMs: 30_000 };
    const sources = [
      "const all = []; for (;;) all.push(new Array(1000).fill(0.5));",
      "const all = new Array(20); for (let i = 0; i < 2 ** 31; i++) all[i] = i + 0.5;",
    ];
    const readers = sources.map((source) => new ReadingProcess(processOf(source), "a file", bounds));
    for (const reader of readers) {
      const { code, message } = await failureOf(reader.ask({}, 60_000));
      assert.equal(code, "capacity", message);
      assert.match(message, /^a file needs more memory to be read than there is \(64 MiB/);
      await reader.close();
    }
  });

  // before it has begun, and when it is in its loop
  for (const afterMs of [0, 500]) {
    test(`is gone when the one that asks is killed, also out of a loop, ${afterMs} ms after its start`, async () => {
      const looping = processOf("for (;;);").href;
      const own = new URL("./reading-process.js", import.meta.url).href;
      const source = `
        import { ReadingProcess } from ${JSON.stringify(own)};
        const reader = new ReadingProcess(new URL(${JSON.stringify(looping)}), "a file", { heapMebibytes: 64, stallMs: 60000 });
        reader.ask({}, 60000);
        setTimeout(() => console.log(reader.pid), ${afterMs});`;
      const asking = spawn(process.execPath, ["--input-type=module", "--eval", source], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const pid = await new Promise<number>((resolve) => asking.stdout.once("data", (text) => resolve(Number(text))));
      assert.ok(isThere(pid));
      asking.kill("SIGKILL");
      const deadline = performance.now() + 30_000;
      while (isThere(pid) && performance.now() < deadline) await pause(100);
      const isGone = !isThere(pid);
      if (!isGone) process.kill(pid, "SIGKILL");
      assert.ok(isGone, "it is gone");
    });
  }
});
