import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type CarryReport, importAndKill, murmur } from "./carry/commands.js";
import { type CarriedRow, carriedRows } from "./carry/rows.js";
import { loadChroma, loadPostgres } from "./carry/systems.js";
import { benchFolder } from "./data.js";
import { type Benchmark, type BenchRow, say, wallSeconds } from "./harness.js";
import { type ServerProcess, startServer } from "./server-process.js";

const POINTS = 100_000;
const QUICK_POINTS = 2_000;
const FILES = ["ndjson", "csv", "parquet", "npy", "fvecs", "usearch"] as const;
const SOURCES = [...FILES, "qdrant", "postgres", "chroma"] as const;
const SLOWLY_BELOW = 20_000;
const BASE = "base";
const MIB = 2 ** 20;

function writeNdjson(path: string, rows: readonly CarriedRow[]): void {
  const file = openSync(path, "w");
  for (const { id, vector, ...payload } of rows)
    writeSync(file, `${JSON.stringify({ id, vector: Array.from(vector), payload })}\n`);
  closeSync(file);
}

/** Where a part of it comes from: source, and flags that say what it is. */
interface Place {
  readonly source: string;
  readonly flags: readonly string[];
  readonly mib?: number;
  readonly exported?: CarryReport;
  readonly close?: () => Promise<void>;
}

class Carrying {
  readonly #server: ServerProcess;
  readonly #folder: string;
  readonly #cli: string | undefined;
  readonly #rows: readonly CarriedRow[];
  #digest = "";

  constructor(server: ServerProcess, folder: string, cli: string | undefined, count: number) {
    this.#server = server;
    this.#folder = folder;
    this.#cli = cli;
    this.#rows = carriedRows(count).rows;
  }

  get #to(): readonly string[] {
    return ["--url", this.#server.address.href];
  }

  #run(...argv: readonly string[]): Promise<CarryReport> {
    return murmur([...argv, ...this.#to], this.#cli);
  }

  async #contents(collection: string): Promise<CarryReport> {
    return this.#run("export", "--collection", collection, "--format", "digest");
  }

  /** Imports it whole, once: what all others have to come to. Answers the report. */
  async base(): Promise<CarryReport> {
    const path = join(this.#folder, "rows.ndjson");
    writeNdjson(path, this.#rows);
    const report = await this.#run("import", path, "--collection", BASE, "--distance", "Dot");
    this.#digest = (await this.#contents(BASE)).digest ?? "";
    return report;
  }

  async #place(source: (typeof SOURCES)[number]): Promise<Place> {
    if (source === "qdrant") return { source: `${this.#server.address.href}collections/${BASE}`, flags: [] };
    if (source === "postgres") return loadPostgres(this.#rows.length);
    if (source === "chroma") return loadChroma(this.#rows, await chromaCommand());
    const path = join(this.#folder, `base.${source}`);
    const exported = await this.#run("export", "--collection", BASE, "--output", path);
    const beside = `${path}.payload.ndjson`;
    const isBeside = ["npy", "fvecs", "usearch"].includes(source);
    const bytes = statSync(path).size + (isBeside ? statSync(beside).size : 0);
    return { source: path, flags: isBeside ? ["--payload-file", beside] : [], mib: bytes / MIB, exported };
  }

  /** One format or system: exported or loaded, read alone, imported, killed in the middle, gone on with, compared. */
  async row(name: (typeof SOURCES)[number]): Promise<BenchRow> {
    const count = this.#rows.length;
    const place = await this.#place(name);
    try {
      const state = join(this.#folder, `${name}.json`);
      const flags = [place.source, "--collection", name, "--distance", "Dot", ...place.flags, "--state", state];
      const read = await this.#run("import", ...flags, "--dry-run");
      // few rows are written before anybody could kill it
      const slowly = count < SLOWLY_BELOW ? ["--batch", "16", "--parallel", "1"] : [];
      const argv = [...flags, ...this.#to, ...slowly];
      const first = await importAndKill(argv, { state, rows: count / 2, cli: this.#cli });
      const rest = await this.#run("import", ...flags);
      const { digest, points } = await this.#contents(name);
      if (points !== count || rest.written !== count || digest !== this.#digest)
        throw new Error(`${name}: ${points} points of ${count}, digest ${digest} instead of ${this.#digest}`);
      await this.#server.call("DELETE", `/collections/${name}`);
      const { exported, mib } = place;
      return {
        source: name,
        mib: mib ?? Number.NaN,
        exported_per_s: exported === undefined ? Number.NaN : count / exported.seconds,
        read_per_s: count / read.seconds,
        killed_at_row: rest.resumed_at_row ?? 0,
        imported_per_s: (count - (rest.resumed_at_row ?? 0)) / rest.seconds,
        whole_s: first + rest.seconds,
      };
    } finally {
      await place.close?.();
    }
  }
}

async function chromaCommand(): Promise<readonly string[]> {
  const path = new URL("../../scripts/lib/chroma-server.mjs", import.meta.url).href;
  const { ensureChromaServer } = (await import(path)) as { readonly ensureChromaServer: () => readonly string[] };
  return ensureChromaServer();
}

/** Import and export of every format, and import from every system, killed in the middle. */
export const importBenchmark: Benchmark = {
  name: "import",
  summary:
    "import and export of every format and system, killed with -9 in the middle and gone on with; counts and digests",
  async run({ quick, points = quick ? QUICK_POINTS : POINTS, only, server: cli }) {
    mkdirSync(benchFolder, { recursive: true });
    const folder = mkdtempSync(join(benchFolder, "import-"));
    const server = await startServer({ cli });
    try {
      const carrying = new Carrying(server, folder, cli, points);
      say("importing the rows once, whole");
      const start = wallSeconds();
      const base = await carrying.base();
      const rows: BenchRow[] = [];
      for (const name of SOURCES.filter((source) => only === undefined || only.split(",").includes(source))) {
        say(name);
        const row = await carrying.row(name);
        rows.push(row);
        // a run that is broken off has measured this much
        process.stderr.write(`${JSON.stringify(row)}\n`);
      }
      const per = (key: string) =>
        Object.fromEntries(
          rows.flatMap((row) =>
            Number.isFinite(row[key]) ? [[`${row["source"]}_${key}`, row[key] as number] as const] : [],
          ),
        );
      return {
        bench: "import",
        params: { points, batch: 256, parallel: 4, seconds: Math.round(wallSeconds() - start) },
        rows,
        ratios: {
          ndjson_whole_per_s: points / base.seconds,
          ...per("imported_per_s"),
          ...per("read_per_s"),
          ...per("exported_per_s"),
        },
      };
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
