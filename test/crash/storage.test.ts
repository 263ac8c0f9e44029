import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, beforeEach, describe, test } from "node:test";
import { testSeed } from "../support/random.js";
import {
  type Answer,
  killAllServers,
  newFolder,
  removeFolder,
  type ServerProcess,
  startProcess,
  startServer,
} from "../support/server.js";
import { replayedDigest } from "./replayed.js";
import { assertValid, DIMENSIONS, digestAtRest, digestOf, makeCollection, storedPoints, Writer } from "./writers.js";

const MEBIBYTE = 1024 * 1024;
const WRITES_MAX = 200;

const canLimitFiles =
  process.platform === "linux" &&
  spawnSync("bash", ["-c", "ulimit -S -f 1000"]).status === 0 &&
  spawnSync("prlimit", ["--version"]).status === 0;

after(killAllServers);

/** Half a mebibyte of points under ids of its own. */
function writeMuch(server: ServerProcess, n: number): Promise<Answer> {
  const points = Array.from({ length: 8 }, (_, i) => ({
    id: 5_000_000 + 8 * n + i,
    vector: new Array<number>(DIMENSIONS).fill(n),
    payload: { text: "x".repeat(64 * 1024) },
  }));
  return server.request("PUT", "/collections/c/points", { points });
}

/** What reads show. */
async function shown(server: ServerProcess): Promise<unknown> {
  const scroll = { limit: 10_000, with_payload: ["a"], with_vector: true };
  const near = { query: new Array<number>(DIMENSIONS).fill(1), limit: 50 };
  const answers = [
    await server.request("POST", "/collections/c/points/scroll", scroll),
    await server.request("POST", "/collections/c/points/query", near),
    await server.request("POST", "/collections/c/points/count", { exact: true }),
  ];
  for (const { status } of answers) assert.equal(status, 200);
  return answers.map(({ body }) => body.result);
}

const isReady = async (server: ServerProcess) => (await server.request("GET", "/readyz")).status;
const statusOf = async (server: ServerProcess) =>
  (await server.request("GET", "/murmur/status")).body.result as { ready: boolean; reason?: string };

describe("a server's data folder", () => {
  let folder: string;
  beforeEach(() => {
    folder = newFolder("storage");
  });
  afterEach(() => removeFolder(folder));

  test("that can take no more fails writes whole, goes on being read, and takes writes again when there is room", {
    skip: canLimitFiles ? false : "bash and prlimit are needed to limit the size of files",
  }, async () => {
    const server = await startServer({ dataFolder: folder, fileBytesMax: 6 * MEBIBYTE });
    await makeCollection(server, 100, 1);
    let failed: Answer | undefined;
    let written = 0;
    let before: readonly unknown[] = [];
    while (failed === undefined) {
      assert.ok(written < WRITES_MAX, "the bound on files is met");
      before = [await shown(server), await digestOf(server)];
      const answer = await writeMuch(server, written);
      if (answer.status === 200) written++;
      else failed = answer;
    }
    assert.ok(written > 0);
    assert.equal(failed.status, 500);
    assert.match((failed.body.status as { error: string }).error, /^Service internal error: .*SQLITE_/);
    assert.equal(await isReady(server), 503);
    assert.match((await statusOf(server)).reason ?? "", /^writes fail: .*SQLITE_/);
    assert.equal((await writeMuch(server, written)).status, 500);
    assert.deepEqual([await shown(server), await digestOf(server)], before);

    assert.equal(spawnSync("prlimit", ["--pid", String(server.pid), "--fsize=unlimited"]).status, 0);
    assert.equal((await writeMuch(server, written)).status, 200);
    assert.equal(await isReady(server), 200);
    assert.equal((await statusOf(server)).reason, undefined);
    assert.notDeepEqual(await digestOf(server), before[1]);
    await assertValid(server);
    const then = [await shown(server), await digestOf(server)];
    await server.kill();
    assert.deepEqual(replayedDigest(folder, "c"), then[1]);
    const again = await startServer({ dataFolder: folder });
    assert.deepEqual([await shown(again), await digestOf(again)], then);
    assert.deepEqual(await again.stop(), { code: 0, signal: null });
  });

  test("that takes no more shows nothing of the failed write after a kill and a restart", {
    skip: canLimitFiles ? false : "bash and prlimit are needed to limit the size of files",
  }, async () => {
    const server = await startServer({ dataFolder: folder, fileBytesMax: 4 * MEBIBYTE });
    await makeCollection(server, 100, 2);
    let written = 0;
    while ((await writeMuch(server, written)).status === 200) assert.ok(++written < WRITES_MAX);
    const before = [await shown(server), await digestOf(server)];
    await server.kill();
    const again = await startServer({ dataFolder: folder });
    assert.deepEqual([await shown(again), await digestOf(again)], before);
    assert.equal((await writeMuch(again, written)).status, 200);
    assert.deepEqual(await again.stop(), { code: 0, signal: null });
  });

  test("has every acknowledged write after a stop under load, and images of the graphs", async (context) => {
    const seed = testSeed();
    context.diagnostic(`seed ${seed} (MURMUR_TEST_SEED repeats it)`);
    const writers = Array.from({ length: 6 }, (_, i) => new Writer(i, seed));
    const server = await startServer({ dataFolder: folder });
    await makeCollection(server, 500, seed);
    let answers = 0;
    let stopping: ReturnType<ServerProcess["stop"]> | undefined;
    const onAcknowledged = () => {
      if (++answers === 150) stopping = server.stop();
    };
    // each writer goes on until it is refused or finds nobody there
    await Promise.all(writers.map((writer) => writer.run(server, () => false, onAcknowledged)));
    assert.ok(stopping !== undefined);
    assert.deepEqual(await stopping, { code: 0, signal: null });
    assert.match(server.log(), /graph images written/);
    assert.doesNotMatch(server.log(), /still in flight|"level":[56]0/);
    const images = (readdirSync(join(folder, "images"), { recursive: true }) as string[]).filter((file) =>
      file.endsWith(".image"),
    );
    const [graph, ...others] = images.filter((file) => !file.endsWith("table.image"));
    assert.deepEqual([images.length, others], [2, []], "one of the graph, one of the table");
    assert.ok(statSync(join(folder, "images", graph as string)).size > 500 * DIMENSIONS * 4);

    const again = await startServer({ dataFolder: folder });
    const stored = await storedPoints(again);
    for (const writer of writers) writer.check(stored);
    assert.deepEqual(await digestAtRest(again), replayedDigest(folder, "c"));
    assert.doesNotMatch(again.log(), /not usable/);
    await again.stop();
  });

  test("belongs to one process: a second one ends with an error that names it, and the first goes on", async () => {
    const server = await startServer({ dataFolder: folder });
    const { output, ended } = startProcess({ dataFolder: folder });
    assert.deepEqual(await ended, { code: 1, signal: null });
    assert.match(output.err, /^error: another process uses the data folder /m);
    assert.ok(output.err.includes(folder));
    assert.equal(output.out, "");
    await makeCollection(server, 10, 3);
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
  });
});
