import assert from "node:assert/strict";
import { test } from "node:test";
import type { BaseEmbedding } from "@llamaindex/core/embeddings";
import { type BaseNode, MetadataMode, NodeRelationship, TextNode } from "@llamaindex/core/schema";
import { type MetadataFilters, VectorStoreQueryMode } from "@llamaindex/core/vector-store";
import { QdrantVectorStore } from "@llamaindex/qdrant";
import { startE2eServer } from "../e2e-server.js";

const { address, client } = await startE2eServer();
// nodes bring their own vectors
const embedModel = {} as BaseEmbedding;
const store = new QdrantVectorStore({ url: address, collectionName: "nodes", embedModel });

const texts = [
  ["the piano and the violin", [1, 0, 0], { topic: "music", page: 1 }, "a"],
  ["a guitar and a band", [0.9, 0.1, 0], { topic: "music", page: 2 }, "a"],
  ["rivers and lakes", [0, 1, 0], { topic: "nature", page: 3, about: "rivers and lakes" }, "b"],
  ["interest rates", [0, 0, 1], { topic: "finance", page: 4 }, "c"],
] as const;

const nodes = texts.map(([text, embedding, metadata, document], i) => {
  const relationships = { [NodeRelationship.SOURCE]: { nodeId: document, metadata: {} } };
  const id_ = `0f9e4a3c-7f2b-4f6e-9a61-0d6a4a3f8b0${i}`;
  return new TextNode({ id_, text, embedding: [...embedding], metadata, relationships });
});

const query = (filters?: MetadataFilters, further: { readonly docIds?: string[] } = {}) =>
  store.query({
    queryEmbedding: [1, 0, 0],
    similarityTopK: 10,
    mode: VectorStoreQueryMode.DEFAULT,
    ...(filters === undefined ? {} : { filters }),
    ...further,
  });

const textsOf = (found: readonly BaseNode[] | undefined) => found?.map((node) => node.getContent(MetadataMode.NONE));
const where = (filter: MetadataFilters["filters"][number]) => query({ filters: [filter] });

test("nodes are added, which makes the collection", async () => {
  assert.deepEqual(
    await store.add(nodes),
    nodes.map(({ id_ }) => id_),
  );
  const { config, points_count } = await client.getCollection("nodes");
  assert.deepEqual(config.params.vectors, { size: 3, distance: "Cosine" });
  assert.equal(points_count, 4);
});

test("the nearest nodes come with text, metadata and similarity", async () => {
  const found = await query();
  assert.deepEqual(
    found.ids.slice(0, 2),
    nodes.slice(0, 2).map(({ id_ }) => id_),
  );
  assert.deepEqual(textsOf(found.nodes)?.[0], texts[0][0]);
  assert.deepEqual(found.nodes?.[0]?.metadata, texts[0][2]);
  assert.equal(found.similarities[0], 1);
});

test("filters on metadata", async () => {
  const expected: readonly [MetadataFilters["filters"][number], readonly number[]][] = [
    [{ key: "topic", operator: "==", value: "music" }, [0, 1]],
    [{ key: "page", operator: "==", value: 3 }, [2]],
    [{ key: "page", operator: ">", value: 2 }, [2, 3]],
    [{ key: "page", operator: "<=", value: 2 }, [0, 1]],
    [{ key: "page", operator: "<", value: 2 }, [0]],
    [{ key: "topic", operator: "in", value: ["nature", "finance"] }, [2, 3]],
    [{ key: "topic", operator: "nin", value: ["music", "finance"] }, [2]],
    [{ key: "topic", operator: "!=", value: "music" }, [2, 3]],
    [{ key: "about", operator: "text_match", value: "lakes" }, [2]],
    [{ key: "missing", operator: "is_empty" }, [0, 1, 2, 3]],
  ];
  for (const [filter, rows] of expected) {
    const found = (await where(filter)).ids.sort();
    assert.deepEqual(
      found,
      rows.map((row) => nodes[row]?.id_),
      JSON.stringify(filter),
    );
  }
});

test("several filters are joined by and, or by or", async () => {
  const filters: MetadataFilters["filters"] = [
    { key: "topic", operator: "==", value: "music" },
    { key: "page", operator: ">", value: 1 },
  ];
  assert.equal((await query({ filters })).ids.length, 1);
  assert.equal((await query({ filters, condition: "or" })).ids.length, 4);
  assert.equal((await query(undefined, { docIds: ["b", "c"] })).ids.length, 2);
});

test("the nodes of a document are deleted", async () => {
  await store.delete("a");
  assert.deepEqual((await query()).ids.sort(), [nodes[2]?.id_, nodes[3]?.id_]);
});
