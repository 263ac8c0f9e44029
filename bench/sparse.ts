import {
  bm25Document,
  bm25Query,
  createSpace,
  emptyFilter,
  type Filter,
  finish,
  readBm25,
  type SparseVector,
  spaceUse,
} from "@murmuration/index";
import { readBenchData, readBenchWords } from "./data.js";
import { type Benchmark, median, progressBar, quantile } from "./harness.js";
import { IndexedSpace } from "./indexed-space.js";
import { fractionOf } from "./random.js";

const K = 10;
/** A purpose of random numbers that no other benchmark has. */
const DRAW = 77;
const GROUP = 1_000;
const WORDS_MIN = 40;
const WORDS_MAX = 160;
/** Of the 40,000 most frequent words; the exponent of Zipf's law in English text is about this. */
const VOCABULARY = 40_000;
const EXPONENT = 1.05;

/** Draws words as often as a text has them. */
function wordSource(words: readonly string[], random: () => number): () => string {
  const sums = new Float64Array(Math.min(VOCABULARY, words.length));
  let sum = 0;
  for (let rank = 0; rank < sums.length; rank++) sums[rank] = sum += 1 / (rank + 2.7) ** EXPONENT;
  return () => {
    const wanted = random() * sum;
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) < wanted) low = middle + 1;
      else high = middle;
    }
    return words[low] as string;
  };
}

function textOf(word: () => string, random: () => number, min: number, max: number): string {
  const length = min + Math.floor(random() * (max - min + 1));
  return Array.from({ length }, word).join(" ");
}

/** The product of the values at shared indices; 0: there are none, or they cancel out. */
function product(a: SparseVector, b: SparseVector): number {
  let sum = 0;
  for (let i = 0, j = 0; i < a.indices.length && j < b.indices.length; ) {
    const [one, other] = [a.indices[i] as number, b.indices[j] as number];
    if (one === other) sum += (a.values[i++] as number) * (b.values[j++] as number);
    else if (one < other) i++;
    else j++;
  }
  return sum;
}

/** Searches of documents of words as frequent as in a text, by bm25 with the `idf` modifier. */
export const sparseBenchmark: Benchmark = {
  name: "sparse",
  summary:
    "top 10 of documents by bm25, whole queries at an epoch, against a comparison with every vector; bytes a value",
  run({ quick, points }) {
    const count = points ?? (quick ? 20_000 : 100_000);
    let drawn = 0;
    const random = () => fractionOf(drawn++, DRAW);
    // makes the words where they are missing
    readBenchData();
    const word = wordSource(readBenchWords(), random);
    const bm25 = readBm25({}, "");
    const space = createSpace({ kind: "sparse", modifier: "idf" });
    const indexed = new IndexedSpace(space);
    const vectors: SparseVector[] = [];
    const progress = progressBar("inserting", count);
    let values = 0;
    for (let from = 0; from < count; from += GROUP) {
      const documents = Array.from({ length: Math.min(GROUP, count - from) }, () =>
        bm25Document(textOf(word, random, WORDS_MIN, WORDS_MAX), bm25),
      );
      indexed.insert(documents);
      for (const vector of documents) values += vector.values.length;
      vectors.push(...documents);
      for (const _ of documents) progress.step();
    }
    progress.stop();
    const reader = indexed.reader();
    const queries = Array.from({ length: quick ? 200 : 1_000 }, () => bm25Query(textOf(word, random, 2, 8), bm25));
    const selection = { payload: false, vectors: false };
    const everySecond: Filter = { ...emptyFilter, must: [{ kind: "slice", total: 2, index: 0 }] };
    const ask = (vector: SparseVector, filter?: Filter): number => {
      let found = 0;
      const snapshot = reader.begin();
      const node = { kind: "nearest", target: { kind: "vector", vector } } as const;
      const asked = { node, using: "", limit: K, offset: 0, parameters: {}, selection };
      finish(snapshot.query({ ...asked, ...(filter && { filter }) }, () => void found++));
      snapshot.release();
      return found;
    };
    const timed = (run: (query: SparseVector) => void, some: readonly SparseVector[]) =>
      some.map((query) => {
        const start = performance.now();
        run(query);
        return performance.now() - start;
      });
    for (const query of queries) ask(query);
    const plain = timed((query) => void ask(query), queries);
    const filtered = timed((query) => void ask(query, everySecond), queries.slice(0, 100));
    const compared = timed(
      (query) => {
        for (const vector of vectors) product(query, vector);
      },
      queries.slice(0, 20),
    );
    const { bytes } = spaceUse(space.handle(), 1);
    const shown = (times: readonly number[]) => ({
      p50_ms: Number(quantile(times, 0.5).toFixed(3)),
      p99_ms: Number(quantile(times, 0.99).toFixed(3)),
    });
    return {
      bench: "sparse",
      params: { documents: count, values_a_document: Math.round(values / count), queries: queries.length },
      rows: [
        { case: "top 10", ...shown(plain) },
        { case: "top 10 of half, by a filter", ...shown(filtered) },
        { case: "compared with every vector", ...shown(compared) },
      ],
      ratios: {
        over_comparing: median(compared) / median(plain),
        p50_ms: quantile(plain, 0.5),
        bytes_a_value: bytes / values,
        insert_us: (indexed.cpuSeconds / count) * 1e6,
      },
    };
  },
};
