import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { benchFolder } from "./data.js";
import type { Condition, Database, Entry, OpenDatabase } from "./databases/database.js";
import { lance } from "./databases/lancedb.js";
import { zvec } from "./databases/zvec.js";
import { type Benchmark, type BenchRow, median, progressBar, say, wallSeconds } from "./harness.js";
import { startServer } from "./server-process.js";
import { emptyRequestMs } from "./service/bytes.js";
import { loadedFolder } from "./service/kept.js";
import { ask, queryBody } from "./service/load.js";
import { untilAtRest } from "./service/pace.js";
import { type Shape, shapeOf } from "./service/shapes.js";

const SHAPE = "fields";
const POINTS = 100_000;
const QUICK_POINTS = 10_000;
const QUERIES = 100;
const K = 10;
const RECALL_WANTED = 0.95;
/** Candidates kept during a search: each database takes the fewest that find enough without a filter. */
const EF_LADDER = [32, 48, 64, 96, 128, 192, 256, 384];
const PEERS = [lance, zvec];

const is = (field: string): Condition => ({ field, value: `${field}-0` });

/** Filters by how much of the points they let through. */
function filtersOf(points: number): readonly { readonly what: string; readonly conditions: readonly Condition[] }[] {
  return [
    { what: "none", conditions: [] },
    { what: "50 %", conditions: [is("half")] },
    { what: "10 %", conditions: [is("tenth")] },
    { what: "1 %", conditions: [is("hundredth")] },
    { what: "0.1 %", conditions: [is("thousandth")] },
    { what: "10 % and 50 % (5 %)", conditions: [is("tenth"), is("half")] },
    { what: "50 % and a range of 20 % (10 %)", conditions: [is("half"), { field: "n", below: points / 5 }] },
  ];
}

function restFilter(conditions: readonly Condition[]): object {
  return {
    must: conditions.map((condition) =>
      "value" in condition
        ? { key: condition.field, match: { value: condition.value } }
        : { key: condition.field, range: { lt: condition.below } },
    ),
  };
}

function* entriesOf(shape: Shape, points: number): Generator<Entry> {
  const bar = progressBar("loading", points);
  for (let id = 0; id < points; id++) {
    yield { id, vector: shape.vectors.vector(id), payload: shape.payload(id) };
    bar.step();
  }
  bar.stop();
}

/** A peer's database over the points, loaded when it is not there. */
async function openPeer(database: Database, shape: Shape, points: number): Promise<OpenDatabase> {
  const folder = join(benchFolder, "databases", `${database.id}-${points}`);
  if (!existsSync(folder)) {
    say(`loading ${points} points into ${database.name}`);
    mkdirSync(join(benchFolder, "databases"), { recursive: true });
    try {
      await database.load(folder, shape.vectors.dimensions, entriesOf(shape, points));
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }
  return database.open(folder);
}

interface Contestant extends OpenDatabase {
  readonly name: string;
}

/** Filtered searches of the server, over HTTP, beside two databases that run in the process which asks. */
export const filterBenchmark: Benchmark = {
  name: "filter",
  summary:
    "filtered search over HTTP by share of matching points, beside LanceDB and Zvec in this process (--only ours)",
  async run({ quick, points = quick ? QUICK_POINTS : POINTS, only, server: cli }) {
    const shape = shapeOf(SHAPE);
    const rounds = quick ? 3 : 5;
    const { path } = await loadedFolder(SHAPE, points, cli);
    const server = await startServer({ folder: path, cli });
    const queries = Array.from({ length: QUERIES }, (_, at) => shape.vectors.query(at));
    const filters = filtersOf(points);
    const contestants: Contestant[] = [];
    try {
      contestants.push({
        name: "murmuration over HTTP",
        search: (vector, conditions, ef) =>
          ask(server, {
            query: Array.from(vector),
            limit: K,
            params: { hnsw_ef: ef },
            ...(conditions.length === 0 ? {} : { filter: restFilter(conditions) }),
          }),
        close: () => server.stop(),
      });
      if (only === undefined) {
        for (const peer of PEERS) contestants.push({ name: peer.name, ...(await openPeer(peer, shape, points)) });
      }
      await untilAtRest(server, 300);
      say("searching exactly");
      const truths: (readonly number[])[][] = [];
      for (const { conditions } of filters) {
        const ofFilter: (readonly number[])[] = [];
        for (let at = 0; at < QUERIES; at++) {
          const filter = conditions.length === 0 ? {} : { filter: restFilter(conditions) };
          ofFilter.push(await ask(server, queryBody(shape, at, { exact: true, ...filter })));
        }
        truths.push(ofFilter);
      }
      const recallOf = async (contestant: Contestant, filter: number, ef: number): Promise<number> => {
        let [hits, wanted] = [0, 0];
        for (const [at, vector] of queries.entries()) {
          const truth = truths[filter]?.[at] ?? [];
          const found = await contestant.search(vector, filters[filter]?.conditions ?? [], ef);
          hits += found.filter((id) => truth.includes(id)).length;
          wanted += truth.length;
        }
        return hits / wanted;
      };
      const widths: number[] = [];
      for (const contestant of contestants) {
        let width = EF_LADDER[0] ?? K;
        for (width of EF_LADDER) if ((await recallOf(contestant, 0, width)) >= RECALL_WANTED) break;
        widths.push(width);
      }
      const bar = progressBar("filtering", rounds * filters.length);
      const times = contestants.map(() => filters.map((): number[] => []));
      for (let round = 0; round < rounds; round++) {
        for (const [filter, { conditions }] of filters.entries()) {
          for (const [i, contestant] of contestants.entries()) {
            const start = wallSeconds();
            for (const vector of queries) await contestant.search(vector, conditions, widths[i] ?? K);
            times[i]?.[filter]?.push(((wallSeconds() - start) / QUERIES) * 1_000);
          }
          bar.step();
        }
      }
      bar.stop();
      const emptyMs = await emptyRequestMs(server.address);
      const rows: BenchRow[] = [];
      for (const [i, { name }] of contestants.entries()) {
        const unfiltered = median(times[i]?.[0] ?? []);
        for (const [filter, { what }] of filters.entries()) {
          const ms = median(times[i]?.[filter] ?? []);
          rows.push({
            database: name,
            matching: what,
            ef: widths[i] ?? K,
            recall: await recallOf(contestants[i] as Contestant, filter, widths[i] ?? K),
            ms,
            over_unfiltered: ms / unfiltered,
          });
        }
      }
      const ours = rows.slice(1, filters.length);
      const slowest = (of: readonly BenchRow[]): number => Math.max(...of.map((row) => Number(row["ms"])));
      return {
        bench: "filter",
        params: {
          points,
          queries: QUERIES,
          k: K,
          rounds,
          clock: "wall",
          // what of our times is the way through HTTP, which the peers do not take
          empty_request_ms: Math.round(emptyMs * 1_000) / 1_000,
          made: shape.vectors.made,
        },
        rows,
        ratios: {
          recall_min: Math.min(...ours.map((row) => Number(row["recall"]))),
          over_unfiltered_max: Math.max(...ours.map((row) => Number(row["over_unfiltered"]))),
          ...Object.fromEntries(
            contestants.slice(1).map((_, i) => {
              const theirs = rows.slice((i + 1) * filters.length + 1, (i + 2) * filters.length);
              return [`slowest_filter_of_${PEERS[i]?.id}_over_ours`, slowest(theirs) / slowest(ours)];
            }),
          ),
        },
      };
    } finally {
      if (contestants.length === 0) await server.stop();
      for (const contestant of contestants) await contestant.close();
    }
  },
};
