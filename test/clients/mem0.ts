import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { startE2eServer } from "../e2e/e2e-server.js";

/** What is called of `Memory` of `mem0ai/oss`, which stands outside of node_modules (`npm run clients`). */
interface Memories {
  add(text: string, given: object): Promise<{ results: { id: string }[] }>;
  search(query: string, given: object): Promise<{ results: Remembered[] }>;
  getAll(given: object): Promise<{ results: Remembered[] }>;
  get(id: string): Promise<Remembered | null>;
  update(id: string, text: string): Promise<unknown>;
  delete(id: string): Promise<unknown>;
  deleteAll(given: object): Promise<unknown>;
}

interface Remembered {
  readonly id: string;
  readonly memory: string;
}

// nothing is told to anybody
process.env["MEM0_TELEMETRY"] = "false";
const folder = process.env["MURMURATION_CLIENTS"] ?? "";
const manifest = createRequire(join(folder, "package.json")).resolve("mem0ai");
const path = join(dirname(manifest), "oss", "index.mjs");
const { Memory } = (await import(pathToFileURL(path).href)) as { readonly Memory: new (given: object) => Memories };
const { address, client } = await startE2eServer();

const words = ["music", "piano", "guitar", "river", "lake", "money"];
const embed = (text: string) => words.map((word) => (text.toLowerCase().includes(word) ? 1 : 0.01));
const memory = new Memory({
  version: "v1.1",
  disableHistory: true,
  embedder: {
    provider: "langchain",
    config: {
      model: {
        embedQuery: async (text: string) => embed(text),
        embedDocuments: async (texts: string[]) => texts.map(embed),
      },
    },
  },
  llm: { provider: "langchain", config: { model: { invoke: async () => ({ content: "{}" }) } } },
  vectorStore: { provider: "qdrant", config: { collectionName: "memories", url: address, dimension: words.length } },
});
const of = (user: string) => ({ filters: { user_id: user } });
const textsOf = ({ results }: { readonly results: readonly Remembered[] }) => results.map((one) => one.memory).sort();

test("memories are added, with a sparse vector of their words beside the dense one", async () => {
  for (const [text, userId] of [
    ["I play the piano and like music", "one"],
    ["The river runs into the lake", "one"],
    ["Money makes the world go round", "two"],
  ] as const) {
    assert.equal((await memory.add(text, { userId, infer: false })).results.length, 1);
  }
  const { config, points_count } = await client.getCollection("memories");
  assert.deepEqual([points_count, config.params.sparse_vectors], [3, { bm25: { modifier: "idf" } }]);
});

test("memories are found by both, among those of a user", async () => {
  const { results } = await memory.search("piano music", { ...of("one"), topK: 2 });
  assert.equal(results[0]?.memory, "I play the piano and like music");
  assert.deepEqual(textsOf(await memory.getAll(of("two"))), ["Money makes the world go round"]);
});

test("memories are changed and deleted", async () => {
  const { results } = await memory.getAll(of("one"));
  const id = results.find(({ memory: text }) => text.includes("piano"))?.id ?? "";
  await memory.update(id, "I play the guitar");
  assert.equal((await memory.get(id))?.memory, "I play the guitar");
  assert.equal((await memory.search("guitar", { ...of("one"), topK: 1 })).results[0]?.id, id);
  await memory.delete(id);
  assert.deepEqual(textsOf(await memory.getAll(of("one"))), ["The river runs into the lake"]);
  await memory.deleteAll({ userId: "one" });
  assert.deepEqual(
    [await memory.getAll(of("one")), textsOf(await memory.getAll(of("two")))],
    [{ results: [] }, ["Money makes the world go round"]],
  );
});
