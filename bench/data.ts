import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where fetched and computed benchmark data lives. `MURMURATION_CACHE` moves the folder above it. */
export const benchFolder = join(process.env["MURMURATION_CACHE"] ?? join(root, ".cache"), "bench");

/** Real word vectors of length 1, queries that are not among them, and the true answers by cosine. */
export interface BenchData {
  readonly dimensions: number;
  readonly baseCount: number;
  /** baseCount × dimensions */
  readonly base: Float32Array;
  /** One view per query. */
  readonly queries: readonly Float32Array[];
  /** queries × truthCount rows of the base, nearest first. */
  readonly truth: Uint32Array;
  readonly truthCount: number;
  /** Where it comes from. */
  readonly source: string;
  /** Of the choice of vectors and queries. */
  readonly version: number;
}

interface Manifest {
  readonly version: number;
  readonly source: string;
  readonly dimensions: number;
  readonly baseCount: number;
  readonly queryCount: number;
  readonly truthCount: number;
}

function readBytes(name: string): ArrayBuffer {
  const file = readFileSync(join(benchFolder, name));
  return new Uint8Array(file).buffer;
}

/** Reads the benchmark data; fetches and computes it first when it is missing (a minute, once). */
export function readBenchData(): BenchData {
  // Instant when the data is there and of this version.
  const made = spawnSync(process.execPath, [join(root, "scripts/make-bench-data.mjs")], { stdio: ["ignore", 2, 2] });
  if (made.status !== 0) throw new Error("making the benchmark data failed");
  const manifest = JSON.parse(readFileSync(join(benchFolder, "manifest.json"), "utf8")) as Manifest;
  const { dimensions, baseCount, queryCount, truthCount, source, version } = manifest;
  const base = new Float32Array(readBytes("base.f32"));
  const flatQueries = new Float32Array(readBytes("query.f32"));
  const truth = new Uint32Array(readBytes("truth.u32"));
  if (base.length !== baseCount * dimensions || flatQueries.length !== queryCount * dimensions) {
    throw new Error(`${benchFolder} is damaged: delete it and run again`);
  }
  const queries = Array.from({ length: queryCount }, (_, query) =>
    flatQueries.slice(query * dimensions, (query + 1) * dimensions),
  );
  return { dimensions, baseCount, base, queries, truth, truthCount, source, version };
}

/** The words of the base rows, most frequent first. */
export function readBenchWords(): readonly string[] {
  return JSON.parse(readFileSync(join(benchFolder, "words.json"), "utf8")) as readonly string[];
}
