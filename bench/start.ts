import { type Benchmark, type BenchRow, median, progressBar, wallSeconds } from "./harness.js";
import { startServer } from "./server-process.js";
import { loadedFolder } from "./service/kept.js";
import { ask, COLLECTION, queryBody, upsert } from "./service/load.js";
import { pointOf, type Shape, shapeOf } from "./service/shapes.js";

const PARTS = ["fields", "text"];
const POINTS = 100_000;
const QUICK_POINTS = 8_000;
const K = 10;
const RETRY_MS = 5;
const ANSWER_SECONDS_MAX = 120;
/** Points that are written again before the process is killed, so that there is something that no image holds. */
const TAIL = 1_000;

interface Started {
  readonly listening: number;
  readonly answered: number;
  /** Processor time until then. */
  readonly cpu: number;
}

/** Seconds from starting the process until it listens and until a search has found what it should; then `use`, which stops it. */
async function timeStart(
  path: string,
  shape: Shape,
  cli: string | undefined,
  use: (server: Awaited<ReturnType<typeof startServer>>) => Promise<void>,
): Promise<Started> {
  const body = queryBody(shape, 0, { withPayload: true });
  const start = wallSeconds();
  const server = await startServer({ folder: path, cli });
  const listening = wallSeconds() - start;
  let [answered, cpu] = [Number.NaN, Number.NaN];
  try {
    for (;;) {
      const found = await ask(server, body).catch(() => []);
      answered = wallSeconds() - start;
      cpu = server.processCpuSeconds() ?? Number.NaN;
      if (found.length === K) break;
      if (answered > ANSWER_SECONDS_MAX) throw new Error("the server that was started does not find points");
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    await use(server);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { listening, answered, cpu };
}

async function measure(name: string, points: number, rounds: number, cli: string | undefined): Promise<BenchRow[]> {
  const shape = shapeOf(name);
  const { path } = await loadedFolder(name, points, cli);
  const clean: Started[] = [];
  const killed: Started[] = [];
  const bar = progressBar(`starting ${name}`, 2 * rounds);
  const tail = Array.from({ length: TAIL }, (_, i) => pointOf(shape, Math.floor((i * points) / TAIL)));
  for (let round = 0; round < rounds; round++) {
    clean.push(
      await timeStart(path, shape, cli, async (server) => {
        for (let at = 0; at < TAIL; at += TAIL / 10) await upsert(server, tail.slice(at, at + TAIL / 10));
        await server.kill();
      }),
    );
    bar.step();
    killed.push(
      await timeStart(path, shape, cli, async (server) => {
        const info = (await server.call("GET", `/collections/${COLLECTION}`)) as { readonly points_count: number };
        if (info.points_count !== points) throw new Error(`${info.points_count} points after a kill, not ${points}`);
        await server.stop();
      }),
    );
    bar.step();
  }
  bar.stop();
  const row = (after: string, starts: readonly Started[]): BenchRow => ({
    shape: name,
    points,
    after,
    listening_s: median(starts.map(({ listening }) => listening)),
    first_answer_s: median(starts.map(({ answered }) => answered)),
    cpu_s: median(starts.map(({ cpu }) => cpu)),
    slowest_s: Math.max(...starts.map(({ answered }) => answered)),
  });
  return [row("a clean stop", clean), row(`kill -9 behind ${TAIL} upserts`, killed)];
}

/** How long a server needs from the start of its process until it has answered a search. */
export const startBenchmark: Benchmark = {
  name: "start",
  summary: `seconds from the start of the process to the first search answered, stopped and killed before (--only ${PARTS.join("|")})`,
  async run({ quick, points = quick ? QUICK_POINTS : POINTS, only, server }) {
    const rounds = quick ? 1 : 3;
    const rows: BenchRow[] = [];
    for (const name of PARTS.filter((part) => only === undefined || part === only)) {
      rows.push(...(await measure(name, points, rounds, server)));
    }
    return {
      bench: "start",
      params: { points, rounds, clock: "wall", files: "in the page cache" },
      rows,
      ratios: Object.fromEntries(
        rows.map((row) => [
          `${row["shape"]}_${row["after"] === "a clean stop" ? "stopped" : "killed"}_s`,
          Number(row["first_answer_s"]),
        ]),
      ),
    };
  },
};
