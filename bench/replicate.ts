import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { decodeOperation, SqliteOpLog } from "@murmuration/core";
import { bytesOfVector } from "@murmuration/index";
import { benchFolder, readBenchData } from "./data.js";
import { type Benchmark, median, wallSeconds } from "./harness.js";
import { ReplicaGroup } from "./replicas/group.js";

const LAG = 100;
/** What is timed, in so many parts: of one alone a checkpoint of SQLite would be half. */
const ROUNDS = 5;

/** What a replica spends on what another one wrote: log, decoding, projection and graph included. */
export const replicateBenchmark: Benchmark = {
  name: "replicate",
  summary: "applying another replica's upserts, durable, against writing them; catching up; bytes of edge deltas",
  run({ quick }) {
    const { base, dimensions, source } = readBenchData();
    const count = quick ? 30_000 : 100_000;
    const timed = quick ? 5_000 : 25_000;
    const part = timed / ROUNDS;
    mkdirSync(benchFolder, { recursive: true });
    const folder = mkdtempSync(join(benchFolder, "replicate-"));
    const logs: SqliteOpLog[] = [];
    try {
      const group = new ReplicaGroup(2, dimensions, (id) => {
        const log = new SqliteOpLog(join(folder, `${id}.sqlite`));
        logs.push(log);
        return log;
      });
      const point = (id: number) => ({ id, vector: base.slice(id * dimensions, (id + 1) * dimensions) });
      const write = (from: number, to: number) =>
        group.upsert(
          0,
          Array.from({ length: to - from }, (_, i) => point(from + i)),
        );
      write(0, count - timed);
      const beforeCatchUp = wallSeconds();
      group.exchange();
      const catchUpSeconds = wallSeconds() - beforeCatchUp;
      const [inserting, applying]: [number[], number[]] = [[], []];
      for (let from = count - timed; from < count; from += part) {
        const beforeInsert = wallSeconds();
        write(from, from + part);
        inserting.push(wallSeconds() - beforeInsert);
        const beforeApply = wallSeconds();
        group.exchange();
        applying.push(wallSeconds() - beforeApply);
      }
      const [insertSeconds, applySeconds] = [median(inserting), median(applying)];
      group.requireEqual();

      // deltas while both write, a hundred operations apart
      const lagged = new ReplicaGroup(2, dimensions);
      const rows = quick ? 6_000 : 20_000;
      for (let from = 0; from < rows; from += 2 * LAG) {
        for (let at = 0; at < 2; at++) {
          lagged.upsert(
            at,
            Array.from({ length: LAG }, (_, i) => point(from + at * LAG + i)),
          );
        }
        lagged.exchange();
      }
      let [deltaBytes, besides, inserts] = [0, 0, 0];
      const shard = lagged.shard(0);
      for (const entry of lagged.log(0).read(0, { shard: shard.id })) {
        const operation = decodeOperation(entry.shard, entry.origin, entry.sequence, entry.bytes);
        if (operation.kind !== "upsert") continue;
        for (const vector of operation.vectors) {
          inserts++;
          deltaBytes += vector.delta.byteLength;
          besides += entry.bytes.byteLength - bytesOfVector(vector.values);
        }
      }
      return {
        bench: "replicate",
        params: { vectors: count, timed, dimensions, rounds: ROUNDS, lag: LAG, clock: "wall", source },
        rows: [
          {
            operation: "write an upsert (plan, log, apply; 100 to a flush)",
            us: (insertSeconds / part) * 1e6,
          },
          { operation: "take over an upsert (decode, log, apply)", us: (applySeconds / part) * 1e6 },
          { operation: "operation without its vector, at lag 100", bytes: besides / inserts },
        ],
        ratios: {
          apply_vs_insert: insertSeconds / applySeconds,
          catch_up_ops_per_s: (count - timed) / catchUpSeconds,
          delta_bytes_per_insert: deltaBytes / inserts,
        },
      };
    } finally {
      for (const log of logs) log.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
