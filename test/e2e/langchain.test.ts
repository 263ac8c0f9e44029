import assert from "node:assert/strict";
import { test } from "node:test";
import { Document } from "@langchain/core/documents";
import type { EmbeddingsInterface } from "@langchain/core/embeddings";
import { QdrantVectorStore } from "@langchain/qdrant";
import { readWords } from "../support/words.js";
import { close, startE2eServer } from "./e2e-server.js";

const { address, client } = await startE2eServer();
const data = readWords();
const rows = new Map(data.words.map((word, row) => [word, row]));

/** The mean of the vectors of a text's known words: what a text is about, without a model. */
async function embedQuery(text: string): Promise<number[]> {
  const words = text.toLowerCase().match(/[a-z]+/g) ?? [];
  const found = words.flatMap((word) => rows.get(word) ?? []);
  return Array.from({ length: data.dimensions }, (_, d) =>
    found.reduce((sum, row) => sum + (data.vectors[row * data.dimensions + d] ?? 0) / found.length, 0),
  );
}

const embeddings: EmbeddingsInterface = {
  embedQuery,
  embedDocuments: (documents) => Promise.all(documents.map(embedQuery)),
};
const texts = [
  ["the piano and the violin in an orchestra", "music", 1],
  ["a guitar concert with songs and a band", "music", 2],
  ["rivers and lakes between the mountains", "nature", 3],
  ["the forest with its trees and animals", "nature", 4],
  ["the bank raised interest rates and stocks fell", "finance", 5],
] as const;
const documents = texts.map(
  ([pageContent, topic, page]) => new Document({ pageContent, metadata: { topic, source: { page } } }),
);

const store = await QdrantVectorStore.fromDocuments(documents, embeddings, { url: address, collectionName: "library" });
const contents = (found: readonly Document[]) => found.map(({ pageContent }) => pageContent);
const topic = (value: string) => ({ must: [{ key: "metadata.topic", match: { value } }] });

test("fromDocuments makes the collection and stores every document", async () => {
  const { config, points_count } = await client.getCollection("library");
  assert.deepEqual(config.params.vectors, { size: 100, distance: "Cosine" });
  assert.equal(points_count, texts.length);
});

test("a similarity search finds documents by what they are about, with their metadata", async () => {
  const [first, second] = await store.similaritySearch("violin and guitar", 2);
  assert.deepEqual(new Set([first?.metadata.topic, second?.metadata.topic]), new Set(["music"]));
  const [lake] = await store.similaritySearch("lakes and mountains", 1);
  assert.equal(lake?.pageContent, texts[2][0]);
  assert.deepEqual(lake?.metadata, { topic: "nature", source: { page: 3 } });
  assert.match(lake?.id ?? "", /^[0-9a-f-]{36}$/);
  assert.equal((await store.similaritySearch("anything at all", 100)).length, texts.length);
});

test("scores are cosines and fall", async () => {
  const found = await store.similaritySearchWithScore(texts[1][0], 5);
  assert.equal(found[0]?.[0].pageContent, texts[1][0]);
  close(found[0]?.[1] ?? 0, 1);
  const scores = found.map(([, score]) => score);
  assert.deepEqual(
    scores,
    [...scores].sort((a, b) => b - a),
  );
});

test("a filter on metadata bounds both searches", async () => {
  const query = "violin and guitar";
  const found = await store.similaritySearch(query, 10, topic("nature"));
  assert.deepEqual(new Set(contents(found)), new Set([texts[2][0], texts[3][0]]));
  const scored = await store.similaritySearchWithScore(query, 10, topic("finance"));
  assert.deepEqual(
    scored.map(([document]) => document.pageContent),
    [texts[4][0]],
  );
  const page = { must: [{ key: "metadata.source.page", range: { lte: 2 } }] };
  assert.deepEqual(
    new Set(contents(await store.similaritySearch(query, 10, page))),
    new Set([texts[0][0], texts[1][0]]),
  );
  assert.deepEqual(await store.similaritySearch(query, 10, topic("cooking")), []);
});

test("documents are added with ids and payload of their own, and replaced by the same ids", async () => {
  const id = "0f9e4a3c-7f2b-4f6e-9a61-0d6a4a3f8b11";
  const add = (pageContent: string) =>
    store.addDocuments([new Document({ pageContent, metadata: { topic: "sports" } })], {
      ids: [id],
      customPayload: [{ language: "en" }],
    });
  await add("a football match");
  await add("a tennis match with two players");
  const found = await store.similaritySearch("match players", 10, topic("sports"));
  assert.deepEqual(contents(found), ["a tennis match with two players"]);
  const [record] = await client.retrieve("library", { ids: [id] });
  assert.deepEqual(record?.payload?.customPayload, { language: "en" });
});

test("a retriever and an existing collection answer the same", async () => {
  const existing = await QdrantVectorStore.fromExistingCollection(embeddings, { client, collectionName: "library" });
  const query = "trees in the forest";
  const direct = contents(await store.similaritySearch(query, 3));
  assert.deepEqual(contents(await existing.similaritySearch(query, 3)), direct);
  assert.deepEqual(contents(await existing.asRetriever({ k: 3 }).invoke(query)), direct);
});

test("documents are deleted by filter and by id", async () => {
  await store.delete({ filter: topic("music") });
  assert.deepEqual(await store.similaritySearch("violin and guitar", 10, topic("music")), []);
  const [left] = await store.similaritySearch("lakes and mountains", 1);
  await store.delete({ ids: [left?.id ?? ""] });
  const after = contents(await store.similaritySearch("lakes and mountains", 10));
  assert.equal(after.length, 3);
  assert.ok(!after.includes(texts[2][0]));
});

test("fromTexts keeps custom keys for content and metadata", async () => {
  const options = { client, collectionName: "keys", contentPayloadKey: "text", metadataPayloadKey: "about" };
  const other = await QdrantVectorStore.fromTexts(["the sea and its waves"], { n: 1 }, embeddings, options);
  const [found] = await other.similaritySearch("sea", 1);
  assert.deepEqual([found?.pageContent, found?.metadata], ["the sea and its waves", { n: 1 }]);
  const { points } = await client.scroll("keys");
  assert.deepEqual(points[0]?.payload, { text: "the sea and its waves", about: { n: 1 } });
});

test("maximal marginal relevance picks documents that differ", async () => {
  const texts = ["red apples", "red apples and more red apples", "a ship at sea"];
  const metadatas = texts.map((_, n) => ({ n }));
  const other = await QdrantVectorStore.fromTexts(texts, metadatas, embeddings, { client, collectionName: "differ" });
  const picked = async (lambda: number) =>
    contents(await other.maxMarginalRelevanceSearch("red apples", { k: 2, fetchK: 3, lambda }));
  assert.deepEqual(new Set(await picked(0)), new Set(texts.slice(0, 2)));
  assert.deepEqual(new Set(await picked(1)).has("a ship at sea"), true);
});
