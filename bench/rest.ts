import { readBenchData, readBenchWords } from "./data.js";
import { type Benchmark, median, progressBar, quantile, wallSeconds } from "./harness.js";
import { startServer } from "./server-process.js";

const K = 10;
const BATCH = 100;
const WRITERS = 4;
const READERS = 8;
const WARM_UP_QUERIES = 200;

/** Runs tasks 0 … count − 1, so many at a time. */
async function inParallel(count: number, width: number, task: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) await task(at);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** What a client sees over HTTP: durable writes, and queries from one and from several connections. */
export const restBenchmark: Benchmark = {
  name: "rest",
  summary: "durable upserts per second and query latency over HTTP, JSON bodies, one server process",
  async run({ quick }) {
    const data = readBenchData();
    const words = readBenchWords();
    const count = quick ? 20_000 : data.baseCount;
    const rounds = 3;
    const bodies = data.queries.map((query) => ({ query: Array.from(query), limit: K, with_payload: false }));
    const points = Array.from({ length: count }, (_, row) => ({
      id: row,
      vector: Array.from(data.base.subarray(row * data.dimensions, (row + 1) * data.dimensions)),
      payload: { word: words[row] },
    }));
    const server = await startServer();
    try {
      await server.call("PUT", "/collections/words", { vectors: { size: data.dimensions, distance: "Cosine" } });
      const query = async (i: number): Promise<void> => {
        const answer = (await server.call("POST", "/collections/words/points/query", bodies[i])) as {
          points: unknown[];
        };
        if (answer.points.length !== K) throw new Error(`query ${i} has ${answer.points.length} answers`);
      };

      const batches = count / BATCH;
      const writing = progressBar("writing", batches);
      const writeStart = wallSeconds();
      await inParallel(batches, WRITERS, async (batch) => {
        const body = { points: points.slice(batch * BATCH, (batch + 1) * BATCH) };
        await server.call("PUT", "/collections/words/points?wait=true", body);
        writing.step();
      });
      const upsertsPerSecond = count / (wallSeconds() - writeStart);
      writing.stop();

      await inParallel(WARM_UP_QUERIES, 1, query);
      const latencies: number[] = [];
      const p99s: number[] = [];
      const rates: number[] = [];
      const reading = progressBar("querying", rounds);
      for (let round = 0; round < rounds; round++) {
        const ofRound: number[] = [];
        await inParallel(bodies.length, 1, async (i) => {
          const start = wallSeconds();
          await query(i);
          ofRound.push((wallSeconds() - start) * 1000);
        });
        latencies.push(...ofRound);
        p99s.push(quantile(ofRound, 0.99));
        const start = wallSeconds();
        await inParallel(bodies.length, READERS, query);
        rates.push(bodies.length / (wallSeconds() - start));
        reading.step();
      }
      reading.stop();
      return {
        bench: "rest",
        params: {
          vectors: count,
          dimensions: data.dimensions,
          batch: BATCH,
          writers: WRITERS,
          k: K,
          rounds,
          clock: "wall",
          source: data.source,
        },
        rows: [
          { what: "upsert, durable", connections: WRITERS, per_s: upsertsPerSecond },
          {
            what: "query",
            connections: 1,
            per_s: 1000 / (latencies.reduce((sum, latency) => sum + latency, 0) / latencies.length),
            p50_ms: median(latencies),
            p99_ms: median(p99s),
          },
          { what: "query", connections: READERS, per_s: median(rates) },
        ],
        ratios: { query_p99_ms: median(p99s), durable_upserts_per_s: upsertsPerSecond },
      };
    } finally {
      await server.stop();
    }
  },
};
