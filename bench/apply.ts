import { decodeImage, encodeImage, type GraphDelta, VectorIndex, type VectorIndexOptions } from "@murmuration/index";
import { readBenchData } from "./data.js";
import { type Benchmark, type Contestant, interleave, median, wallSeconds } from "./harness.js";
import { PARAMETERS } from "./saved-index.js";

const COUNT = 100_000;
/** The last ones: what an operation costs on a graph of full size. */
const TIMED = 10_000;
const ORIGIN = 1;

/** A graph as bytes, so that every round starts from the same one. */
function packImage(index: VectorIndex): Uint8Array {
  const pieces = encodeImage(index, "");
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function unpackImage(options: VectorIndexOptions, image: Uint8Array): VectorIndex {
  let at = 0;
  return decodeImage(options, (target) => {
    target.set(image.subarray(at, at + target.length));
    at += target.length;
    return at <= image.length;
  }).index;
}

/** What a replica spends on an insert of its own and on one that another replica planned. */
export const applyBenchmark: Benchmark = {
  name: "apply",
  summary: "inserting a vector against applying the graph delta of an insert made elsewhere",
  run({ quick }) {
    const { base, dimensions, source } = readBenchData();
    const rounds = quick ? 3 : 7;
    const options: VectorIndexOptions = {
      dimensions,
      metric: "cosine",
      links: PARAMETERS.M,
      efConstruction: PARAMETERS.efConstruction,
      quantization: "int8",
    };
    const vectors = Array.from({ length: COUNT }, (_, row) => base.slice(row * dimensions, (row + 1) * dimensions));
    const dots = vectors.map((_, row) => ({ origin: ORIGIN, sequence: row + 1 }));
    const deltas: GraphDelta[] = [];
    const insert = (index: VectorIndex, row: number): void => {
      const [dot, vector] = [dots[row], vectors[row]];
      if (dot === undefined || vector === undefined) return;
      const delta = index.plan(dot, vector);
      index.apply(dot, vector, delta);
      deltas[row] = delta;
    };
    const apply = (index: VectorIndex, row: number): number => {
      const [dot, vector, delta] = [dots[row], vectors[row], deltas[row]];
      if (dot === undefined || vector === undefined || delta === undefined) throw new Error("every row was planned");
      return index.apply(dot, vector, delta);
    };
    const revert = (index: VectorIndex, row: number, slots: ReadonlyMap<number, number>): void => {
      const [slot, delta] = [slots.get(row), deltas[row]];
      if (slot !== undefined && delta !== undefined) index.revert(slot, delta);
    };

    const first = new VectorIndex(options);
    for (let row = 0; row < COUNT - TIMED; row++) insert(first, row);
    const image = packImage(first);
    for (let row = COUNT - TIMED; row < COUNT; row++) insert(first, row);
    const graphs = new Map<string, VectorIndex>();
    const contestant = (name: string, visit: (index: VectorIndex, row: number) => unknown): Contestant => ({
      name,
      warmUp() {
        const index = unpackImage(options, image);
        // once and back: the pages that the timed run writes to are there, as in a server that has been up for a while
        const slots = new Map<number, number>();
        for (let row = COUNT - TIMED; row < COUNT; row++) slots.set(row, apply(index, row));
        for (let row = COUNT - 1; row >= COUNT - TIMED; row--) revert(index, row, slots);
        graphs.set(name, index);
      },
      run() {
        const index = graphs.get(name);
        if (index !== undefined) for (let row = COUNT - TIMED; row < COUNT; row++) visit(index, row);
      },
    });
    const [inserting = [], applying = []] = interleave(
      [contestant("insert", insert), contestant("apply", apply)],
      rounds,
      "inserting and applying",
      // a round of applying is so short that the collector's threads, which count as CPU time, would be half of it
      wallSeconds,
    );
    const digests = new Set([...graphs.values()].map((index) => index.digest()));
    if (digests.size !== 1) throw new Error("applying the deltas made another graph than inserting");
    const deltaBytes = deltas.slice(-TIMED).reduce((sum, delta) => sum + delta.length, 0) / TIMED;
    return {
      bench: "apply",
      params: { vectors: COUNT, timed: TIMED, dimensions, ...PARAMETERS, rounds, clock: "wall", source },
      rows: [
        { operation: "insert (plan and apply)", us: (median(inserting) / TIMED) * 1e6, delta_bytes: deltaBytes },
        { operation: "apply", us: (median(applying) / TIMED) * 1e6, delta_bytes: deltaBytes },
      ],
      ratios: {
        insert_vs_apply: median(inserting.map((seconds, round) => seconds / (applying[round] ?? Number.NaN))),
        apply_us: (median(applying) / TIMED) * 1e6,
      },
    };
  },
};
