import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SqliteOpLog } from "@murmuration/core";
import { benchFolder } from "./data.js";
import { type Benchmark, type BenchRow, progressBar, quantile, wallSeconds } from "./harness.js";

const SHARD = "words/0";
const ORIGIN = 1;
/** About an upsert of 100 dimensions with its delta and a small payload. */
const OPERATION_BYTES = 605;
const POINT_STATE_BYTES = 32;
const WARM_UP_COMMITS = 20;

/** How fast the log makes operations durable, by the number that share a flush, and how fast it reads them back. */
export const oplogBenchmark: Benchmark = {
  name: "oplog",
  summary: "durable appends per second to the operation log, by group size, and reading it back",
  run({ quick }) {
    mkdirSync(benchFolder, { recursive: true });
    const folder = mkdtempSync(join(benchFolder, "oplog-"));
    const log = new SqliteOpLog(join(folder, "log.sqlite"));
    const operation = Uint8Array.from({ length: OPERATION_BYTES }, (_, i) => (i * 151) & 0xff);
    const state = operation.slice(0, POINT_STATE_BYTES);
    const secondsPerSize = quick ? 3 : 10;
    const sizes = [1, 10, 100];
    let sequence = 0;
    const commit = (size: number): void =>
      log.transaction((writer) => {
        for (let i = 0; i < size; i++) {
          sequence++;
          writer.append(SHARD, ORIGIN, sequence, operation);
          writer.putPoint(SHARD, sequence, state);
        }
      });
    try {
      const progress = progressBar("appending", sizes.length);
      const rows: BenchRow[] = sizes.map((size) => {
        for (let i = 0; i < WARM_UP_COMMITS; i++) commit(size);
        const commitsMs: number[] = [];
        const end = wallSeconds() + secondsPerSize;
        while (wallSeconds() < end) {
          const start = wallSeconds();
          commit(size);
          commitsMs.push((wallSeconds() - start) * 1000);
        }
        progress.step();
        const totalMs = commitsMs.reduce((sum, ms) => sum + ms, 0);
        return {
          what: `append, ${size} a commit`,
          operations_per_s: (commitsMs.length * size * 1000) / totalMs,
          commit_p50_ms: quantile(commitsMs, 0.5),
          commit_p99_ms: quantile(commitsMs, 0.99),
        };
      });
      progress.stop();
      const start = wallSeconds();
      let read = 0;
      for (const { bytes } of log.read(0)) read += bytes.length > 0 ? 1 : 0;
      if (read !== sequence) throw new Error(`${read} of ${sequence} operations were read back`);
      const replay = { what: "read back", operations_per_s: read / (wallSeconds() - start) };
      return {
        bench: "oplog",
        params: { operationBytes: OPERATION_BYTES, durability: "flush at every commit", clock: "wall" },
        rows: [...rows, replay],
        ratios: {},
      };
    } finally {
      log.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
