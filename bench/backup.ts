import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { startS3 } from "@murmuration/server/testing/s3";
import { serverCommand } from "@murmuration/test/server-command";
import { benchFolder } from "./data.js";
import { type Benchmark, type BenchRow, progressBar, say, wallSeconds } from "./harness.js";
import { RELEASED, type ServerProcess, startServer } from "./server-process.js";
import { loadedFolder } from "./service/kept.js";
import { BATCH, upsert } from "./service/load.js";
import { untilAtRest } from "./service/pace.js";
import { pointOf, type Shape, shapeOf } from "./service/shapes.js";

const SHAPE = "fields";
const POINTS = 200_000;
const QUICK_POINTS = 5_000;
/** What is done before each backup behind the first, to a share of the points. */
const CHANGES = [
  { what: "nothing", share: 0 },
  { what: "written again", share: 0.001 },
  { what: "added", share: 0.01 },
  { what: "written again", share: 0.01 },
] as const;
const MEBIBYTE = 1024 * 1024;
const REST_SECONDS_MAX = 300;

interface Made {
  readonly bytes: number;
  readonly parts: number;
  readonly sent: { readonly parts: number; readonly bytes: number };
}

/** Adds a share of the points, or writes so many again, all over the collection, each as another row's. Returns how many. */
async function change(
  server: ServerProcess,
  shape: Shape,
  points: number,
  { what, share }: (typeof CHANGES)[number],
): Promise<number> {
  const changed = Math.round(points * share);
  const step = Math.floor(points / Math.max(changed, 1));
  const bodyOf = (i: number) =>
    what === "added" ? pointOf(shape, points + i) : { ...pointOf(shape, (i * step + 7) % points), id: i * step };
  for (let at = 0; at < changed; at += BATCH) {
    const length = Math.min(BATCH, changed - at);
    await upsert(
      server,
      Array.from({ length }, (_, i) => bodyOf(at + i)),
    );
  }
  if (changed > 0) await untilAtRest(server, REST_SECONDS_MAX);
  return changed;
}

/** Runs a command of ours. Resolves to what it printed as JSON; rejects with what it said where it fails. */
function run(argv: readonly string[]): Promise<{ readonly equal: boolean; readonly ms: number }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...serverCommand(RELEASED), ...argv], { stdio: ["ignore", "pipe", "pipe"] });
    let [out, error] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      error += chunk.toString();
    });
    child.once("exit", (code) =>
      code === 0 ? resolve(JSON.parse(out)) : reject(new Error(`exit code ${code}: ${error}`)),
    );
  });
}

async function measure(points: number, cli: string | undefined): Promise<BenchRow[]> {
  const shape = shapeOf(SHAPE);
  const { path } = await loadedFolder(SHAPE, points, cli);
  const work = mkdtempSync(join(benchFolder, "backup-"));
  const s3 = await startS3(join(work, "s3"));
  const store = ["--backup-endpoint", s3.endpoint, "--backup-credentials-file", s3.credentialsFile];
  const place = "s3://backups/bench";
  try {
    const folder = join(work, "data");
    cpSync(path, folder, { recursive: true });
    const server = await startServer({ folder, cli, args: ["--backup-to", place, ...store] });
    const bar = progressBar("backing up", CHANGES.length + 2);
    const rows: BenchRow[] = [];
    let first = Number.NaN;
    try {
      for (const done of [undefined, ...CHANGES]) {
        const changed = done === undefined ? points : await change(server, shape, points, done);
        const [began, cpu] = [wallSeconds(), server.processCpuSeconds() ?? Number.NaN];
        const { bytes, parts, sent } = (await server.call("POST", "/murmur/backups")) as Made;
        if (done === undefined) first = sent.bytes;
        rows.push({
          backup:
            done === undefined
              ? "the first"
              : `behind ${changed} points ${done.what === "nothing" ? "changed" : done.what}`,
          rows_mib: bytes / MEBIBYTE,
          parts,
          sent_parts: sent.parts,
          sent_mib: sent.bytes / MEBIBYTE,
          sent_share: sent.bytes / first,
          wall_s: wallSeconds() - began,
          cpu_s: (server.processCpuSeconds() ?? Number.NaN) - cpu,
        });
        bar.step();
      }
    } finally {
      await server.stop();
    }
    const { equal, ms } = await run(["drill", place, "--temporary", join(work, "drill"), "--json", ...store]);
    bar.step();
    bar.stop();
    say(
      `the last one was restored in a drill, ${equal ? "to equal digests" : "NOT EQUAL"}, in ${(ms / 1000).toFixed(1)} s`,
    );
    if (!equal) throw new Error("the drill did not come to equal digests");
    return rows;
  } finally {
    await s3.stop();
    rmSync(work, { recursive: true, force: true });
  }
}

/** How much of a backup is sent to a store when little has changed since the last one, and whether it restores to equal digests. */
export const backupBenchmark: Benchmark = {
  name: "backup",
  summary:
    "bytes that backups send to a store that speaks S3 (s3rver), with 0.1 and 1 % of the points written again or added; then a drill",
  async run({ quick, points = quick ? QUICK_POINTS : POINTS, server }) {
    const rows = await measure(points, server);
    const [, ...later] = rows;
    return {
      bench: "backup",
      params: { points, dimensions: 100, shape: SHAPE, drill: "equal" },
      rows,
      ratios: Object.fromEntries(
        later.map((row, i) => [
          `sent_${CHANGES[i]?.what.replace(" ", "_")}_${(CHANGES[i]?.share ?? 0) * 100}_percent`,
          Number(row["sent_share"]),
        ]),
      ),
    };
  },
};
