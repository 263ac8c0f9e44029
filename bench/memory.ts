import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { type Benchmark, type BenchRow, median } from "./harness.js";
import { type ProcessMemory, type ServerProcess, startServer } from "./server-process.js";
import { diskBytes, loadedFolder } from "./service/kept.js";
import { ask, COLLECTION, queryBody } from "./service/load.js";
import { inParallel, untilAtRest } from "./service/pace.js";
import { pointOf, rawBytes, SHAPES, type Shape, shapeOf } from "./service/shapes.js";

const MIB = 2 ** 20;
const POINTS = 100_000;
const QUICK_POINTS = 8_000;
const MILLION = 1_000_000;
/** So few that what the server holds is its own. */
const FEW_POINTS = 1_000;
const QUERIES = 1_000;
const READERS = 8;
/** Points whose bytes stand for those of all. */
const SAMPLED = 1_000;
const SAMPLES = 5;
const SAMPLE_MS = 1_000;

/** Memory of a server that has answered queries with payloads and has nothing to do; the middle of a few seconds. */
async function inService(server: ServerProcess, shape: Shape): Promise<ProcessMemory> {
  await inParallel(QUERIES, READERS, async (at) => {
    await ask(server, queryBody(shape, at, { withPayload: true }));
  });
  await untilAtRest(server, 600);
  const samples: ProcessMemory[] = [];
  for (let sample = 0; sample < SAMPLES; sample++) {
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    const memory = server.memory();
    if (memory === undefined) throw new Error("only Linux tells what a process holds of memory");
    samples.push(memory);
  }
  const middle = (of: keyof ProcessMemory): number => median(samples.map((memory) => memory[of]));
  return { residentMib: middle("residentMib"), anonymousMib: middle("anonymousMib"), peakMib: middle("peakMib") };
}

/** What the server that loaded a folder held, written beside it: it can be seen only once. */
interface AfterLoad extends ProcessMemory {
  readonly diskMib: number;
}

async function measure(name: string, points: number, cli: string | undefined): Promise<BenchRow> {
  const shape = shapeOf(name);
  const notes = (path: string): string => `${path}-memory.json`;
  const { path, loaded } = await loadedFolder(name, points, cli, async (server, folder) => {
    const memory = await inService(server, shape);
    const noted: AfterLoad = { ...memory, diskMib: diskBytes(folder.path) / MIB };
    writeFileSync(notes(folder.path), JSON.stringify(noted));
  });
  const diskStopped = diskBytes(path);
  const server = await startServer({ folder: path, cli });
  let started: ProcessMemory;
  try {
    started = await inService(server, shape);
    const info = (await server.call("GET", `/collections/${COLLECTION}`)) as { readonly points_count: number };
    if (info.points_count !== points) throw new Error(`${name} holds ${info.points_count} points instead of ${points}`);
  } finally {
    await server.stop();
  }
  let raw = 0;
  for (let row = 0; row < SAMPLED; row++) raw += rawBytes(shape, pointOf(shape, row)) / SAMPLED;
  const after = existsSync(notes(path)) ? (JSON.parse(readFileSync(notes(path), "utf8")) as AfterLoad) : undefined;
  return {
    shape: name,
    points,
    raw_mib: (raw * points) / MIB,
    ...(after === undefined
      ? {}
      : {
          loaded_mib: after.residentMib,
          loaded_anonymous_mib: after.anonymousMib,
          peak_mib: after.peakMib,
          disk_running_over_raw: (after.diskMib * MIB) / (raw * points),
        }),
    started_mib: started.residentMib,
    started_anonymous_mib: started.anonymousMib,
    disk_mib: diskStopped / MIB,
    disk_over_raw: diskStopped / (raw * points),
    ...(loaded === undefined ? {} : { upserts_per_s: loaded.points / loaded.seconds }),
  };
}

/** Memory of a server that is warm and holds next to nothing, of a shape: what does not grow with the points. */
async function warmMib(name: string, cli: string | undefined): Promise<number> {
  const row = await measure(name, FEW_POINTS, cli);
  return Number(row["started_mib"]);
}

/** What the server holds of memory and disk, for collections as people have them. */
export const memoryBenchmark: Benchmark = {
  name: "memory",
  summary: `resident memory and disk over raw bytes, by shape (--only ${SHAPES.join("|")})`,
  async run({ quick, points = quick ? QUICK_POINTS : POINTS, only, server }) {
    const shapes = SHAPES.filter((name) => only === undefined || name === only);
    const rows: BenchRow[] = [];
    const ratios: { [figure: string]: number } = {};
    for (const name of shapes) {
      const warm = await warmMib(name, server);
      const row = await measure(name, points, server);
      rows.push({ ...row, warm_mib: warm });
      // after a start: a process that has just loaded holds what loading left behind, too, until it is collected
      const resident = Number(row["started_mib"]);
      ratios[`${name}_resident_gib`] = resident / 1024;
      if (row["loaded_mib"] !== undefined) ratios[`${name}_loaded_over_started`] = Number(row["loaded_mib"]) / resident;
      // a line through two sizes says nothing when both are small
      if (points >= 10 * FEW_POINTS) {
        const perPoint = (resident - warm) / (points - FEW_POINTS);
        ratios[`${name}_gib_at_a_million`] = (warm + perPoint * (MILLION - FEW_POINTS)) / 1024;
      }
      ratios[`${name}_disk_over_raw`] = Number(row["disk_over_raw"]);
    }
    return { bench: "memory", params: { points, queries: QUERIES }, rows, ratios };
  },
};
