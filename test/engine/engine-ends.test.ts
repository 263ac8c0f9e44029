import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { killAllServers, newFolder, removeFolder, type ServerProcess, startServer } from "../support/server.js";
import { root } from "../support/source-tree.js";
import { until } from "../support/until.js";

let folder: string;
before(() => {
  folder = newFolder("engine-ends");
});
after(() => {
  killAllServers();
  removeFolder(folder);
});

const create = (server: ServerProcess, name: string) =>
  server.request("PUT", `/collections/${name}`, { vectors: { size: 2, distance: "Dot" } });

test("a process whose engine's thread ends says so on /livez and exits, and serves again when it is started again", async () => {
  const preload = pathToFileURL(join(root, "test/support/ending-engine.mjs")).href;
  const file = join(folder, "end");
  const environment = { NODE_OPTIONS: `--import=${preload}`, MURMURATION_TEST_END_ENGINE: file };
  const data = join(folder, "data");
  const server = await startServer({ dataFolder: data, environment });
  assert.equal((await create(server, "a")).status, 200);
  assert.equal((await fetch(`${server.address}/livez`)).status, 200);
  writeFileSync(file, "");

  let told = "";
  const isTold = async () => {
    const answer = await fetch(`${server.address}/livez`);
    told = await answer.text();
    return answer.status === 503;
  };
  await until(isTold, "it says that its engine is gone");
  assert.match(told, /the engine's thread failed: a test ends the engine: this process ends/);
  const isGone = () =>
    fetch(`${server.address}/livez`).then(
      () => false,
      () => true,
    );
  await until(isGone, "it ends");
  const ending = await server.stop();
  assert.deepEqual(ending, { code: 70, signal: null });
  assert.match(server.log(), /the engine's thread has ended: this process ends with it/);

  const again = await startServer({ dataFolder: data });
  assert.equal((await again.request("GET", "/collections/a")).status, 200);
  assert.equal((await create(again, "b")).status, 200);
  await again.stop();
});
