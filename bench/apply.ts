import { type GraphDelta, VectorIndex } from "@murmuration/index";
import { readBenchData } from "./data.js";
import { type Benchmark, type Contestant, interleave, median } from "./harness.js";
import { PARAMETERS } from "./saved-index.js";

const QUICK_COUNT = 20_000;
const COUNT = 100_000;
const WARM_UP_COUNT = 500;
const ORIGIN = 1;

/** What a replica spends on an insert of its own and on one that another replica planned. */
export const applyBenchmark: Benchmark = {
  name: "apply",
  summary: "inserting a vector against applying the graph delta of an insert made elsewhere",
  run({ quick }) {
    const { base, dimensions, source } = readBenchData();
    const count = quick ? QUICK_COUNT : COUNT;
    const rounds = 3;
    const vectors = Array.from({ length: count }, (_, row) => base.slice(row * dimensions, (row + 1) * dimensions));
    const dots = vectors.map((_, row) => ({ origin: ORIGIN, sequence: row + 1 }));
    const deltas: GraphDelta[] = [];

    const openIndex = () =>
      new VectorIndex({
        dimensions,
        metric: "cosine",
        links: PARAMETERS.M,
        efConstruction: PARAMETERS.efConstruction,
        quantization: "int8",
      });
    const fill = (index: VectorIndex, limit: number, visit: (index: VectorIndex, row: number) => void): VectorIndex => {
      for (let row = 0; row < limit; row++) visit(index, row);
      return index;
    };
    const insert = (index: VectorIndex, row: number): void => {
      const [dot, vector] = [dots[row], vectors[row]];
      if (dot === undefined || vector === undefined) return;
      const delta = index.plan(dot, vector);
      index.apply(dot, vector, delta);
      deltas[row] = delta;
    };
    const apply = (index: VectorIndex, row: number): void => {
      const [dot, vector, delta] = [dots[row], vectors[row], deltas[row]];
      if (dot === undefined || vector === undefined || delta === undefined) return;
      index.apply(dot, vector, delta);
    };

    const filled = new Map<string, VectorIndex>();
    const contestant = (name: string, visit: typeof insert): Contestant => ({
      name,
      warmUp() {
        fill(openIndex(), WARM_UP_COUNT, visit);
        filled.set(name, openIndex());
      },
      run() {
        const index = filled.get(name);
        if (index !== undefined) fill(index, count, visit);
      },
    });
    const [inserting = [], applying = []] = interleave(
      [contestant("insert", insert), contestant("apply", apply)],
      rounds,
      "inserting and applying",
    );
    const digests = new Set([...filled.values()].map((index) => index.digest()));
    if (digests.size !== 1) throw new Error("applying the deltas made another graph than inserting");
    const deltaBytes = deltas.reduce((sum, delta) => sum + delta.length, 0) / count;
    return {
      bench: "apply",
      params: { vectors: count, dimensions, ...PARAMETERS, rounds, clock: "cpu", source },
      rows: [
        { operation: "insert (plan and apply)", us: (median(inserting) / count) * 1e6, delta_bytes: deltaBytes },
        { operation: "apply", us: (median(applying) / count) * 1e6, delta_bytes: deltaBytes },
      ],
      ratios: { insert_vs_apply: median(inserting.map((seconds, round) => seconds / (applying[round] ?? Number.NaN))) },
    };
  },
};
