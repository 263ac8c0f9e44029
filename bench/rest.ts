import { compareWithBareRoute } from "./beside-bare-route.js";
import { readBenchData, readBenchWords } from "./data.js";
import { type Benchmark, median, progressBar, quantile, wallSeconds } from "./harness.js";
import { rawPost, sendAtRate, type TimesAtRate } from "./raw-client.js";
import { startServer } from "./server-process.js";
import { atRate, inParallel, untilAtRest } from "./service/pace.js";

const K = 10;
const BATCH = 100;
const WRITERS = 4;
const READERS = 8;
/** So many that a query which is due finds one that is free. */
const CONNECTIONS_AT_RATE = 64;
/** Before anything is timed: both processes compile what they run often. */
const WARM_UP_QUERIES = 5000;
/**
 * The load under which latency is measured: this share of the queries that the server answers when it has as many as it takes, each when it
 * is due, with and without upserts beside them.
 */
const LOAD_SHARE = 0.5;
const UPSERTS_PER_S = 500;
const UPSERT_BATCH = 10;

/** What a client sees over HTTP: durable writes, and queries from one and from several connections. */
export const restBenchmark: Benchmark = {
  name: "rest",
  summary: "durable upserts/s, queries/s over a bare Fastify route, and query latency over HTTP, one server process",
  async run({ quick, server: cli }) {
    const data = readBenchData();
    const words = readBenchWords();
    const count = quick ? 20_000 : data.baseCount;
    const rounds = 3;
    const bodies = data.queries.map((query) => ({ query: Array.from(query), limit: K, with_payload: false }));
    const points = Array.from({ length: count }, (_, row) => ({
      id: row,
      vector: Array.from(data.base.subarray(row * data.dimensions, (row + 1) * data.dimensions)),
      payload: { word: words[row], n: row },
    }));
    const server = await startServer({ cli });
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
      await server.call("PUT", "/collections/words/index?wait=true", { field_name: "n", field_schema: "integer" });

      await inParallel(WARM_UP_QUERIES, READERS, (at) => query(at % bodies.length));
      await untilAtRest(server);
      // before anything is replaced, so that the true answers are known
      const requests = quick ? 4_000 : 10_000;
      const compared = await compareWithBareRoute(server, data, { count, requests, rounds });
      const most = compared.rows.find(({ what }) => what === "query")?.["per_s"];
      const queriesPerSecond = Math.max(1, Math.round(LOAD_SHARE * Number(most)));
      const requestTexts = bodies.map((body) => rawPost("/collections/words/points/query", body));
      const queriesAtRate = (during: number) =>
        sendAtRate(server.address, requestTexts, queriesPerSecond, during, CONNECTIONS_AT_RATE);
      await queriesAtRate(2);
      const seconds = quick ? 3 : 10;
      const rates: number[] = [];
      const alone: TimesAtRate[] = [];
      const besideWrites: TimesAtRate[] = [];
      const reading = progressBar("querying", rounds);
      let written = 0;
      const upsert = async (): Promise<void> => {
        const from = (written++ * UPSERT_BATCH) % (count - UPSERT_BATCH);
        // new vectors for known points: each is an insert and a delete in the graph
        const batch = points.slice(from, from + UPSERT_BATCH).map((point) => ({
          ...point,
          vector: point.vector.map((value) => value + 0.001 * ((written % 7) + 1)),
        }));
        await server.call("PUT", "/collections/words/points?wait=true", { points: batch });
      };
      for (let round = 0; round < rounds; round++) {
        const start = wallSeconds();
        await inParallel(bodies.length, READERS, query);
        rates.push(bodies.length / (wallSeconds() - start));
        alone.push(await queriesAtRate(seconds));
        const [times] = await Promise.all([
          queriesAtRate(seconds),
          atRate(UPSERTS_PER_S / UPSERT_BATCH, seconds, upsert),
        ]);
        besideWrites.push(times);
        reading.step();
      }
      reading.stop();
      const ofRounds = (rounds: readonly TimesAtRate[], share: number, of: keyof TimesAtRate = "total"): number =>
        median(rounds.map((round) => quantile(round[of], share)));
      const latencyRow = (what: string, rounds: readonly TimesAtRate[]) => ({
        what,
        per_s: queriesPerSecond,
        p50_ms: ofRounds(rounds, 0.5),
        p99_ms: ofRounds(rounds, 0.99),
        p99_late_ms: ofRounds(rounds, 0.99, "late"),
        p99_in_server_ms: ofRounds(rounds, 0.99, "inServer"),
      });
      return {
        bench: "rest",
        params: {
          vectors: count,
          dimensions: data.dimensions,
          batch: BATCH,
          writers: WRITERS,
          k: K,
          rounds,
          secondsARound: seconds,
          clock: "wall",
          source: data.source,
        },
        rows: [
          { what: `upserts, durable, ${WRITERS} connections`, per_s: upsertsPerSecond },
          { what: `queries, ${READERS} connections, as many as it takes`, per_s: median(rates) },
          latencyRow("queries at a fixed rate", alone),
          latencyRow(`the same beside ${UPSERTS_PER_S} upserts/s`, besideWrites),
          ...compared.rows,
        ],
        ratios: {
          ...compared.ratios,
          query_p99_ms: ofRounds(alone, 0.99),
          query_p99_beside_upserts_over_alone: ofRounds(besideWrites, 0.99) / ofRounds(alone, 0.99),
          durable_upserts_per_s: upsertsPerSecond,
        },
      };
    } finally {
      await server.stop();
    }
  },
};
