import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VectorIndex } from "@murmuration/index";
import { VectorFolder } from "@murmuration/server";
import { type Benchmark, type BenchRow, cpuSeconds, interleave, median } from "./harness.js";
import { PARAMETERS } from "./saved-index.js";
import { vectorsOf } from "./vectors.js";

const DIMENSIONS = 384;
const POINTS = 30_000;
const QUICK_POINTS = 4_000;
const K = 10;
const GROUP = 500;
const QUERIES = 300;
/** Slots whose vectors are read one by one. */
const READ = 2_000;

/** What it costs to keep vectors in a file: the same graph beside itself, in one thread. The file is in the operating system's cache. */
export const offMemoryBenchmark: Benchmark = {
  name: "off-memory",
  summary: "searching, inserting and reading vectors that are kept in a file (on_disk), over the same in memory",
  run({ quick, points = quick ? QUICK_POINTS : POINTS, dimensions = DIMENSIONS }) {
    const vectors = vectorsOf(dimensions);
    const { M: links, efConstruction } = PARAMETERS;
    const options = { dimensions, metric: "cosine", links, efConstruction, quantization: "int8" } as const;
    const folder = mkdtempSync(join(tmpdir(), "murmuration-off-memory-"));
    try {
      const store = new VectorFolder(folder).create("1-1", "");
      const [inMemory, inFile] = [new VectorIndex(options), new VectorIndex(options, store)];
      const inserts = insertInTurns([inMemory, inFile], vectors.vector, points);
      const queries = Array.from({ length: QUERIES }, (_, at) => vectors.query(at));
      const slots = Array.from({ length: READ }, (_, i) => (i * 7_919) % points);
      const measured: { readonly what: string; readonly us: readonly [number, number] }[] = [
        { what: "insert", us: inserts },
      ];
      const rounds = quick ? 5 : 11;
      const compare = (what: string, times: number, run: (index: VectorIndex) => void) => {
        const contestants = [inMemory, inFile].map((index) => {
          const once = () => run(index);
          return { name: what, warmUp: once, run: once };
        });
        const [memory = [], file = []] = interleave(contestants, rounds, what);
        measured.push({ what, us: [(median(memory) / times) * 1e6, (median(file) / times) * 1e6] });
      };
      compare(`search, limit ${K}`, QUERIES, ({ reader }) => {
        for (const query of queries) reader.search(query, { limit: K });
      });
      compare(`exact search, limit ${K}`, 2, ({ reader }) => {
        for (const query of queries.slice(0, 2)) reader.search(query, { limit: K, exact: true });
      });
      compare("read a vector", READ, ({ reader }) => {
        for (const slot of slots) reader.vectorAt(slot);
      });
      const rows: BenchRow[] = measured.map(({ what, us: [memory, file] }) => ({
        what,
        memory_us: memory,
        file_us: file,
        file_over_memory: file / memory,
      }));
      return {
        bench: "off-memory",
        params: { points, dimensions, vectors: vectors.made },
        rows,
        ratios: {
          search_file_over_memory: Number(rows[1]?.["file_over_memory"]),
          insert_file_over_memory: Number(rows[0]?.["file_over_memory"]),
          bytes_in_memory: inMemory.reader.bytesInUse / points,
          bytes_off_memory: inFile.reader.bytesInUse / points,
        },
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Both get all vectors, a group at a time; µs of processor time an insert, the middle of all groups. */
function insertInTurns(
  indexes: readonly [VectorIndex, VectorIndex],
  vector: (row: number) => Float32Array,
  points: number,
): [number, number] {
  const seconds: [number[], number[]] = [[], []];
  for (let from = 0; from < points; from += GROUP) {
    const group = Array.from({ length: Math.min(GROUP, points - from) }, (_, i) => vector(from + i));
    for (const [i, index] of indexes.entries()) {
      const began = cpuSeconds();
      for (const [at, values] of group.entries()) {
        const dot = { origin: 1, sequence: from + at + 1 };
        index.reader.show(index.apply(dot, values, index.plan(dot, values)));
      }
      seconds[i]?.push((cpuSeconds() - began) / group.length);
    }
  }
  return [median(seconds[0]) * 1e6, median(seconds[1]) * 1e6];
}
