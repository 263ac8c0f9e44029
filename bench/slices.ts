import { type Benchmark, type BenchRow, quantile, say, wallSeconds } from "./harness.js";
import { startServer } from "./server-process.js";
import { bytesOf } from "./service/bytes.js";
import { type Heavy, heavyRequests } from "./service/heavy.js";
import { ask, createCollection, load, queryBody, upsert } from "./service/load.js";
import { atRate, untilAtRest } from "./service/pace.js";
import { pointOf, shapeOf } from "./service/shapes.js";

const SHAPE = "fields";
const POINTS = 50_000;
const QUICK_POINTS = 10_000;
const QUERIES_PER_S = 200;
const PROBES_PER_S = 20;
const WRITES_PER_S = 10;
const EF = 64;

/** The rates at which small requests arrive, and what they found. */
interface Beside {
  readonly queries: readonly number[];
  readonly probes: readonly number[];
  readonly writes: readonly number[];
  /** Of each heavy request that ended. */
  readonly heavySeconds: readonly number[];
  readonly heavyStatus: string;
}

/** What small requests wait for while the heaviest ones run, one kind after the other. */
export const slicesBenchmark: Benchmark = {
  name: "slices",
  summary: "latency of 200 small queries/s, of /healthz and of writes beside the heaviest requests, one kind at a time",
  async run({ quick, points = quick ? QUICK_POINTS : POINTS, only, server: cli }) {
    const shape = shapeOf(SHAPE);
    const seconds = quick ? 2 : 8;
    const server = await startServer({ cli });
    const small = Array.from({ length: 500 }, (_, at) => queryBody(shape, at, { ef: EF }));
    let written = 0;

    const beside = async (heavy: Heavy | undefined): Promise<Beside> => {
      const heavySeconds: number[] = [];
      const statuses = new Map<number, number>();
      let isOver = false;
      const keepBusy = async (): Promise<void> => {
        while (heavy !== undefined && !isOver) {
          const start = wallSeconds();
          const { status } = await bytesOf(server.address, heavy.method, heavy.path, heavy.body);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          heavySeconds.push(wallSeconds() - start);
        }
      };
      const busy = keepBusy();
      const [queries, probes, writes] = await Promise.all([
        atRate(QUERIES_PER_S, seconds, (at) => ask(server, small[at % small.length] as object)),
        atRate(PROBES_PER_S, seconds, () => bytesOf(server.address, "GET", "/healthz", "")),
        atRate(WRITES_PER_S, seconds, () => upsert(server, [pointOf(shape, (written += 7) % points)])),
      ]);
      isOver = true;
      await busy;
      const heavyStatus = [...statuses].map(([status, times]) => `${times} × ${status}`).join(", ");
      return { queries, probes, writes, heavySeconds, heavyStatus };
    };

    try {
      await createCollection(server, shape);
      await load(server, shape, 0, points);
      await untilAtRest(server, 300);
      const kinds = heavyRequests(shape, points).filter(({ name }) => only === undefined || name === only);
      // both processes compile what they run often before anything is timed
      await beside(undefined);
      const rows: BenchRow[] = [];
      for (const heavy of [undefined, ...kinds]) {
        say(heavy?.what ?? "alone");
        const { queries, probes, writes, heavySeconds, heavyStatus } = await beside(heavy);
        rows.push({
          beside: heavy?.what ?? "nothing",
          query_p50_ms: quantile(queries, 0.5),
          query_p99_ms: quantile(queries, 0.99),
          query_max_ms: Math.max(...queries),
          healthz_p99_ms: quantile(probes, 0.99),
          write_p50_ms: quantile(writes, 0.5),
          write_p99_ms: quantile(writes, 0.99),
          heavy_s: heavySeconds.length === 0 ? 0 : quantile(heavySeconds, 0.5),
          answers: heavyStatus,
        });
        await untilAtRest(server, 60);
      }
      const worst = (figure: string): number => Math.max(...rows.slice(1).map((row) => Number(row[figure])));
      return {
        bench: "slices",
        params: { points, queriesPerSecond: QUERIES_PER_S, seconds, ef: EF, clock: "wall" },
        rows,
        ratios: {
          query_p99_ms: worst("query_p99_ms"),
          query_p99_ms_alone: Number(rows[0]?.["query_p99_ms"]),
          healthz_p99_ms: worst("healthz_p99_ms"),
          write_p99_ms: worst("write_p99_ms"),
        },
      };
    } finally {
      await server.stop();
    }
  },
};
