import assert from "node:assert/strict";
import { after, test } from "node:test";
import { killAllServers, newFolder, removeFolder, type ServerProcess, startServer } from "../support/server.js";
import { until } from "../support/until.js";

const DIMENSIONS = 4_096;
const BATCH = 100;
/** So much more than it holds when it has started, in MiB: some thousand vectors of 16 KiB. */
const ROOM_MIB = 30;
/** The least that the option takes. */
const LIMIT_MIB_MIN = 64;
const BATCHES_MAX = 200;

const folder = newFolder("memory-limit");
after(() => {
  killAllServers();
  removeFolder(folder);
});

async function usedMib(server: ServerProcess): Promise<number> {
  const text = await (await fetch(`${server.address}/metrics`)).text();
  return Number(/^murmur_memory_used_bytes (\S+)$/m.exec(text)?.[1]) / 1024 / 1024;
}

const batchOf = (first: number) => ({
  points: Array.from({ length: BATCH }, (_, i) => ({
    id: first + i,
    vector: Array.from({ length: DIMENSIONS }, (_, at) => (at === i ? first % 1_000 : (first + i + at) % 3)),
  })),
});

test("past what data may take in memory, what adds is refused and says so; it goes on when room was made", async () => {
  const measured = await startServer({ dataFolder: folder });
  const limit = Math.max(LIMIT_MIB_MIN, Math.round((await usedMib(measured)) + ROOM_MIB));
  await measured.stop();

  const server = await startServer({ dataFolder: folder, options: ["--memory-limit-mib", String(limit)] });
  await server.request("PUT", "/collections/c", {
    vectors: { size: DIMENSIONS, distance: "Euclid" },
    hnsw_config: { m: 4, ef_construct: 4 },
    quantization_config: "Disabled",
  });
  const upsert = (first: number) => server.request("PUT", "/collections/c/points?wait=true", batchOf(first));
  const count = async () => {
    const { body } = await server.request("POST", "/collections/c/points/count", { exact: true });
    return (body.result as { count: number }).count;
  };
  let written = 0;
  let refused = await upsert(0);
  for (; refused.status === 200 && written < BATCHES_MAX; written++) refused = await upsert((written + 1) * BATCH);
  assert.equal(refused.status, 507, JSON.stringify(refused.body));
  const { error } = refused.body.status as { error: string };
  assert.match(error, /memory: data takes \d+ MiB, and over \d+ MiB \(--memory-limit-mib\) nothing is added/);
  assert.ok(error.includes(`over ${limit} MiB`), error);
  assert.equal(await count(), written * BATCH, "nothing of the refused write is there");

  // reads and deletes go on
  const query = { query: batchOf(0).points[1]?.vector, limit: 1 };
  const found = await server.request("POST", "/collections/c/points/query", query);
  assert.deepEqual((found.body.result as { points: { id: number }[] }).points[0]?.id, 1);
  const all = { filter: { must_not: [{ has_id: [1] }] } };
  assert.equal((await server.request("POST", "/collections/c/points/delete?wait=true", all)).status, 200);
  assert.equal(await count(), 1);

  // what is purged is room again
  await until(async () => (await upsert(1_000_000)).status === 200, "a write to be taken again");
  assert.equal(await count(), 1 + BATCH);
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
});
