import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { runDocuments } from "./demo-documents.mjs";
import { inRoot } from "./paths.mjs";
import { progressBar } from "./terminal.mjs";

const COLLECTION = "words";
const BATCH_SIZE = 500;
const SHOWN_WORDS = ["king", "river", "piano", "monday", "coffee", "computer"];
const SHOWN_COUNT = 5;
const WARM_UP_QUERIES = 50;
const TIMED_QUERIES = 500;
const RECALL_QUERIES = 200;
const RECALL_AT = 10;

const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

const FILTERED = [
  { word: "river", that: "begin with m", filter: { must: [{ key: "letter", match: { value: "m" } }] } },
  { word: "king", that: "have 4 letters", filter: { must: [{ key: "length", match: { value: 4 } }] } },
  { word: "piano", that: "have 8 letters or more", filter: { must: [{ key: "length", range: { gte: 8 } }] } },
  { word: "monday", that: "are no weekday", filter: { must_not: [{ key: "word", match: { any: WEEKDAYS } }] } },
];

/** What the server said about a failed request, or the error's own message. */
export function explain(error) {
  const answer = error?.data?.status?.error;
  if (answer !== undefined) return `the server answered ${error.status}: ${answer}`;
  const cause = error?.cause?.message;
  return `${error?.message ?? error}${cause === undefined ? "" : ` (${cause})`}`;
}

async function readWords() {
  const { readWords: read } = await import(pathToFileURL(inRoot("test/dist/support/words.js")).href);
  const { words, vectors, dimensions, count } = read();
  const idOf = new Map(words.map((word, i) => [word, i + 1]));
  return {
    words,
    dimensions,
    count,
    /** Ids are ranks, from 1. */
    idOf: (word) => {
      const id = idOf.get(word);
      if (id === undefined) throw new Error(`"${word}" is not among the ${count} words`);
      return id;
    },
    /** `undefined` for a word that is not among them. */
    rankOf: (word) => idOf.get(word),
    vectorOf: (id) => Array.from(vectors.subarray((id - 1) * dimensions, id * dimensions)),
  };
}

function pointOf(data, id) {
  const word = data.words[id - 1];
  return { id, vector: data.vectorOf(id), payload: { word, letter: word[0], length: [...word].length, rank: id } };
}

async function load(client, data) {
  await client.createCollection(COLLECTION, { vectors: { size: data.dimensions, distance: "Cosine" } });
  const bar = await progressBar("loading words", data.count);
  const started = performance.now();
  for (let first = 1; first <= data.count; first += BATCH_SIZE) {
    const length = Math.min(BATCH_SIZE, data.count + 1 - first);
    const points = Array.from({ length }, (_, i) => pointOf(data, first + i));
    await client.upsert(COLLECTION, { wait: true, points });
    bar.update(first - 1 + length);
  }
  const seconds = (performance.now() - started) / 1000;
  bar.stop();
  for (const [field_name, field_schema] of [
    ["letter", "keyword"],
    ["length", "integer"],
  ]) {
    await client.createPayloadIndex(COLLECTION, { wait: true, field_name, field_schema });
  }
  return { seconds, pointsPerSecond: data.count / seconds, batchSize: BATCH_SIZE };
}

async function nearest(client, query, more = {}) {
  const options = { query, limit: SHOWN_COUNT, with_payload: ["word"], ...more };
  const { points } = await client.query(COLLECTION, options);
  return points.map(({ payload, score }) => ({ word: payload.word, score }));
}

/** king − man + woman: the words nearest to a sum of vectors, without the words that make it. */
async function analogy(client, data, { plus, minus }) {
  const ids = [...plus, ...minus].map(data.idOf);
  const terms = [...plus.map((word) => [word, 1]), ...minus.map((word) => [word, -1])];
  const vectors = terms.map(([word, sign]) => data.vectorOf(data.idOf(word)).map((value) => sign * value));
  const query = Array.from({ length: data.dimensions }, (_, d) => vectors.reduce((sum, vector) => sum + vector[d], 0));
  return { plus, minus, nearest: await nearest(client, query, { filter: { must_not: [{ has_id: ids }] } }) };
}

/** Ids of `count` words, evenly spread over all ranks. */
function spread(data, count) {
  return Array.from({ length: count }, (_, i) => 1 + Math.floor((i * data.count) / count));
}

async function latency(client, data) {
  const took = [];
  const ids = spread(data, WARM_UP_QUERIES + TIMED_QUERIES);
  const bar = await progressBar("timing queries", ids.length);
  for (const [i, id] of ids.entries()) {
    const started = performance.now();
    await client.query(COLLECTION, { query: data.vectorOf(id), limit: RECALL_AT });
    if (i >= WARM_UP_QUERIES) took.push(performance.now() - started);
    bar.update(i + 1);
  }
  bar.stop();
  took.sort((a, b) => a - b);
  const quantile = (q) => took[Math.min(took.length - 1, Math.floor(q * took.length))];
  return { queries: took.length, limit: RECALL_AT, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}

/** How much of the exact answer the graph finds, for the neighbours of stored words (a word itself is never counted). */
async function recall(client, data) {
  const ids = spread(data, RECALL_QUERIES);
  const bar = await progressBar("measuring recall", ids.length);
  let found = 0;
  for (const [i, query] of ids.entries()) {
    const searches = [false, true].map((exact) => ({ query, limit: RECALL_AT, params: { exact } }));
    const [graph, truth] = await client.queryBatch(COLLECTION, { searches });
    const wanted = new Set(truth.points.map(({ id }) => id));
    if (wanted.size !== RECALL_AT) throw new Error(`an exact query found ${wanted.size} points, not ${RECALL_AT}`);
    found += graph.points.filter(({ id }) => wanted.has(id)).length;
    bar.update(i + 1);
  }
  bar.stop();
  return { queries: ids.length, at: RECALL_AT, recall: found / (ids.length * RECALL_AT) };
}

async function digest(address) {
  const response = await fetch(`${address}/murmur/collections/${COLLECTION}/digest`);
  const { result, status } = await response.json();
  if (!response.ok) throw new Error(`no digest: the server answered ${response.status}: ${status.error}`);
  return result;
}

/** Runs the whole demonstration against a server and returns what it found, as plain data. */
export async function runDemo(address) {
  const { QdrantClient } = createRequire(inRoot("test/package.json"))("@qdrant/js-client-rest");
  const client = new QdrantClient({ url: address });
  const data = await readWords();
  const loaded = await load(client, data);
  const { count } = await client.count(COLLECTION, { exact: true });
  if (count !== data.count) throw new Error(`${data.count} points were loaded, the server counts ${count}`);

  const nearestWords = [];
  for (const word of SHOWN_WORDS) nearestWords.push({ word, nearest: await nearest(client, data.idOf(word)) });
  const filtered = [];
  for (const { word, that, filter } of FILTERED) {
    filtered.push({ word, that, filter, nearest: await nearest(client, data.idOf(word), { filter }) });
  }
  const analogies = [
    await analogy(client, data, { plus: ["king", "woman"], minus: ["man"] }),
    await analogy(client, data, { plus: ["paris", "germany"], minus: ["france"] }),
  ];
  return {
    collection: COLLECTION,
    points: count,
    dimensions: data.dimensions,
    load: loaded,
    nearest: nearestWords,
    analogies,
    filtered,
    documents: await runDocuments(client, data),
    latency: await latency(client, data),
    recall: await recall(client, data),
    digest: await digest(address),
  };
}
