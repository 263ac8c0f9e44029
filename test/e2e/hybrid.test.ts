import assert from "node:assert/strict";
import { after, test } from "node:test";
import { QdrantClient } from "@qdrant/js-client-rest";
import { killAllServers, newFolder, removeFolder, startServer } from "../support/server.js";

const folder = newFolder("hybrid");
after(() => {
  killAllServers();
  removeFolder(folder);
});

const texts = [
  "the piano and the violin in an orchestra",
  "a guitar concert with songs and a band",
  "rivers and lakes between the mountains",
  "the forest with its trees and animals",
  "the bank of the river floods in spring",
];
const model = "qdrant/bm25";
const name = "memories";

/** What agent memories and hybrid retrievers do: one unnamed dense vector, sparse ones by bm25 beside it, multivectors by token. */
async function make(client: QdrantClient): Promise<void> {
  await client.createCollection(name, {
    vectors: {
      "": { size: 3, distance: "Cosine" },
      tokens: { size: 2, distance: "Dot", multivector_config: { comparator: "max_sim" } },
    },
    sparse_vectors: { bm25: { modifier: "idf" } },
  });
  const points = texts.map((text, id) => ({
    id,
    vector: {
      "": [id, 1, 2],
      bm25: { text, model },
      tokens: [
        [id, 1],
        [1, -id],
      ],
    },
    payload: { text },
  }));
  await client.upsert(name, { wait: true, points });
  await client.delete(name, { wait: true, points: [3] });
}

async function answers(client: QdrantClient): Promise<string> {
  const document = { text: "rivers, and the bank", model };
  const lexical = await client.query(name, { query: document, using: "bm25", with_payload: true });
  const stored = await client.query(name, { query: 2, using: "bm25" });
  const hybrid = await client.query(name, {
    prefetch: [
      { query: document, using: "bm25", limit: 20 },
      { query: [4, 1, 2], limit: 20 },
    ],
    query: { fusion: "rrf" },
  });
  const late = await client.query(name, {
    prefetch: { query: document, using: "bm25" },
    query: [[1, 1]],
    using: "tokens",
  });
  const all = await client.scroll(name, { with_vector: true });
  return JSON.stringify([lexical, stored, hybrid, late, all]);
}

test("lexical, dense and token vectors are searched together, and the same after restarts of both kinds", async () => {
  const server = await startServer({ dataFolder: folder });
  const client = new QdrantClient({ url: server.address });
  await make(client);
  const before = await answers(client);
  const [lexical, , hybrid] = JSON.parse(before) as { readonly points: readonly { readonly id: number }[] }[];
  assert.deepEqual(
    lexical?.points.map(({ id }) => id),
    [4, 2],
  );
  assert.equal(hybrid?.points[0]?.id, 4);
  // stopped: read from images
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  const second = await startServer({ dataFolder: folder });
  assert.equal(await answers(new QdrantClient({ url: second.address })), before);
  await new QdrantClient({ url: second.address }).upsert(name, {
    wait: true,
    points: [{ id: 9, vector: { bm25: { text: "a river", model } }, payload: {} }],
  });
  const changed = await answers(new QdrantClient({ url: second.address }));
  // killed: read from the log
  await second.kill();
  const third = await startServer({ dataFolder: folder });
  assert.equal(await answers(new QdrantClient({ url: third.address })), changed);
  assert.deepEqual(await third.stop(), { code: 0, signal: null });
});
