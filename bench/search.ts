import { type BenchData, readBenchData } from "./data.js";
import { type Benchmark, type BenchRow, type Contestant, interleave, median, progressBar, say } from "./harness.js";
import { hnswlibNode } from "./peers/hnswlib.js";
import { murmuration, murmurationExact } from "./peers/murmuration.js";
import type { BuiltIndex } from "./peers/peer.js";
import { usearch } from "./peers/usearch.js";
import { atRecall, bracketRecall, meanRecall } from "./recall.js";
import { isSaved, openIndex, PARAMETERS } from "./saved-index.js";
import { vectorsOf } from "./vectors.js";

const K = 10;
const TARGET_RECALL = 0.95;
const QUICK_COUNT = 35_000;
const WORD_DIMENSIONS = 100;
const CURVE = [10, 16, 24, 32, 48, 64, 96, 128, 192, 256];
const CURVE_ROUNDS = 3;

/** The data with the true answers, by exact search, among its first vectors. */
function firstOf(data: Omit<BenchData, "truth" | "truthCount">, count: number): BenchData {
  const [exact] = murmurationExact;
  if (exact === undefined) throw new Error("our exact search finds the true answers");
  const base = data.base.subarray(0, count * data.dimensions);
  const queries = new Float32Array(data.queries.length * data.dimensions);
  data.queries.forEach((query, i) => {
    queries.set(query, i * data.dimensions);
  });
  const truth = Uint32Array.from(exact.open(base, data.dimensions)(queries, K));
  return { ...data, base, baseCount: count, truth, truthCount: K };
}

/** Vectors of another number of dimensions, made from the words. */
function madeData(dimensions: number, count: number): BenchData {
  const { version } = readBenchData();
  const source = vectorsOf(dimensions);
  const base = new Float32Array(count * dimensions);
  const bar = progressBar("making vectors", count);
  for (let row = 0; row < count; row++) {
    base.set(source.vector(row), row * dimensions);
    bar.step();
  }
  bar.stop();
  const queries = Array.from({ length: source.queryCount }, (_, at) => source.query(at));
  say("searching exactly");
  return firstOf({ dimensions, baseCount: count, base, queries, source: source.made, version }, count);
}

/** Recall and queries a second of one thread over the widths of a ladder: what a chart of the trade is drawn from. */
function curveOf(
  engines: readonly { readonly name: string; readonly index: BuiltIndex }[],
  data: BenchData,
): BenchRow[] {
  const points = engines.flatMap(({ name, index }) => CURVE.map((ef) => ({ name, index, ef })));
  const contestants = points.map(({ name, index, ef }): Contestant => {
    const searchAll = () => {
      for (const query of data.queries) index.search(query, K, ef);
    };
    return { name, warmUp: () => undefined, run: searchAll };
  });
  const seconds = interleave(contestants, CURVE_ROUNDS, "recall by width");
  return points.map(({ name, index, ef }, i) => ({
    engine: name,
    ef,
    recall: meanRecall(index, data, K, ef),
    queries_per_s: data.queries.length / median(seconds[i] ?? []),
  }));
}

/** Queries per second of one thread at equal recall, ours against each peer's. */
export const searchBenchmark: Benchmark = {
  name: "search",
  summary:
    "queries per second at recall@10 0.95, 100,000 real vectors (--dimensions 384|768: made from them), one thread",
  run({ quick, points, dimensions = WORD_DIMENSIONS }) {
    const isWords = dimensions === WORD_DIMENSIONS;
    // usearch holds a copy of the index for every width: too much where vectors are long
    const others = isWords ? [usearch, hnswlibNode] : [hnswlibNode];
    const peers = [...murmuration, ...others];
    const words = readBenchData();
    // building every index takes minutes: without those of an earlier run, a quick one makes do with fewer vectors
    const isLong = isWords ? !peers.every((peer) => isSaved(peer, words)) : true;
    const count = points ?? (quick && isLong ? QUICK_COUNT : words.baseCount);
    const data = !isWords ? madeData(dimensions, count) : count < words.baseCount ? firstOf(words, count) : words;
    const rounds = quick ? 3 : 7;
    const engines = peers.map((peer) => {
      const index = openIndex(peer, data);
      say(`finding the width at which ${peer.name} reaches recall ${TARGET_RECALL}`);
      return { peer, name: peer.name, index, bracket: bracketRecall(index, data, K, TARGET_RECALL) };
    });

    const contestants = engines.flatMap(({ peer, index, bracket }) =>
      [bracket.below, bracket.above].map(({ ef }): Contestant => {
        const searchAll = () => {
          for (const query of data.queries) index.search(query, K, ef);
        };
        return { name: peer.name, warmUp: searchAll, run: searchAll };
      }),
    );
    const seconds = interleave(contestants, rounds, "searching");

    const measured = engines.map(({ peer, bracket }, i) => {
      const perQuery = Array.from({ length: rounds }, (_, round) => {
        const below = seconds[2 * i]?.[round] ?? Number.NaN;
        const above = seconds[2 * i + 1]?.[round] ?? Number.NaN;
        return atRecall(bracket, TARGET_RECALL, below, above) / data.queries.length;
      });
      return { peer, bracket, perQuery };
    });
    const ratios = Object.fromEntries(
      murmuration.flatMap(({ id }) =>
        others.map((peer) => {
          const ours = measured.find((entry) => entry.peer.id === id)?.perQuery ?? [];
          const theirs = measured.find((entry) => entry.peer === peer)?.perQuery ?? [];
          return [`${id}_vs_${peer.id}`, median(ours.map((value, round) => (theirs[round] ?? Number.NaN) / value))];
        }),
      ),
    );
    return {
      bench: "search",
      params: {
        vectors: data.baseCount,
        dimensions: data.dimensions,
        queries: data.queries.length,
        k: K,
        recall: TARGET_RECALL,
        ...PARAMETERS,
        rounds,
        clock: "cpu",
        source: data.source,
      },
      rows: measured.map(({ peer, bracket, perQuery }) => ({
        engine: peer.name,
        queries_per_s: Math.round(1 / median(perQuery)),
        query_us: median(perQuery) * 1e6,
        slowest_round_us: Math.max(...perQuery) * 1e6,
        ef: `${bracket.below.ef}-${bracket.above.ef}`,
        recall: `${bracket.below.recall.toFixed(4)}-${bracket.above.recall.toFixed(4)}`,
      })),
      ratios,
      ...(quick ? {} : { series: curveOf(engines, data) }),
    };
  },
};
