import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { benchFolder } from "./data.js";
import { type Benchmark, type BenchRow, median, say, wallSeconds } from "./harness.js";
import { rawPost, sendAll } from "./raw-client.js";
import { type ServerProcess, startServer } from "./server-process.js";
import {
  ask,
  COLLECTION,
  countPoints,
  createCollection,
  type Loaded,
  load,
  queryBody,
  recallOver,
} from "./service/load.js";
import { untilAtRest } from "./service/pace.js";
import { type Shape, shapeOf } from "./service/shapes.js";

const SHAPE = "fields";
const STEPS = [10_000, 30_000, 100_000, 300_000, 1_000_000];
const POINTS = 100_000;
const QUICK_POINTS = 10_000;
/** Points before a step whose inserting is timed: the rate at that size, not on the way to it. */
const TIMED = 5_000;
const QUERIES = 4_000;
const ROUNDS = 3;
const CONNECTIONS = 4;
const RECALL_QUERIES = 100;
const EF = 64;
const WARM_UP = 1_000;

interface SearchCost {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
}

/** The middle of a few rounds of searches. */
async function searchCost(server: ServerProcess, shape: Shape): Promise<SearchCost> {
  const requests = Array.from({ length: shape.vectors.queryCount }, (_, at) =>
    rawPost(`/collections/${COLLECTION}/points/query`, queryBody(shape, at, { ef: EF })),
  );
  await sendAll(server.address, requests, WARM_UP, CONNECTIONS);
  const rounds: SearchCost[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [cpu, start] = [server.processCpuSeconds() ?? Number.NaN, wallSeconds()];
    await sendAll(server.address, requests, QUERIES, CONNECTIONS);
    const used = (server.processCpuSeconds() ?? Number.NaN) - cpu;
    rounds.push({ perSecond: QUERIES / (wallSeconds() - start), cpuMicroseconds: (used / QUERIES) * 1e6 });
  }
  return {
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
    cpuMicroseconds: median(rounds.map(({ cpuMicroseconds }) => cpuMicroseconds)),
  };
}

/** Growth of a figure from the first step to the last: the exponent of the power of the number of points that it grew by. */
function exponent(rows: readonly BenchRow[], figure: string): number {
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined || first === last) return Number.NaN;
  const times = (name: string): number => Math.log(Number(last[name]) / Number(first[name]));
  return times(figure) / times("points");
}

/** What searching, inserting and starting cost as a collection grows. */
export const scaleBenchmark: Benchmark = {
  name: "scale",
  summary: `search, insert, start and memory at ${STEPS.map((step) => step.toLocaleString("en-US")).join(", ")} points, as far as --points goes`,
  async run({ quick, points = quick ? QUICK_POINTS : POINTS, server: cli }) {
    const shape = shapeOf(SHAPE);
    const below = STEPS.filter((step) => step < points);
    const steps = [...below, points];
    mkdirSync(benchFolder, { recursive: true });
    const folder = mkdtempSync(join(benchFolder, "scale-"));
    const rows: BenchRow[] = [];
    let server = await startServer({ folder, cli });
    try {
      await createCollection(server, shape);
      let at = 0;
      for (const step of steps) {
        say(`${step} points`);
        const timed = Math.min(TIMED, step >> 1);
        if (at < step - timed) await load(server, shape, at, step - timed);
        // what the load left to do is part of what inserting costs, but not of these points
        await untilAtRest(server, 600);
        const inserted: Loaded = await load(server, shape, step - timed, step);
        at = step;
        await untilAtRest(server, 600);
        const search = await searchCost(server, shape);
        const recall = await recallOver(server, shape, RECALL_QUERIES, { ef: EF });
        const resident = server.memory()?.residentMib ?? Number.NaN;
        await server.stop();
        const start = wallSeconds();
        server = await startServer({ folder, cli });
        while ((await ask(server, queryBody(shape, 0)).catch(() => [])).length === 0) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        const startSeconds = wallSeconds() - start;
        const count = await countPoints(server);
        if (count !== step) throw new Error(`${count} points after a start, not ${step}`);
        rows.push({
          points: step,
          inserts_per_s: inserted.points / inserted.seconds,
          insert_cpu_us: (inserted.cpuSeconds / inserted.points) * 1e6,
          queries_per_s: search.perSecond,
          query_cpu_us: search.cpuMicroseconds,
          recall,
          start_s: startSeconds,
          resident_mib: resident,
        });
      }
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
    const rowAt = (count: number): BenchRow | undefined => rows.find((row) => row["points"] === count);
    const [million, hundred] = [rowAt(1_000_000), rowAt(100_000)];
    const over = (figure: string): number => Number(million?.[figure]) / Number(hundred?.[figure]);
    return {
      bench: "scale",
      params: { points, shape: SHAPE, ef: EF, connections: CONNECTIONS, timedInserts: TIMED, made: shape.vectors.made },
      rows,
      ratios: {
        query_cpu_exponent: exponent(rows, "query_cpu_us"),
        insert_cpu_exponent: exponent(rows, "insert_cpu_us"),
        start_exponent: exponent(rows, "start_s"),
        ...(million === undefined || hundred === undefined
          ? {}
          : {
              inserts_million_over_100_000: over("inserts_per_s"),
              inserts_million_over_100_000_by_cpu: 1 / over("insert_cpu_us"),
            }),
      },
    };
  },
};
