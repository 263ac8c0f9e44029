import { MemoryOpLog, type PointInput, ReadsHere, Replica } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { PlannerPool } from "@murmuration/server";
import { readBenchData } from "./data.js";
import { type Benchmark, interleave, median, wallSeconds } from "./harness.js";
import { recallOf } from "./recall.js";
import { PARAMETERS } from "./saved-index.js";

const COUNT = 60_000;
const QUICK_COUNT = 20_000;
/** Points of one command, and inserted per round. */
const BATCH = 100;
const TIMED = 2_000;
const K = 10;
const EF = 64;

/** What more planners make of one command's inserts: time, and recall of the graph. */
export const plannersBenchmark: Benchmark = {
  name: "planners",
  summary:
    "inserting in batches of 100 with one planner and with two, in this process, without a disk; recall of both graphs",
  run({ quick }) {
    const { base, dimensions, queries, source } = readBenchData();
    const count = quick ? QUICK_COUNT : COUNT;
    const rounds = quick ? 5 : 9;
    const first = count - rounds * TIMED;
    const pool = new PlannerPool({ planners: 2, tell: (what, why) => process.stderr.write(`${what}: ${why}\n`) });
    const { M: links, efConstruction } = PARAMETERS;

    function contestant(name: string, planner: PlannerPool | undefined) {
      const replica = Replica.open({
        log: new MemoryOpLog(),
        clock: { now: () => Date.now() },
        newReplicaId: () => 1,
        newTableSeed: () => [1, 2],
        ...(planner === undefined ? {} : { planner }),
      });
      const execute = (command: Parameters<Replica["execute"]>[0][number]) => {
        const [outcome] = replica.execute([command]).outcomes;
        if (outcome instanceof MurmurationError) throw outcome;
      };
      const space = { size: dimensions, distance: "Cosine", links, efConstruction, quantization: "int8" } as const;
      execute({ kind: "create-collection", name: "c", vectors: { "": space }, settings: {} });
      let next = 0;
      const insertUpTo = (end: number) => {
        for (; next < end; next += BATCH) {
          const points = Array.from({ length: BATCH }, (_, i): PointInput => {
            const row = next + i;
            return { id: row, vectors: { "": base.slice(row * dimensions, (row + 1) * dimensions) }, payload: {} };
          });
          execute({ kind: "upsert-points", collection: "c", points, mode: "upsert" });
        }
      };
      return {
        name,
        warmUp: () => insertUpTo(Math.max(first, next)),
        run: () => insertUpTo(next + TIMED),
        recall(): number {
          const reads = new ReadsHere(replica, "c");
          const ask = (query: Float32Array, parameters: { exact: boolean } | { efSearch: number }) =>
            reads
              .nearest({
                query,
                using: "",
                limit: K,
                offset: 0,
                parameters,
                selection: { payload: false, vectors: false },
              })
              .map(({ id }) => Number(id));
          let sum = 0;
          for (const query of queries) {
            const truth = Uint32Array.from(ask(query, { exact: true }));
            sum += recallOf(ask(query, { efSearch: EF }), { queries, truth, truthCount: K }, 0, K);
          }
          return sum / queries.length;
        },
      };
    }

    const contestants = [contestant("one", undefined), contestant("two", pool)];
    const seconds = interleave(contestants, rounds, "inserting", wallSeconds);
    const recalls = contestants.map((one) => one.recall());
    pool.close();
    const [one = [], two = []] = seconds;
    return {
      bench: "planners",
      params: { vectors: count, timed: TIMED, batch: BATCH, dimensions, ...PARAMETERS, rounds, clock: "wall", source },
      rows: contestants.map(({ name }, i) => ({
        planners: name,
        insert_us: (median(seconds[i] ?? []) / TIMED) * 1e6,
        recall_at_10: recalls[i] ?? Number.NaN,
      })),
      ratios: {
        two_over_one: median(one.map((own, round) => own / (two[round] ?? Number.NaN))),
        recall_difference: (recalls[1] ?? Number.NaN) - (recalls[0] ?? Number.NaN),
      },
    };
  },
};
