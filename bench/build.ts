import { readBenchData } from "./data.js";
import { type Benchmark, interleave, median } from "./harness.js";
import { hnswlibNode } from "./peers/hnswlib.js";
import { murmuration } from "./peers/murmuration.js";
import { usearch } from "./peers/usearch.js";
import { PARAMETERS } from "./saved-index.js";

const QUICK_COUNT = 50_000;
const WARM_UP_COUNT = 500;
const PEERS = [usearch, hnswlibNode];

/** Time to insert vectors one after the other, one thread, equal graph parameters. */
export const buildBenchmark: Benchmark = {
  name: "build",
  summary: "time to build the index from 100,000 real vectors (quick: 50,000, once), one thread",
  run({ quick }) {
    const { base, baseCount, dimensions, source } = readBenchData();
    const count = quick ? QUICK_COUNT : baseCount;
    const rounds = quick ? 1 : 3;
    const vectors = base.subarray(0, count * dimensions);
    const few = base.subarray(0, WARM_UP_COUNT * dimensions);
    // The two modes of our engine search one graph: it is built once.
    const engines = [...murmuration.slice(0, 1), ...PEERS];
    const contestants = engines.map((peer) => ({
      name: peer.name,
      warmUp: () => void peer.build(few, dimensions, PARAMETERS),
      run: () => void peer.build(vectors, dimensions, PARAMETERS),
    }));
    const seconds = interleave(contestants, rounds, "building");
    const ours = murmuration.length > 0 ? seconds[0] : undefined;
    const ratios = Object.fromEntries(
      engines.flatMap((peer, i) =>
        ours === undefined || i === 0
          ? []
          : [[`build_vs_${peer.id}`, median(ours.map((own, round) => (seconds[i]?.[round] ?? Number.NaN) / own))]],
      ),
    );
    return {
      bench: "build",
      params: { vectors: count, dimensions, ...PARAMETERS, rounds, clock: "cpu", source },
      rows: engines.map((peer, i) => ({
        engine: peer.name,
        build_s: median(seconds[i] ?? []),
        insert_us: (median(seconds[i] ?? []) / count) * 1e6,
      })),
      ratios,
    };
  },
};
