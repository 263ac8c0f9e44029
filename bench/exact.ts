import { readBenchData } from "./data.js";
import { type Benchmark, interleave, median } from "./harness.js";
import { murmurationExact } from "./peers/murmuration.js";
import { usearchExact } from "./peers/usearch.js";
import { recallOf } from "./recall.js";

const K = 10;
const QUERY_COUNT = 100;
const PEERS = [usearchExact];

/** Queries per second when each query is compared with every vector. */
export const exactBenchmark: Benchmark = {
  name: "exact",
  summary: "exact search over 100,000 real vectors, 100 queries a call, one thread",
  run({ quick }) {
    const data = readBenchData();
    const rounds = quick ? 3 : 7;
    const queries = new Float32Array(QUERY_COUNT * data.dimensions);
    data.queries.slice(0, QUERY_COUNT).forEach((query, i) => {
      queries.set(query, i * data.dimensions);
    });
    const few = queries.subarray(0, 10 * data.dimensions);
    const engines = [...murmurationExact, ...PEERS].map((peer) => ({
      peer,
      ask: peer.open(data.base, data.dimensions),
    }));
    const recalls = engines.map(({ ask }) => {
      const found = Array.from(ask(queries, K));
      const each = Array.from({ length: QUERY_COUNT }, (_, i) => recallOf(found.slice(i * K, (i + 1) * K), data, i, K));
      return each.reduce((sum, recall) => sum + recall, 0) / QUERY_COUNT;
    });
    const seconds = interleave(
      engines.map(({ peer, ask }) => ({
        name: peer.name,
        warmUp: () => void ask(few, K),
        run: () => void ask(queries, K),
      })),
      rounds,
      "comparing",
    );
    const ratios = Object.fromEntries(
      murmurationExact.flatMap((own, i) =>
        PEERS.map((peer, j) => {
          const theirs = seconds[murmurationExact.length + j] ?? [];
          const ratio = median((seconds[i] ?? []).map((value, round) => (theirs[round] ?? Number.NaN) / value));
          return [`${own.id}_vs_${peer.id}`, ratio];
        }),
      ),
    );
    return {
      bench: "exact",
      params: {
        vectors: data.baseCount,
        dimensions: data.dimensions,
        queries: QUERY_COUNT,
        k: K,
        rounds,
        clock: "cpu",
        source: data.source,
      },
      rows: engines.map(({ peer }, i) => ({
        engine: peer.name,
        queries_per_s: Math.round(QUERY_COUNT / median(seconds[i] ?? [])),
        recall: (recalls[i] ?? Number.NaN).toFixed(4),
      })),
      ratios,
    };
  },
};
