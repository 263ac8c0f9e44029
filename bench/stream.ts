import { type Benchmark, type BenchRow, progressBar, wallSeconds } from "./harness.js";
import { integerBelow } from "./random.js";
import { startServer } from "./server-process.js";
import { ask, COLLECTION, countPoints, createCollection, load, queryBody, recallOver, upsert } from "./service/load.js";
import { inParallel, untilAtRest } from "./service/pace.js";
import { pointOf, shapeOf } from "./service/shapes.js";

const SHAPE = "fields";
const POINTS = 50_000;
const QUICK_POINTS = 4_000;
const ROUNDS = 10;
const BATCH = 250;
const WRITERS = 4;
const QUERIES = 300;
const EF = 64;
const VICTIM = 40;

/** Ids without `count` of them, chosen by chance; and those that were chosen. */
function split(ids: readonly number[], count: number, purpose: number): { kept: number[]; chosen: number[] } {
  const all = [...ids];
  for (let at = 0; at < count; at++) {
    const other = at + integerBelow(all.length - at, at, purpose);
    [all[at], all[other]] = [all[other] as number, all[at] as number];
  }
  return { chosen: all.slice(0, count), kept: all.slice(count) };
}

/** A collection that always changes: does what it finds, or what it holds, drift? */
export const streamBenchmark: Benchmark = {
  name: "stream",
  summary: "ten rounds of inserting, replacing and deleting a fifth: recall@10 and memory after each",
  async run({ quick, points = quick ? QUICK_POINTS : POINTS, server: cli }) {
    const shape = shapeOf(SHAPE);
    const fifth = Math.floor(points / 5);
    const server = await startServer({ cli });
    const rows: BenchRow[] = [];
    try {
      await createCollection(server, shape);
      await load(server, shape, 0, points);
      let ids = Array.from({ length: points }, (_, id) => id);
      let nextRow = points;
      const write = async (targets: readonly number[], rowOf: (at: number) => number): Promise<void> => {
        await inParallel(Math.ceil(targets.length / BATCH), WRITERS, async (batch) => {
          const part = targets.slice(batch * BATCH, (batch + 1) * BATCH);
          // a replaced point keeps its id and takes the vector and payload of another row
          await upsert(
            server,
            part.map((id, i) => ({ ...pointOf(shape, rowOf(batch * BATCH + i)), id })),
          );
        });
      };
      const look = async (round: number, seconds: number): Promise<void> => {
        const recall = await recallOver(server, shape, QUERIES, { ef: EF });
        await untilAtRest(server, 300);
        const settled = await recallOver(server, shape, QUERIES, { ef: EF });
        const start = wallSeconds();
        await inParallel(1_000, 2, async (at) => {
          await ask(server, queryBody(shape, at, { ef: EF }));
        });
        rows.push({
          round,
          points: await countPoints(server),
          recall,
          recall_at_rest: settled,
          query_ms: ((wallSeconds() - start) / 1_000) * 2_000,
          resident_mib: server.memory()?.residentMib ?? Number.NaN,
          seconds,
        });
      };
      await look(0, 0);
      const bar = progressBar("streaming", ROUNDS);
      for (let round = 1; round <= ROUNDS; round++) {
        const start = wallSeconds();
        const fresh = Array.from({ length: fifth }, (_, i) => nextRow + i);
        await write(fresh, (at) => fresh[at] as number);
        const replaced = split(ids, fifth, VICTIM + 2 * round).chosen;
        await write(replaced, (at) => nextRow + fifth + at);
        nextRow += 2 * fifth;
        const { kept, chosen } = split(ids, fifth, VICTIM + 2 * round + 1);
        await inParallel(Math.ceil(chosen.length / BATCH), WRITERS, async (batch) => {
          const body = { points: chosen.slice(batch * BATCH, (batch + 1) * BATCH) };
          await server.call("POST", `/collections/${COLLECTION}/points/delete?wait=true`, body);
        });
        ids = [...kept, ...fresh];
        await look(round, wallSeconds() - start);
        bar.step();
      }
      bar.stop();
    } finally {
      await server.stop();
    }
    const recalls = rows.map((row) => Number(row["recall"]));
    const resident = rows.map((row) => Number(row["resident_mib"]));
    // the first rounds fill what deleted points leave free: flat is what comes after
    const warm = resident[Math.min(3, resident.length - 1)] ?? Number.NaN;
    return {
      bench: "stream",
      params: { points, rounds: ROUNDS, fifth, ef: EF, queries: QUERIES, made: shape.vectors.made },
      rows,
      ratios: {
        recall_lost_in_points: 100 * ((recalls[0] ?? Number.NaN) - Math.min(...recalls)),
        resident_last_over_third_round: (resident.at(-1) ?? Number.NaN) / warm,
      },
    };
  },
};
