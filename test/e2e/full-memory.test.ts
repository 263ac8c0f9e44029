import assert from "node:assert/strict";
import { after, test } from "node:test";
import { killAllServers, newFolder, removeFolder, type ServerProcess, startServer } from "../support/server.js";

const BATCH = 2_000;
/** Of a payload: on the heaps of both threads. */
const text = "some text that stands on the heap of each thread. ".repeat(12);
/** More than fit into the heap; a bound, so that the test ends. */
const BATCHES_MAX = 400;

const folder = newFolder("full-memory");
const start = (): Promise<ServerProcess> =>
  startServer({ dataFolder: folder, environment: { NODE_OPTIONS: "--max-old-space-size=100" } });

after(() => {
  killAllServers();
  removeFolder(folder);
});

async function fill(server: ServerProcess, from: number): Promise<number> {
  for (let batch = from; batch < from + BATCHES_MAX; batch++) {
    const points = Array.from({ length: BATCH }, (_, i) => ({
      id: batch * BATCH + i,
      vector: [batch, i],
      payload: { text: `${i} of ${batch}: ${text}`, n: i, tags: ["a", "b", `c${i}`] },
    }));
    const { status, body } = await server.request("PUT", "/collections/a/points?wait=true", { points });
    if (status === 200) continue;
    assert.equal(status, 507, JSON.stringify(body));
    assert.match(JSON.stringify(body.status), /Insufficient storage: memory: the (engine|http) thread's heap holds/);
    return batch;
  }
  return assert.fail("the heap was never full");
}

test("a heap that is full refuses what adds to it, serves the rest, starts again and takes more when points are gone", async () => {
  let server = await start();
  await server.request("PUT", "/collections/a", { vectors: { size: 2, distance: "Euclid" } });
  const batches = await fill(server, 0);
  const count = async () => {
    const { status, body } = await server.request("POST", "/collections/a/points/count", {});
    assert.equal(status, 200);
    return (body.result as { count: number }).count;
  };
  assert.equal(await count(), batches * BATCH);
  const ready = await server.request("GET", "/readyz");
  assert.equal(ready.status, 503);

  await server.kill();
  server = await startServer({
    dataFolder: folder,
    environment: { NODE_OPTIONS: "--max-old-space-size=100" },
    waitFor: "listening",
  });
  assert.equal(await count(), batches * BATCH);
  const found = await server.request("POST", "/collections/a/points/query", { query: [3, 4], limit: 1 });
  assert.equal((found.body.result as { points: { id: number }[] }).points[0]?.id, 3 * BATCH + 4);

  for (let batch = 0; batch < batches; batch += 2) {
    const ids = Array.from({ length: BATCH }, (_, i) => batch * BATCH + i);
    const { status } = await server.request("POST", "/collections/a/points/delete?wait=true", { points: ids });
    assert.equal(status, 200);
  }
  const left = await count();
  assert.equal(left, (batches - Math.ceil(batches / 2)) * BATCH);
  const endMs = performance.now() + 60_000;
  for (;;) {
    const point = { id: 1, vector: [1, 1] };
    const { status, body } = await server.request("PUT", "/collections/a/points?wait=true", { points: [point] });
    if (status === 200) break;
    assert.equal(status, 507);
    assert.ok(performance.now() < endMs, `there is room again, instead of ${JSON.stringify(body)}`);
  }
  await server.stop();
});
