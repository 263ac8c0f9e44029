import { type Benchmark, type BenchRow, progressBar, wallSeconds } from "./harness.js";
import { integerBelow } from "./random.js";
import { type ServerProcess, startServer } from "./server-process.js";
import { ask, COLLECTION, countPoints, createCollection, load, queryBody, recallOver, upsert } from "./service/load.js";
import { inParallel, untilAtRest } from "./service/pace.js";
import { pointOf, type Shape, shapeOf } from "./service/shapes.js";

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

/** Recall of a collection that was given its points once: rows differ in how well they are found, so that the first round is no measure of the last one. */
async function recallOfFresh(
  shape: Shape,
  cli: string | undefined,
  write: (server: ServerProcess) => Promise<void>,
): Promise<number> {
  const server = await startServer({ cli });
  try {
    await createCollection(server, shape);
    await write(server);
    return await recallOver(server, shape, QUERIES, { ef: EF });
  } finally {
    await server.stop();
  }
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
    /** By id, the row whose vector and payload a point has. */
    const rowOf = new Map(Array.from({ length: points }, (_, id) => [id, id]));
    let ids = [...rowOf.keys()];
    const write = async (to: ServerProcess, targets: readonly number[]): Promise<void> => {
      await inParallel(Math.ceil(targets.length / BATCH), WRITERS, async (batch) => {
        const part = targets.slice(batch * BATCH, (batch + 1) * BATCH);
        await upsert(
          to,
          part.map((id) => ({ ...pointOf(shape, rowOf.get(id) ?? id), id })),
        );
      });
    };
    try {
      await createCollection(server, shape);
      await load(server, shape, 0, points);
      let nextRow = points;
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
        for (const id of fresh) rowOf.set(id, id);
        await write(server, fresh);
        // a replaced point keeps its id and takes the vector and payload of another row
        const replaced = split(ids, fifth, VICTIM + 2 * round).chosen;
        for (const [at, id] of replaced.entries()) rowOf.set(id, nextRow + fifth + at);
        await write(server, replaced);
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
    const fresh = await recallOfFresh(shape, cli, (other) => write(other, ids));
    const last = rows.at(-1);
    const resident = rows.map((row) => Number(row["resident_mib"]));
    // the first rounds fill what deleted points leave free: flat is what comes after
    const warm = resident[Math.min(3, resident.length - 1)] ?? Number.NaN;
    return {
      bench: "stream",
      params: { points, rounds: ROUNDS, fifth, ef: EF, queries: QUERIES, made: shape.vectors.made },
      rows,
      ratios: {
        recall_of_fresh: fresh,
        recall_lost_in_points: 100 * (fresh - Number(last?.["recall"])),
        recall_lost_at_rest_in_points: 100 * (fresh - Number(last?.["recall_at_rest"])),
        resident_last_over_third_round: (resident.at(-1) ?? Number.NaN) / warm,
      },
    };
  },
};
