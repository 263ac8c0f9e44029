import { readBenchData } from "./data.js";
import { type Benchmark, type Contestant, interleave, median, say } from "./harness.js";
import { hnswlibNode } from "./peers/hnswlib.js";
import { murmuration } from "./peers/murmuration.js";
import { usearch } from "./peers/usearch.js";
import { atRecall, bracketRecall } from "./recall.js";
import { openIndex, PARAMETERS } from "./saved-index.js";

const K = 10;
const TARGET_RECALL = 0.95;
const PEERS = [usearch, hnswlibNode];

/** Queries per second of one thread at equal recall, ours against each peer's. */
export const searchBenchmark: Benchmark = {
  name: "search",
  summary: "queries per second at recall@10 0.95, 100,000 real vectors, one thread",
  run({ quick }) {
    const data = readBenchData();
    const rounds = quick ? 3 : 7;
    const engines = [...murmuration, ...PEERS].map((peer) => {
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
