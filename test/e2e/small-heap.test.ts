import assert from "node:assert/strict";
import { after, test } from "node:test";
import { killAllServers, newFolder, removeFolder, type ServerProcess, startServer } from "../support/server.js";

/** As many as a write may always have: above it counts how much of the heap is free just then. */
const BATCH = 1_000;
/** More than a heap of this size held while points stood on it: 45 MB of payloads, which took more than twice as much. */
const BATCHES = 72;
const HEAP_MIB = 100;
const text = "some text that stands in the log, and on no heap. ".repeat(12);

const folder = newFolder("small-heap");
const start = (): Promise<ServerProcess> =>
  startServer({
    dataFolder: folder,
    environment: { NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` },
  });

after(() => {
  killAllServers();
  removeFolder(folder);
});

test("points stand on no heap: a small one takes, serves and starts again with more than it could hold", async () => {
  let server = await start();
  await server.request("PUT", "/collections/a", { vectors: { size: 2, distance: "Euclid" } });
  for (let batch = 0; batch < BATCHES; batch++) {
    const points = Array.from({ length: BATCH }, (_, i) => ({
      id: batch * BATCH + i,
      vector: [batch, i],
      payload: { text: `${i} of ${batch}: ${text}`, n: i, tags: ["a", "b", `c${i}`] },
    }));
    const { status, body } = await server.request("PUT", "/collections/a/points?wait=true", { points });
    assert.equal(status, 200, JSON.stringify(body));
  }
  for (const isKilled of [true, false]) {
    if (isKilled) await server.kill();
    else await server.stop();
    server = await start();
    const count = await server.request("POST", "/collections/a/points/count", {});
    assert.equal((count.body.result as { count: number }).count, BATCHES * BATCH);
    const query = { query: [3, 4], limit: 1, with_payload: true };
    const found = await server.request("POST", "/collections/a/points/query", query);
    const [point] = (found.body.result as { points: { id: number; payload: { text: string } }[] }).points;
    assert.equal(point?.id, 3 * BATCH + 4);
    assert.match(point.payload.text, /^4 of 3: some text/);
  }
  // more than it has room for at a time is refused with how many it has room for
  const all = await server.request("POST", "/collections/a/points/delete?wait=true", { filter: {} });
  assert.equal(all.status, 507, JSON.stringify(all.body));
  const { error } = all.body.status as { error: string };
  const most = Number(/a write of 72000 points .* at most (\d+) of them/.exec(error)?.[1]);
  assert.ok(most >= BATCH && most < BATCHES * BATCH, error);
  const ids = Array.from({ length: most }, (_, id) => id);
  const some = await server.request("POST", "/collections/a/points/delete?wait=true", { points: ids });
  assert.equal(some.status, 200, JSON.stringify(some.body));
  for (let batch = 0; batch < BATCHES; batch += 2) {
    const ids = Array.from({ length: BATCH }, (_, i) => batch * BATCH + i);
    const deleted = await server.request("POST", "/collections/a/points/delete?wait=true", { points: ids });
    assert.equal(deleted.status, 200, JSON.stringify(deleted.body));
  }
  const left = await server.request("POST", "/collections/a/points/count", {});
  const isLeft = (id: number) => id >= most && Math.floor(id / BATCH) % 2 === 1;
  const expected = Array.from({ length: BATCHES * BATCH }, (_, id) => id).filter(isLeft).length;
  assert.equal((left.body.result as { count: number }).count, expected);
  await server.stop();
});
