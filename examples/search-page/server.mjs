// A page that searches by meaning, under filters: embeds texts by the vectors of their words, and asks Murmuration.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { QdrantClient } from "@qdrant/js-client-rest";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const {
  MURMUR_URL: url = "http://127.0.0.1:6333",
  MURMUR_API_KEY: apiKey,
  COLLECTION: collection = "places-example",
  PORT: port = "8080",
  WORDS: wordsFile = here("../../test/fixtures/words-10k.bin"),
} = process.env;
// the first request tells whether somebody is there
const client = new QdrantClient({ url, apiKey, checkCompatibility: false });

/** Words by falling frequency with int8 vectors and a scale each (test/fixtures/README.md). */
function readWords(path) {
  const bytes = readFileSync(path);
  const [count, dimensions, textBytes] = [8, 12, 16].map((at) => bytes.readUInt32LE(at));
  const words = bytes.toString("utf8", 20, 20 + textBytes).split("\n");
  const scales = Math.ceil((20 + textBytes) / 4) * 4;
  const codes = scales + 4 * count;
  const vectorOf = (row) => {
    const scale = bytes.readFloatLE(scales + 4 * row);
    return Array.from({ length: dimensions }, (_, i) => scale * bytes.readInt8(codes + row * dimensions + i));
  };
  const rows = new Map(words.map((word, row) => [word, row]));
  return { dimensions, rows, vectorOf };
}

const { dimensions, rows, vectorOf } = readWords(wordsFile);

/** Ranks of words from which on they count at all, and for more than half. */
const [FREQUENT, RARE] = [120, 1000];

/**
 * The mean of the vectors of the words that are known; `undefined`: none is. A model's embedding would stand here. Frequent words say little of what a text is
 * about: their part is small (Arora et al., 2017), that of "the" nothing.
 */
function embed(text) {
  const words = text.toLowerCase().match(/[a-z]+/g) ?? [];
  const known = words.map((word) => rows.get(word) ?? 0).filter((row) => row >= FREQUENT);
  if (known.length === 0) return undefined;
  const sum = new Array(dimensions).fill(0);
  for (const row of known) for (const [i, value] of vectorOf(row).entries()) sum[i] += (value * row) / (row + RARE);
  return sum;
}

async function load() {
  const { exists } = await client.collectionExists(collection).catch((error) => {
    console.error(`${url} does not answer: ${error.cause?.message ?? error.message}`);
    process.exit(1);
  });
  if (!exists) {
    await client.createCollection(collection, { vectors: { size: dimensions, distance: "Cosine" } });
    for (const [field_name, field_schema] of Object.entries({ kind: "keyword", city: "keyword", price: "integer" }))
      await client.createPayloadIndex(collection, { field_name, field_schema, wait: true });
  }
  const places = JSON.parse(readFileSync(here("places.json"), "utf8"));
  const points = places.map(({ id, ...payload }) => ({ id, vector: embed(payload.text), payload }));
  await client.upsert(collection, { wait: true, points });
}

const bad = (message) => Object.assign(new Error(message), { status: 400 });

/** Throws an `Error` with `status` 400 for what cannot be asked. */
async function search(asked) {
  const text = asked.get("q") ?? "";
  if (text.length > 500) throw bad("a question has 500 characters at most");
  const must = ["kind", "city"].flatMap((key) => (asked.get(key) ? [{ key, match: { value: asked.get(key) } }] : []));
  if (asked.get("price")) {
    const price = Number(asked.get("price"));
    if (!Number.isFinite(price)) throw bad("a price is a number");
    must.push({ key: "price", range: { lte: price } });
  }
  const query = embed(text);
  if (query === undefined) throw bad("no word of the question is known");
  const { points } = await client.query(collection, { query, filter: { must }, limit: 5, with_payload: true });
  return { found: points.map(({ score, payload }) => ({ score, ...payload })) };
}

const files = {
  "/": ["index.html", "text/html"],
  "/page.js": ["page.js", "text/javascript"],
  "/page.css": ["page.css", "text/css"],
};

async function answer(request, response) {
  const send = (status, type, body) =>
    response
      .writeHead(status, {
        "content-type": `${type}; charset=utf-8`,
        "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
      })
      .end(body);
  try {
    // a client may write anything here ("//"), which is no reason to end
    if (!URL.canParse(request.url, "http://localhost")) throw bad("this is no address");
    const { pathname, searchParams } = new URL(request.url, "http://localhost");
    const file = Object.hasOwn(files, pathname) ? files[pathname] : undefined;
    if (file !== undefined) send(200, file[1], readFileSync(here(file[0])));
    else if (pathname === "/search") send(200, "application/json", JSON.stringify(await search(searchParams)));
    else send(404, "application/json", JSON.stringify({ error: "there is nothing here" }));
  } catch (error) {
    if (error.status !== 400) console.error(error);
    const [status, message] = error.status === 400 ? [400, error.message] : [502, "the database does not answer"];
    send(status, "application/json", JSON.stringify({ error: message }));
  }
}

await load();
const server = createServer(answer).listen(Number(port), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
