import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, afterEach, beforeEach, describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import {
  killAllServers,
  newFolder,
  removeFolder,
  type ServerProcess,
  startProcess,
  startServer,
} from "../support/server.js";
import { root } from "../support/source-tree.js";
import { assertAnswers, atRest, type StoredAnswer } from "../support/stored-answers.js";
import { replayedDigest } from "./replayed.js";

// Data folders that earlier versions left behind (test/fixtures/README.md): they open, and answer as they did.

const FIXTURES = join(root, "test/fixtures");
/** Changes of the log's files that a start has made when it is killed: each start goes on from where the one before it was. */
const CHANGES_AT_KILL = [1, 4, 13];
/** Points stand with their payloads in logs of before: a start that brings them over says so. */
const SCHEMA_OF_PAYLOADS = 6;
const NEVER_READY_MS = 60_000;

/** Puts a copy of a fixture into an empty folder, and gives what it has to answer. */
function unpack(fixture: string, folder: string): readonly StoredAnswer[] {
  for (const packed of readdirSync(join(FIXTURES, fixture))) {
    const file = join(folder, packed.replace(/\.gz$/, "").replaceAll("~", "/"));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, gunzipSync(readFileSync(join(FIXTURES, fixture, packed))));
  }
  const { answers } = JSON.parse(readFileSync(join(folder, "answers.json"), "utf8")) as { answers: StoredAnswer[] };
  assert.ok(answers.length > 50);
  return answers;
}

/** Starts a server and kills it after so many changes of the log's files, or when it serves. */
async function killWhileStarting(dataFolder: string, changes: number): Promise<"starting" | "serving"> {
  const { child, output, ended } = startProcess({ dataFolder });
  let seen = 0;
  let met: "starting" | "serving" = "serving";
  const watcher = watch(dataFolder, (_, file) => {
    if (!file?.startsWith("murmuration.db") || ++seen !== changes) return;
    if (!output.out.includes("listening")) met = "starting";
    child.kill("SIGKILL");
  });
  child.stdout.on("data", () => {
    if (output.out.includes("listening")) child.kill("SIGKILL");
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), NEVER_READY_MS);
  assert.deepEqual(await ended, { code: null, signal: "SIGKILL" }, output.err);
  clearTimeout(timer);
  watcher.close();
  return met;
}

async function assertUsable(server: ServerProcess): Promise<void> {
  // images of graphs that an earlier version wrote are of use too, those of tables are made again where their layout is another one
  const lines = server.log().split("\n");
  const others = lines.filter((line) => !line.includes('"why":"the table image is of another layout'));
  assert.doesNotMatch(others.join("\n"), /not usable|"level":[56]0/);
  for (const name of ["mixed", "replaced"]) {
    const { status, body } = await server.request("POST", `/murmur/collections/${name}/validate`, { samples: 10 });
    assert.equal(status, 200);
    const { graphs } = body.result as { graphs: Record<string, { violations: unknown[] }> };
    for (const { violations } of Object.values(graphs)) assert.deepEqual(violations, []);
  }
}

const digestIn = (answers: readonly StoredAnswer[], name: string): unknown =>
  JSON.parse(answers.find(({ path }) => path === `/murmur/collections/${name}/digest`)?.result ?? "");

/** Writes change what is compared, and the log tells of them as the server does. */
async function assertWritable(server: ServerProcess, folder: string, answers: readonly StoredAnswer[]): Promise<void> {
  const point = { id: 1, vector: { plain: [1, 2, 3, 4, 5, 6, 7, 8], half: new Array(12).fill(0.5) } };
  const written = await server.request("PUT", "/collections/mixed/points?wait=true", { points: [point] });
  assert.equal(written.status, 200);
  const replaced = { points: [{ id: 20, vector: new Array(24).fill(1), payload: { round: 10 } }] };
  assert.equal((await server.request("PUT", "/collections/replaced/points?wait=true", replaced)).status, 200);
  await atRest(server);
  for (const name of ["mixed", "replaced"]) {
    const { body } = await server.request("GET", `/murmur/collections/${name}/digest`);
    assert.notDeepEqual(body.result, digestIn(answers, name));
    assert.partialDeepStrictEqual(replayedDigest(folder, name), body.result);
  }
}

after(killAllServers);

for (const fixture of readdirSync(FIXTURES).filter((name) => name.startsWith("data-folder-"))) {
  describe(`a data folder of an earlier version (${fixture})`, () => {
    let folder: string;
    beforeEach(() => {
      folder = newFolder("old-folder");
    });
    afterEach(() => removeFolder(folder));

    test("opens and answers as it did, to the byte, and again after every restart", async () => {
      const answers = unpack(fixture, folder);
      let starts = 0;
      for (const end of ["kill", "stop", "kill"] as const) {
        const server = await startServer({ dataFolder: folder });
        // once
        const isBroughtOver = starts++ === 0 && Number(fixture.split("-")[2]) < SCHEMA_OF_PAYLOADS;
        assert.equal(/points of an older log are being brought over/.test(server.log()), isBroughtOver);
        await atRest(server);
        await assertAnswers(server, answers);
        await assertUsable(server);
        await server[end]();
      }
      for (const name of ["mixed", "replaced"]) {
        assert.partialDeepStrictEqual(replayedDigest(folder, name), digestIn(answers, name));
      }
    });

    test("opens wherever the start that brings it over was killed, is written to and compared with what its log tells", async (context) => {
      const met = { starting: 0, serving: 0 };
      const answers = unpack(fixture, folder);
      for (const changes of CHANGES_AT_KILL) met[await killWhileStarting(folder, changes)]++;
      const server = await startServer({ dataFolder: folder });
      await atRest(server);
      await assertAnswers(server, answers);
      await assertWritable(server, folder, answers);
      await assertUsable(server);
      await server.kill();
      context.diagnostic(`killed ${met.starting} times before it served, ${met.serving} times when it did`);
      assert.ok(met.starting > 0, "kills met a start");
    });
  });
}
