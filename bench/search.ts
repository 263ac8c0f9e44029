import { type BenchData, readBenchData } from "./data.js";
import { type Benchmark, type Contestant, interleave, median, say } from "./harness.js";
import { hnswlibNode } from "./peers/hnswlib.js";
import { murmuration, murmurationExact } from "./peers/murmuration.js";
import { usearch } from "./peers/usearch.js";
import { atRecall, bracketRecall } from "./recall.js";
import { isSaved, openIndex, PARAMETERS } from "./saved-index.js";

const K = 10;
const TARGET_RECALL = 0.95;
const QUICK_COUNT = 35_000;
const PEERS = [usearch, hnswlibNode];

/** The first vectors of the data, with the true answers among them. */
function firstOf(data: BenchData, count: number): BenchData {
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

/** Queries per second of one thread at equal recall, ours against each peer's. */
export const searchBenchmark: Benchmark = {
  name: "search",
  summary: "queries per second at recall@10 0.95, 100,000 real vectors, one thread",
  run({ quick }) {
    const all = readBenchData();
    const peers = [...murmuration, ...PEERS];
    // building every index takes minutes: without those of an earlier run, a quick one makes do with fewer vectors
    const data = quick && !peers.every((peer) => isSaved(peer, all)) ? firstOf(all, QUICK_COUNT) : all;
    const rounds = quick ? 3 : 7;
    const engines = peers.map((peer) => {
      const index = openIndex(peer, data);
      say(`finding the width at which ${peer.name} reaches recall ${TARGET_RECALL}`);
      return { peer, index, bracket: bracketRecall(index, data, K, TARGET_RECALL) };
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
        PEERS.map((peer) => {
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
    };
  },
};
