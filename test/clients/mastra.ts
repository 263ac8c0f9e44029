import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { refused, startE2eServer } from "../e2e/e2e-server.js";

/** What is called of `QdrantVector` of `@mastra/qdrant`, which stands outside of node_modules (`npm run clients`). */
interface MastraVectors {
  createIndex(given: object): Promise<void>;
  listIndexes(): Promise<string[]>;
  describeIndex(given: object): Promise<{ dimension: number; count: number; metric?: string }>;
  upsert(given: object): Promise<string[]>;
  query(given: object): Promise<{ id: string | number; score: number; metadata?: object; vector?: number[] }[]>;
  updateVector(given: object): Promise<void>;
  deleteVector(given: object): Promise<void>;
  deleteVectors(given: object): Promise<void>;
  createPayloadIndex(given: object): Promise<void>;
  deletePayloadIndex(given: object): Promise<void>;
  deleteIndex(given: object): Promise<void>;
}

interface MastraModule {
  readonly QdrantVector: new (given: { id: string; url: string }) => MastraVectors;
}

const folder = process.env["MURMURATION_CLIENTS"] ?? "";
const path = createRequire(join(folder, "package.json")).resolve("@mastra/qdrant");
const { QdrantVector } = (await import(pathToFileURL(path).href)) as MastraModule;
const { address, client } = await startE2eServer();
const store = new QdrantVector({ id: "test", url: address });
const indexName = "memory";

const uuid = (n: number) => `0f9e4a3c-7f2b-4f6e-9a61-0d6a4a3f8b0${n}`;
const metadata = [
  { topic: "music", page: 1, tags: ["piano", "violin"], said: "the piano and the violin" },
  { topic: "music", page: 2, tags: ["guitar"], said: "a guitar and a band" },
  { topic: "nature", page: 3, tags: [], said: "rivers and lakes" },
  { topic: "finance", page: 4, said: "interest rates" },
];
const vectors = [
  [1, 0, 0],
  [0.9, 0.1, 0],
  [0, 1, 0],
  [0, 0, 1],
];

async function found(filter?: object): Promise<number[]> {
  const points = await store.query({ indexName, queryVector: [1, 0, 0], topK: 10, filter });
  return points.map(({ metadata: of }) => (of as { page: number }).page).sort();
}

test("an index is made, described and listed, and made again without harm", async () => {
  await store.createIndex({ indexName, dimension: 3, metric: "cosine" });
  await store.createIndex({ indexName, dimension: 3, metric: "cosine" });
  assert.deepEqual(await store.listIndexes(), [indexName]);
  assert.deepEqual(await store.describeIndex({ indexName }), { dimension: 3, count: 0, metric: "cosine" });
});

test("vectors are added and found", async () => {
  const ids = [1, 2, 3, 4].map(uuid);
  assert.deepEqual(await store.upsert({ indexName, vectors, metadata, ids }), ids);
  const [first, second] = await store.query({ indexName, queryVector: [1, 0, 0], topK: 2, includeVector: true });
  assert.deepEqual([first?.id, first?.score, first?.metadata, first?.vector], [uuid(1), 1, metadata[0], [1, 0, 0]]);
  assert.equal(second?.id, uuid(2));
});

test("payload indexes are made and dropped", async () => {
  await store.createPayloadIndex({ indexName, fieldName: "topic", fieldSchema: "keyword" });
  assert.equal((await client.getCollection(indexName)).payload_schema["topic"]?.points, 4);
  await store.deletePayloadIndex({ indexName, fieldName: "topic" });
  assert.deepEqual((await client.getCollection(indexName)).payload_schema, {});
});

test("filters of its own language", async () => {
  const expected: readonly [object, readonly number[]][] = [
    [{}, [1, 2, 3, 4]],
    [{ topic: "music" }, [1, 2]],
    [{ topic: { $ne: "music" } }, [3, 4]],
    [{ topic: { $in: ["nature", "finance"] } }, [3, 4]],
    [{ topic: { $nin: ["nature", "finance"] } }, [1, 2]],
    [{ page: { $gt: 1, $lte: 3 } }, [2, 3]],
    [{ topic: "music", page: { $lt: 2 } }, [1]],
    [{ $or: [{ page: 1 }, { topic: "finance" }] }, [1, 4]],
    [{ $and: [{ topic: "music" }, { page: 2 }] }, [2]],
    [{ $not: { topic: "music" } }, [3, 4]],
    [{ tags: { $all: ["piano", "violin"] } }, [1]],
    [{ tags: { $exists: true } }, [1, 2]],
    [{ tags: { $count: { $gte: 2 } } }, [1]],
    [{ said: { $regex: "violin" } }, [1]],
    [{ $hasId: [uuid(3)] }, [3]],
  ];
  for (const [filter, pages] of expected) assert.deepEqual(await found(filter), pages, JSON.stringify(filter));
});

test("vectors are updated and deleted, by id and by filter", async () => {
  await store.updateVector({ indexName, id: uuid(4), update: { metadata: { topic: "money" } } });
  assert.deepEqual(await found({ topic: "money" }), [4]);
  await store.updateVector({ indexName, id: uuid(4), update: { vector: [1, 0, 0] } });
  await store.updateVector({ indexName, filter: { topic: "nature" }, update: { metadata: { seen: true } } });
  assert.deepEqual(await found({ seen: true }), [3]);
  await store.deleteVector({ indexName, id: uuid(4) });
  await store.deleteVectors({ indexName, ids: [uuid(3)] });
  await store.deleteVectors({ indexName, filter: { page: { $lt: 2 } } });
  assert.deepEqual(await found(), [2]);
});

test("named vectors", async () => {
  const named = "named";
  const namedVectors = { text: { size: 2, distance: "cosine" }, image: { size: 3, distance: "euclidean" } };
  await store.createIndex({ indexName: named, dimension: 2, namedVectors });
  await store.upsert({ indexName: named, vectors: [[1, 0]], ids: [uuid(1)], vectorName: "text" });
  const [point] = await store.query({ indexName: named, queryVector: [1, 0], using: "text" });
  assert.equal(point?.id, uuid(1));
  await assert.rejects(store.upsert({ indexName: named, vectors: [[1, 0]], vectorName: "sound" }));
});

test("an index is deleted, and then is not there", async () => {
  await store.deleteIndex({ indexName });
  await store.deleteIndex({ indexName });
  assert.deepEqual(await store.listIndexes(), ["named"]);
  await refused(client.getCollection(indexName), 404, /doesn't exist/);
});
