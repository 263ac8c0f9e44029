import { type DenseVectorSpace, MemoryOpLog, ReadsHere, Replica } from "@murmuration/core";
import { MurmurationError, type SearchParameters } from "@murmuration/index";
import { type BenchData, readBenchData } from "./data.js";
import { type Benchmark, type BenchRow, progressBar } from "./harness.js";
import { recallOf, type Truth } from "./recall.js";

const K = 10;
const EF = 64;
const PER_COMMAND = 100;
const QUERIES = 200;

/** What a vector can be kept as, and how its graph is walked. */
const kinds: { readonly [name: string]: Partial<DenseVectorSpace> } = {
  "float32, walked on float32": { quantization: "none" },
  "float32, walked on int8": {},
  float16: { encoding: "f16" },
  "float32 that travels as sq8": { encoding: "sq8" },
  uint8: { encoding: "u8" },
  turbo4: { encoding: "turbo4" },
};

/** What a query can ask for. */
const parametersAsked: { readonly [name: string]: SearchParameters } = {
  "as it is": { efSearch: EF },
  "rescore: false": { efSearch: EF, rescore: false },
  "oversampling: 3": { efSearch: EF, oversampling: 3 },
  exact: { exact: true },
};

interface Vectors {
  readonly base: Float32Array;
  readonly queries: readonly Float32Array[];
}

/** The first vectors and queries, as values from 0 to 255: distances keep their order. */
function scaled(data: BenchData, count: number): Vectors {
  let most = 0;
  for (const value of data.base.subarray(0, count * data.dimensions)) most = Math.max(most, Math.abs(value));
  const scale = (value: number) => 127.5 + (127.5 * value) / most;
  return {
    base: data.base.slice(0, count * data.dimensions).map(scale),
    queries: data.queries.map((query) => query.map(scale)),
  };
}

/** The nearest by Euclid, found by comparing with all. */
function truthOf(base: Float32Array, queries: readonly Float32Array[], dimensions: number): Truth {
  const truth = new Uint32Array(queries.length * K);
  for (const [at, query] of queries.entries()) {
    const distances = Array.from({ length: base.length / dimensions }, (_, id) => {
      let sum = 0;
      for (let i = 0; i < dimensions; i++) sum += ((base[id * dimensions + i] as number) - (query[i] as number)) ** 2;
      return [sum, id] as const;
    });
    const nearest = distances.sort(([a], [b]) => a - b).slice(0, K);
    truth.set(
      nearest.map(([, id]) => id),
      at * K,
    );
  }
  return { queries, truth, truthCount: K };
}

/** A replica that holds them. */
class Holder {
  readonly log = new MemoryOpLog();
  readonly replica: Replica;

  constructor(base: Float32Array, dimensions: number, kind: Partial<DenseVectorSpace>) {
    this.replica = Replica.open({
      log: this.log,
      clock: { now: () => Date.now() },
      newReplicaId: () => 1,
      newTableSeed: () => [1, 2],
    });
    const graph = { links: 16, efConstruction: 128, quantization: "int8" } as const;
    const space: DenseVectorSpace = { size: dimensions, distance: "Euclid", ...graph, ...kind };
    this.#execute({ kind: "create-collection", name: "words", vectors: { "": space }, settings: {} });
    for (let from = 0; from < base.length / dimensions; from += PER_COMMAND) {
      const points = Array.from({ length: PER_COMMAND }, (_, i) => {
        const id = from + i;
        return { id, vectors: { "": base.slice(id * dimensions, (id + 1) * dimensions) }, payload: {} };
      });
      this.#execute({ kind: "upsert-points", collection: "words", points, mode: "upsert" });
    }
  }

  #execute(command: Parameters<Replica["execute"]>[0][number]): void {
    const [outcome] = this.replica.execute([command]).outcomes;
    if (outcome instanceof MurmurationError) throw outcome;
  }

  bytesPerUpsert(): number {
    const { id } = this.replica.shard("words");
    let [bytes, count] = [0, 0];
    for (const entry of this.log.read(0, { shard: id })) {
      bytes += entry.bytes.byteLength;
      count++;
    }
    return bytes / count;
  }

  recall(parameters: SearchParameters, truth: Truth): number {
    const reads = new ReadsHere(this.replica, "words");
    const selection = { payload: false, vectors: false } as const;
    let sum = 0;
    for (const [at, query] of truth.queries.entries()) {
      const found = reads.nearest({ query, using: "", limit: K, offset: 0, parameters, selection });
      const ids = found.map(({ id }) => Number(id));
      sum += recallOf(ids, truth, at, K);
    }
    return sum / truth.queries.length;
  }
}

/** What each datatype, and each wish of a query about quantisation, comes to: recall against the vectors as they were given. */
export const datatypesBenchmark: Benchmark = {
  name: "datatypes",
  summary: "recall@10 and bytes in the log by datatype, with and without ranking again, over more candidates, exactly",
  run({ quick }) {
    const data = readBenchData();
    const { dimensions } = data;
    const count = quick ? 5_000 : 20_000;
    const given: Vectors = { base: data.base.slice(0, count * dimensions), queries: data.queries.slice(0, QUERIES) };
    const bytes = scaled(data, count);
    const truth = truthOf(given.base, given.queries, dimensions);
    const rows: BenchRow[] = [];
    const ratios: { [name: string]: number } = {};
    const bar = progressBar("datatypes", Object.keys(kinds).length);
    for (const [name, kind] of Object.entries(kinds)) {
      const { base, queries } = kind.encoding === "u8" ? bytes : given;
      const holder = new Holder(base, dimensions, kind);
      const asked = { ...truth, queries: queries.slice(0, QUERIES) };
      const recalls = Object.entries(parametersAsked).map(
        ([what, parameters]) => [what, holder.recall(parameters, asked)] as const,
      );
      rows.push({ kept_as: name, bytes_per_upsert: holder.bytesPerUpsert(), ...Object.fromEntries(recalls) });
      ratios[`recall_${name}`] = recalls[0]?.[1] ?? 0;
      bar.step();
    }
    bar.stop();
    return { bench: "datatypes", params: { vectors: count, dimensions, source: data.source }, rows, ratios };
  },
};
