import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { inRoot } from "./paths.mjs";

// Hybrid retrieval on real text: the paragraphs of this project's own pages, by what they are about and by the words that they use.

const COLLECTION = "pages";
const LENGTH_MIN = 80;
const SHOWN_COUNT = 3;
const GROUPS = 3;
const MODEL = "qdrant/bm25";

const QUESTIONS = [
  { question: "what happens when the disk is full", filter: undefined },
  { question: "what happens when the disk is full", filter: { must: [{ key: "page", match: { value: "files" } }] } },
  { question: "how replicas compare their state", filter: undefined },
];

/** Paragraphs of a page, each under its heading. */
function paragraphsOf(path) {
  const page = basename(path, ".md").toLowerCase();
  let heading = "";
  return readFileSync(path, "utf8")
    .split(/\n{2,}/)
    .flatMap((block) => {
      const text = block.replaceAll(/\s+/g, " ").trim();
      if (/^#+ /.test(text)) heading = text.replace(/^#+ /, "");
      return text.length < LENGTH_MIN || /^[#|`]/.test(text) ? [] : [{ page, heading, text, length: text.length }];
    });
}

function readParagraphs() {
  const pages = readdirSync(inRoot("docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => inRoot("docs", name));
  return [...pages.sort(), inRoot("README.md")].flatMap(paragraphsOf);
}

/** What a text is about, without a model: the mean of the vectors of its known words, the rarer ones more. `undefined`: it has none. */
function meaningOf(data, text) {
  const ids = (text.toLowerCase().match(/[a-z]+/g) ?? []).map(data.rankOf).filter((id) => id !== undefined);
  if (ids.length === 0) return undefined;
  const sum = new Array(data.dimensions).fill(0);
  for (const id of ids) for (const [d, value] of data.vectorOf(id).entries()) sum[d] += value * Math.log(1 + id);
  return sum.map((value) => value / ids.length);
}

const lexical = (text) => ({ text, model: MODEL });

async function load(client, data) {
  await client.createCollection(COLLECTION, {
    vectors: { meaning: { size: data.dimensions, distance: "Cosine" } },
    sparse_vectors: { words: { modifier: "idf" } },
  });
  for (const [field_name, field_schema] of [
    ["page", "keyword"],
    ["length", "integer"],
  ]) {
    await client.createPayloadIndex(COLLECTION, { wait: true, field_name, field_schema });
  }
  const points = readParagraphs().flatMap((payload, i) => {
    const meaning = meaningOf(data, payload.text);
    return meaning === undefined ? [] : [{ id: i + 1, vector: { meaning, words: lexical(payload.text) }, payload }];
  });
  await client.upsert(COLLECTION, { wait: true, points });
  return points.length;
}

function hybrid(data, question, filter) {
  const sources = [
    { query: meaningOf(data, question), using: "meaning" },
    { query: lexical(question), using: "words" },
  ];
  return {
    prefetch: sources.map((source) => ({ ...source, limit: 20 })),
    query: { fusion: "rrf" },
    with_payload: ["page", "heading", "text"],
    ...(filter === undefined ? {} : { filter }),
  };
}

/** Loads the pages, and asks of them what two kinds of search find together: plain, in groups by page, and counted by page. */
export async function runDocuments(client, data) {
  const points = await load(client, data);
  const answers = [];
  for (const { question, filter } of QUESTIONS) {
    const { points: found } = await client.query(COLLECTION, { ...hybrid(data, question, filter), limit: SHOWN_COUNT });
    answers.push({ question, filter, found: found.map(({ payload, score }) => ({ ...payload, score })) });
  }
  const { question } = QUESTIONS[0];
  const { groups } = await client.queryGroups(COLLECTION, {
    ...hybrid(data, question, undefined),
    group_by: "page",
    group_size: 1,
    limit: GROUPS,
  });
  const { hits } = await client.facet(COLLECTION, { key: "page", limit: 5, exact: true });
  return {
    collection: COLLECTION,
    points,
    answers,
    groups: { question, by: "page", found: groups.map(({ id, hits: of }) => ({ id, ...of[0].payload })) },
    facets: { key: "page", hits },
  };
}
