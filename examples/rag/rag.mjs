// Questions to a folder of texts: what the server finds by qdrant/bm25, and what a language model makes of it where there is one.
import { createHash, randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { QdrantClient } from "@qdrant/js-client-rest";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    folder: { type: "string", default: fileURLToPath(new URL("texts", import.meta.url)) },
    collection: { type: "string", default: "rag-example" },
    limit: { type: "string", default: "3" },
  },
});
const question = positionals.join(" ");
if (question === "") {
  console.error('usage: node rag.mjs [--folder FOLDER] [--collection NAME] [--limit N] "QUESTION"');
  process.exit(2);
}
const { MURMUR_URL: url = "http://127.0.0.1:6333", MURMUR_API_KEY: apiKey } = process.env;
// the first request tells whether somebody is there
const client = new QdrantClient({ url, apiKey, checkCompatibility: false });
const { collection } = values;
const folder = resolve(values.folder);
const document = (text) => ({ text, model: "qdrant/bm25" });
/** The collection may hold other folders too, and what somebody else wrote. */
const inFolder = { key: "folder", match: { value: folder } };

function endWith(message) {
  console.error(message);
  process.exit(1);
}

/** Whole paragraphs, so many together as fit into 400 characters; each chunk begins with the first line of its file, which says what it is about. */
function chunksOf(text) {
  const [title = "", ...paragraphs] = text.split(/\n\s*\n/).map((part) => part.trim().replaceAll(/\s+/g, " "));
  const chunks = [];
  for (const paragraph of paragraphs) {
    const last = chunks.at(-1);
    if (last !== undefined && last.length + paragraph.length < 400) chunks[chunks.length - 1] += `\n${paragraph}`;
    else chunks.push(`${title.replace(/^#+ */, "")}\n${paragraph}`);
  }
  return chunks.length === 0 ? [title] : chunks;
}

/** The same chunk has the same id in every run: a UUID made of what it is. */
function idOf(file, at) {
  const hex = createHash("sha256").update(`${folder}\n${file}\n${at}`).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}

async function index() {
  const run = randomUUID();
  const points = readdirSync(folder)
    .filter((file) => /\.(?:md|txt)$/.test(file))
    .flatMap((file) =>
      chunksOf(readFileSync(join(folder, file), "utf8")).map((text, at) => ({
        id: idOf(file, at),
        vector: { words: document(text) },
        payload: { folder, file, at, text, run },
      })),
    );
  if (points.length === 0) endWith(`${folder} has no text (.md, .txt): nothing was indexed and nothing deleted`);
  const { exists } = await client
    .collectionExists(collection)
    .catch((error) => endWith(`${url} does not answer: ${error.cause?.message ?? error.message}`));
  if (!exists) await client.createCollection(collection, { sparse_vectors: { words: { modifier: "idf" } } });
  await client.createPayloadIndex(collection, { field_name: "folder", field_schema: "keyword", wait: true });
  for (let first = 0; first < points.length; first += 100)
    await client.upsert(collection, { wait: true, points: points.slice(first, first + 100) });
  // what earlier runs wrote of this folder, and this one did not, is in no file any more
  const filter = { must: [inFolder], must_not: [{ key: "run", match: { value: run } }] };
  await client.delete(collection, { wait: true, filter });
  return points.length;
}

/** What a model writes from the passages, over an endpoint of OpenAI's dialect. */
async function written(passages) {
  const { OPENAI_BASE_URL: base, OPENAI_API_KEY: key = "", OPENAI_MODEL: model = "gpt-4o-mini" } = process.env;
  const sources = passages.map(({ payload }, i) => `[${i + 1}] ${payload.text}`).join("\n\n");
  const response = await fetch(`${base.replace(/\/+$/, "")}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key === "" ? {} : { authorization: `Bearer ${key}` }) },
    body: JSON.stringify({
      model,
      messages: [
        {
          role: "system",
          content: "Answer from these passages alone, and name them by their numbers. Say so if they do not tell.",
        },
        { role: "user", content: `${sources}\n\nQuestion: ${question}` },
      ],
    }),
  });
  if (!response.ok) throw new Error(`${base} answers ${response.status}: ${(await response.text()).slice(0, 500)}`);
  const { choices } = await response.json();
  return choices[0].message.content;
}

const count = await index();
const { points } = await client.query(collection, {
  query: document(question),
  using: "words",
  filter: { must: [inFolder] },
  limit: Number(values.limit),
  with_payload: true,
});
console.log(`${count} chunks are indexed.\n`);
if (points.length === 0) console.log("No text has a word of the question.");
else if (process.env.OPENAI_BASE_URL) console.log(`${await written(points)}\n`);
for (const [i, { score, payload }] of points.entries()) {
  console.log(`[${i + 1}] ${payload.file}, chunk ${payload.at + 1} (score ${score.toFixed(2)})`);
  if (!process.env.OPENAI_BASE_URL) console.log(`${payload.text}\n`);
}
