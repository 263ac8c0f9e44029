import { loadavg } from "node:os";
import { createSegment, VectorIndex } from "@murmuration/index";
import { type ReadableCollection, ReaderPool, type Reading } from "@murmuration/server";
import { readBenchData } from "./data.js";
import { type Benchmark, cpuSeconds, median, progressBar, wallSeconds } from "./harness.js";
import { PARAMETERS } from "./saved-index.js";

const K = 10;
const GROUP = 1_000;
/** Requests that wait for their answers at a time, for each reader. */
const IN_FLIGHT = 8;
/** Queries of one request, where they come in batches: what it costs to hand them over counts for little then. */
const BATCH = 100;
const noLimits = {
  deadlineMs: Number.POSITIVE_INFINITY,
  timeoutMs: Number.POSITIVE_INFINITY,
  isAbandoned: () => false,
};

/** Seconds a query, by round. */
interface Seconds {
  readonly wall: number[];
  readonly cpu: number[];
}

/** A collection of these vectors, as threads read it. */
function collectionOf(vectors: Float32Array, dimensions: number): ReadableCollection {
  const { M: links, efConstruction } = PARAMETERS;
  const index = new VectorIndex({ dimensions, metric: "cosine", links, efConstruction, quantization: "int8" });
  const count = vectors.length / dimensions;
  const segment = createSegment({ capacity: 2 * count, slots: [index.capacity] });
  const progress = progressBar("inserting", count);
  for (let from = 0; from < count; from += GROUP) {
    const rows = Array.from({ length: Math.min(GROUP, count - from) }, (_, i) => {
      const id = from + i;
      const vector = vectors.subarray(id * dimensions, (id + 1) * dimensions);
      const dot = { origin: 1, sequence: id + 1 };
      const slot = index.apply(dot, vector, index.plan(dot, vector));
      progress.step();
      const stamp = { wallMs: id, counter: 0, origin: 1 };
      return { kind: "put", id, payloadKey: 0, stamp, version: id + 1, slots: [slot] } as const;
    });
    segment.prepare(rows);
    segment.publish();
    index.published();
  }
  progress.stop();
  const handle = { table: segment.handle(), spaces: [{ name: "", graph: index.handle() }] };
  return { shard: "words", handle };
}

function readingOf(queries: readonly Float32Array[], isBatch: boolean): Reading {
  const selection = { payload: false, vectors: false };
  const rest = { using: "", limit: K, offset: 0, parameters: {}, selection };
  const searches = queries.map(
    (vector) => ({ ...rest, node: { kind: "nearest", target: { kind: "vector", vector } } }) as const,
  );
  return { kind: "searches", searches, isBatch, shape: "points" };
}

/** Have all readings answered, so many at a time. */
async function readAll(pool: ReaderPool, collection: ReadableCollection, readings: readonly Reading[], width: number) {
  let next = 0;
  const ask = async () => {
    for (let reading = readings[next++]; reading !== undefined; reading = readings[next++]) {
      await pool.read([collection], reading, noLimits);
    }
  };
  await Promise.all(Array.from({ length: width }, ask));
}

/** What a second reader brings. */
export const readersBenchmark: Benchmark = {
  name: "readers",
  summary:
    "queries per second of two reader threads over one, in this process; and what a query costs of all processors",
  async run({ quick }) {
    const { base, dimensions, queries, source } = readBenchData();
    const count = quick ? 20_000 : 100_000;
    const rounds = quick ? 5 : 15;
    const collection = collectionOf(base.subarray(0, count * dimensions), dimensions);
    const single = queries.map((query) => readingOf([query], false));
    const batches = Array.from({ length: queries.length / BATCH }, (_, i) =>
      readingOf(queries.slice(i * BATCH, (i + 1) * BATCH), true),
    );
    const tell = (what: string, why: string) => process.stderr.write(`${what}: ${why}\n`);
    const contestants = [1, 2].flatMap((readers) => {
      const pool = new ReaderPool({ readers, payloads: { logFile: "", cacheMebibytes: 0 }, tell });
      return [
        { what: "one query a request", readers, pool, readings: single, width: IN_FLIGHT * readers },
        { what: `${BATCH} queries a request`, readers, pool, readings: batches, width: 2 * readers },
      ];
    });
    const measured = contestants.map((): Seconds => ({ wall: [], cpu: [] }));
    const progress = progressBar("reading", rounds);
    for (let round = 0; round < rounds; round++) {
      for (const [i, { pool, readings, width }] of contestants.entries()) {
        await readAll(pool, collection, readings, width);
        const [wall, cpu] = [wallSeconds(), cpuSeconds()];
        await readAll(pool, collection, readings, width);
        measured[i]?.wall.push((wallSeconds() - wall) / queries.length);
        measured[i]?.cpu.push((cpuSeconds() - cpu) / queries.length);
      }
      progress.step();
    }
    progress.stop();
    for (const { pool } of contestants) await pool.close();
    const [one, oneBatched, two, twoBatched] = measured as readonly Seconds[] as readonly [
      Seconds,
      Seconds,
      Seconds,
      Seconds,
    ];
    const ratio = (a: readonly number[], b: readonly number[]) => median(a.map((value, i) => value / (b[i] as number)));
    return {
      bench: "readers",
      params: { vectors: count, dimensions, k: K, ...PARAMETERS, rounds, load: loadavg()[0] as number, source },
      rows: contestants.map(({ what, readers }, i) => ({
        what,
        readers,
        queries_per_s: 1 / median(measured[i]?.wall ?? []),
        cpu_us_a_query: median(measured[i]?.cpu ?? []) * 1e6,
      })),
      ratios: {
        two_over_one: ratio(oneBatched.wall, twoBatched.wall),
        two_over_one_single: ratio(one.wall, two.wall),
        // what two would bring on processors that nobody else uses: what a query costs must not grow
        two_over_one_by_cpu: 2 * ratio(oneBatched.cpu, twoBatched.cpu),
        two_over_one_single_by_cpu: 2 * ratio(one.cpu, two.cpu),
      },
    };
  },
};
