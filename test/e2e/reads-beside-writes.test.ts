import assert from "node:assert/strict";
import { test } from "node:test";
import { QdrantClient } from "@qdrant/js-client-rest";
import { readWords } from "../support/words.js";
import { startE2eServer } from "./e2e-server.js";

const { address, client: writer } = await startE2eServer();
const reader = new QdrantClient({ url: address });
const data = readWords({ limit: 2_000 });
const vectorOf = (row: number) => [...data.vectors.subarray(row * data.dimensions, (row + 1) * data.dimensions)];
const batchSize = 250;

async function collection(name: string): Promise<void> {
  await writer.createCollection(name, { vectors: { size: data.dimensions, distance: "Cosine" } });
}

/** Every version of a word has another vector, near the word's own. */
function batch(first: number, version: number) {
  return Array.from({ length: batchSize }, (_, i) => ({
    id: first + i,
    vector: vectorOf(first + i).map((value, d) => value + (d === version % data.dimensions ? 0.03 : 0)),
    payload: { version, word: data.words[first + i] },
  }));
}

test("reads of every kind answer while batches stream in, and never wait for one to end", async () => {
  await collection("stream");
  await writer.upsert("stream", { wait: true, points: batch(0, 1) });
  let writing = true;
  let readsInBatch = 0;
  const counts: number[] = [];
  const reading = (async () => {
    while (writing) {
      const [found, page, { count }] = await Promise.all([
        reader.query("stream", { query: vectorOf(7), limit: 1, with_payload: true }),
        reader.scroll("stream", { limit: 5 }),
        reader.count("stream"),
      ]);
      assert.equal(found.points[0]?.id, 7);
      assert.equal(page.points.length, 5);
      counts.push(count);
      readsInBatch++;
    }
  })();
  const perBatch: number[] = [];
  for (let first = batchSize; first < data.count; first += batchSize) {
    readsInBatch = 0;
    await writer.upsert("stream", { wait: true, points: batch(first, 1) });
    perBatch.push(readsInBatch);
  }
  writing = false;
  await reading;
  assert.ok(perBatch.filter((reads) => reads >= 1).length >= perBatch.length / 2, `reads in each batch: ${perBatch}`);
  assert.deepEqual(
    counts,
    [...counts].sort((a, b) => a - b),
    "a count never goes back",
  );
  assert.equal((await reader.count("stream")).count, data.count);
});

test("an acknowledged write is visible to the next read, on the same and on another connection", async () => {
  await collection("visible");
  for (let i = 0; i < 150; i++) {
    const point = { id: i, vector: vectorOf(i), payload: { turn: i } };
    const { status } = await writer.upsert("visible", { wait: i % 2 === 0, points: [point] });
    assert.equal(status, i % 2 === 0 ? "completed" : "acknowledged");
    for (const client of [writer, reader]) {
      const [record] = await client.retrieve("visible", { ids: [i] });
      assert.equal(record?.payload?.turn, i);
    }
    const nearest = await reader.query("visible", { query: vectorOf(i), limit: 1 });
    assert.equal(nearest.points[0]?.id, i);
    assert.equal((await reader.count("visible")).count, i + 1);
  }
  for (let i = 0; i < 150; i += 10) {
    await writer.setPayload("visible", { wait: true, payload: { turn: "again" }, points: [i] });
    assert.equal((await reader.retrieve("visible", { ids: [i] }))[0]?.payload?.turn, "again");
    await writer.delete("visible", { wait: true, points: [i] });
    for (const client of [reader, writer]) {
      assert.deepEqual(await client.retrieve("visible", { ids: [i] }), []);
      const nearest = await client.query("visible", { query: vectorOf(i), limit: 5 });
      assert.ok(nearest.points.every(({ id }) => id !== i));
    }
  }
});

test("a point that is updated again and again never disappears, nor is there ever more than one of it", async () => {
  await collection("updated");
  await writer.upsert("updated", { wait: true, points: batch(0, 0) });
  const target = 42;
  let writing = true;
  let reads = 0;
  const versions: number[] = [];
  const reading = (async () => {
    while (writing) {
      const exact = reads % 2 === 0;
      const request = { query: vectorOf(target), limit: 3, with_payload: true, params: { exact } };
      const [{ points }, records] = await Promise.all([
        reader.query("updated", request),
        reader.retrieve("updated", { ids: [target], with_vector: true }),
      ]);
      assert.equal(points[0]?.id, target, `read ${reads} (exact: ${exact}) finds the point`);
      assert.equal(points.filter(({ id }) => id === target).length, 1);
      assert.equal(records.flatMap(({ vector }) => vector as number[]).length, data.dimensions);
      versions.push(Number(points[0]?.payload?.version));
      reads++;
    }
  })();
  for (let version = 1; version <= 12 || reads < 12 || new Set(versions).size <= 3; version++) {
    await writer.upsert("updated", { wait: true, points: batch(0, version) });
    const [record] = await writer.retrieve("updated", { ids: [target] });
    assert.equal(record?.payload?.version, version);
  }
  writing = false;
  await reading;
  assert.deepEqual(
    versions,
    [...versions].sort((a, b) => a - b),
    "a reader never goes back to an older version",
  );
  assert.equal((await reader.count("updated")).count, batchSize);
});

test("writers on many connections at once lose nothing", async () => {
  await collection("writers");
  const writers = Array.from({ length: 4 }, () => new QdrantClient({ url: address, checkCompatibility: false }));
  await Promise.all(
    writers.map(async (client, w) => {
      for (let i = 0; i < 40; i++) {
        const id = i * writers.length + w;
        await client.upsert("writers", { wait: true, points: [{ id, vector: vectorOf(id), payload: { w } }] });
        // One point that all of them write.
        await client.upsert("writers", { wait: true, points: [{ id: 1_000, vector: vectorOf(0), payload: { w, i } }] });
      }
    }),
  );
  assert.equal((await reader.count("writers")).count, 161);
  const [shared] = await reader.retrieve("writers", { ids: [1_000] });
  assert.equal(shared?.payload?.i, 39);
  for (const w of writers.keys()) {
    const filter = { must: [{ key: "w", match: { value: w } }], must_not: [{ has_id: [1_000] }] };
    assert.equal((await reader.count("writers", { filter })).count, 40);
  }
});
