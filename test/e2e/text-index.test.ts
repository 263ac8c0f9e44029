import assert from "node:assert/strict";
import { test } from "node:test";
import { refused, startE2eServer } from "./e2e-server.js";

const { client } = await startE2eServer();
const titles = [
  "The Old Man and the Sea",
  "The Sea, the Sea",
  "Seafaring men of old",
  "An Old Seaman’s Café",
  ["Old books", "The sea of books"],
  "東京都の海",
];
await client.createCollection("books", { vectors: { size: 1, distance: "Dot" } });
await client.upsert("books", {
  wait: true,
  points: titles.map((title, i) => ({
    id: i + 1,
    vector: [i],
    payload: { title, parts: [{ title }, { title: "x" }] },
  })),
});

async function found(match: object, key = "title"): Promise<number[]> {
  const filter = { must: [{ key, match }] } as never;
  const { points } = await client.scroll("books", { filter, limit: 20, with_payload: false });
  const nearest = await client.query("books", { query: [1], filter, limit: 20 });
  const ids = points.map(({ id }) => Number(id));
  assert.deepEqual(nearest.points.map(({ id }) => Number(id)).sort(), ids);
  return ids;
}
const index = (field_name: string, more: object = {}) =>
  client.createPayloadIndex("books", { wait: true, field_name, field_schema: { type: "text", ...more } as never });

test("without a text index a text is looked for in itself", async () => {
  assert.deepEqual(await found({ text: "Old" }), [1, 4, 5]);
  assert.deepEqual(await found({ text: "Sea, the" }), [2]);
  assert.deepEqual(await found({ phrase: "e Sea" }), [1, 2]);
  assert.deepEqual(await found({ text_any: "Café 海" }), [4, 6]);
});

test("with one, its words are, of one value at a time", async () => {
  await index("title");
  assert.deepEqual(await found({ text: "SEA old" }), [1]);
  assert.deepEqual(await found({ text: "books sea" }), [5]);
  assert.deepEqual(await found({ text_any: "men books" }), [3, 5]);
  assert.deepEqual(await found({ phrase: "sea the sea" }), [2]);
  assert.deepEqual(await found({ text: "caf" }), []);
  assert.deepEqual(await found({ text: "?!" }), []);
  assert.deepEqual(await found({ value: "The Sea, the Sea" }), [2]);
  assert.deepEqual(await found({ prefix: "The" }), [1, 2, 5]);
});

test("stems, stop words, folding and phrases are as the index has them", async () => {
  await index("title", {
    phrase_matching: true,
    ascii_folding: true,
    stopwords: { languages: ["english"], custom: ["man"] },
    stemmer: { type: "snowball", language: "english" },
  });
  assert.deepEqual(await found({ text: "book" }), [5]);
  assert.deepEqual(await found({ text: "the cafe" }), [4]);
  assert.deepEqual(await found({ phrase: "old sea" }), [1]);
  assert.deepEqual(await found({ phrase: "seafare men" }), [3]);
  assert.deepEqual(await found({ text: "the man" }), []);
  const shown = (await client.getCollection("books")).payload_schema["title"];
  assert.deepEqual([shown?.data_type, shown?.points], ["text", 6]);
  const { stopwords } = (shown?.params ?? {}) as { readonly stopwords?: unknown };
  assert.deepEqual(stopwords, { languages: ["english"], custom: ["man"] });
});

test("prefixes of words, and scripts without spaces", async () => {
  await index("title", { tokenizer: "prefix", min_token_len: 2 });
  assert.deepEqual(await found({ text: "sea ol" }), [1, 3, 4]);
  await index("title", { tokenizer: "multilingual", phrase_matching: true });
  assert.deepEqual(await found({ text: "京都" }), [6]);
  assert.deepEqual(await found({ text: "都京" }), []);
  assert.deepEqual(await found({ phrase: "東京都" }), [6]);
});

test("an index inside of an array of objects serves nested conditions, and every write follows it", async () => {
  await index("parts[].title");
  const nested = { nested: { key: "parts", filter: { must: [{ key: "title", match: { text: "SEA old" } }] } } };
  assert.deepEqual(await found({ text: "SEA old" }, "parts[].title"), [1]);
  assert.equal((await client.count("books", { filter: { must: [nested] } as never })).count, 1);
  await client.setPayload("books", { wait: true, payload: { title: "A new sea of old" }, points: [6] });
  await client.delete("books", { wait: true, filter: { must: [{ key: "title", match: { text: "seaman" } }] } });
  assert.deepEqual(await found({ text: "OLD" }), [1, 3, 5, 6]);
});

test("parameters that there are not are refused with their names", async () => {
  for (const [more, message] of [
    [{ tokenizer: "words" }, /tokenizer/],
    [{ stemmer: { type: "snowball", language: "klingon" } }, /stemmer\.language/],
    [{ stopwords: ["the"] }, /stopwords/],
    [{ min_token_len: -1 }, /min_token_len/],
  ] as const) {
    await refused(index("title", more), 400, message);
  }
});
