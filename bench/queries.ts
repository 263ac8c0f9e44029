import { type Benchmark, median, progressBar, wallSeconds } from "./harness.js";
import { startServer } from "./server-process.js";
import { bytesOf } from "./service/bytes.js";
import { loadedFolder } from "./service/kept.js";
import { COLLECTION, queryBody } from "./service/load.js";
import { untilAtRest } from "./service/pace.js";
import { type Shape, shapeOf } from "./service/shapes.js";

const SHAPE = "fields";
const POINTS = 100_000;
const QUICK_POINTS = 10_000;
const REQUESTS = 100;
const K = 10;
const GROUP_SIZE = 3;

/** A kind of request, the next one of each round another. */
interface Asked {
  readonly what: string;
  readonly path: string;
  readonly body: (at: number) => object;
}

const is = (key: string, at: number) => ({ key, match: { value: `${key}-${at % 2}` } });

function requestsOf(shape: Shape): readonly Asked[] {
  const vectorAt = (at: number) => Array.from(shape.vectors.query(at % REQUESTS));
  const nearest = (at: number) => ({ query: vectorAt(at), limit: 50 });
  const groups = (key: string) => (at: number) => ({
    query: vectorAt(at),
    limit: K,
    group_by: key,
    group_size: GROUP_SIZE,
  });
  const pair = (at: number) => ({ positive: at, negative: at + 1 });
  const query = (what: string, body: (at: number) => object): Asked => ({ what, path: "points/query", body });
  return [
    query("plain search", (at) => queryBody(shape, at % REQUESTS, {})),
    { what: "groups of 10 by 3, 100 values", path: "points/query/groups", body: groups("hundredth") },
    { what: "groups of 10 by 3, 10 values", path: "points/query/groups", body: groups("tenth") },
    { what: "facet of 10 values", path: "facet", body: () => ({ key: "tenth" }) },
    { what: "facet of 1,000 values", path: "facet", body: () => ({ key: "thousandth" }) },
    {
      what: "exact count, two conditions",
      path: "points/count",
      body: (at) => ({ filter: { must: [is("tenth", at), is("half", at >> 1)] }, exact: true }),
    },
    query("rrf of two searches of 50", (at) => ({
      prefetch: [nearest(at), nearest(at + 1)],
      query: { fusion: "rrf" },
      limit: K,
    })),
    query("recommend, best score of 4", (at) => ({
      query: { recommend: { positive: [at, at + 1, at + 2], negative: [at + 3], strategy: "best_score" } },
      limit: K,
    })),
    query("discover, 2 pairs", (at) => ({
      query: { discover: { target: at, context: [pair(at + 1), pair(at + 3)] } },
      limit: K,
    })),
    query("mmr of 100", (at) => ({
      query: { nearest: vectorAt(at), mmr: { diversity: 0.5, candidates_limit: 100 } },
      limit: K,
    })),
    query("order by a number", () => ({ query: { order_by: "n" }, limit: K })),
    query("sample", () => ({ query: { sample: "random" }, limit: K })),
  ];
}

/** What each kind of query takes over HTTP, beside a plain search. */
export const queriesBenchmark: Benchmark = {
  name: "queries",
  summary: "groups, facets, counts, fusion and queries by examples over HTTP, beside a plain search",
  async run({ quick, points = quick ? QUICK_POINTS : POINTS, server: cli }) {
    const shape = shapeOf(SHAPE);
    const rounds = quick ? 3 : 7;
    const { path } = await loadedFolder(SHAPE, points, cli);
    const server = await startServer({ folder: path, cli });
    try {
      await untilAtRest(server, 300);
      const asked = requestsOf(shape);
      const bar = progressBar("asking", rounds * asked.length);
      const times = asked.map((): number[] => []);
      const processor = asked.map((): number[] => []);
      let at = 0;
      for (let round = 0; round <= rounds; round++) {
        for (const [i, { path: route, body }] of asked.entries()) {
          const bodies = Array.from({ length: REQUESTS }, () => JSON.stringify(body(at++ % (points - 8))));
          const cpu = server.processCpuSeconds() ?? Number.NaN;
          const some: number[] = [];
          for (const text of bodies) {
            const start = wallSeconds();
            const { status } = await bytesOf(server.address, "POST", `/collections/${COLLECTION}/${route}`, text);
            if (status !== 200) throw new Error(`${route} answered ${status}: ${text}`);
            some.push((wallSeconds() - start) * 1_000);
          }
          // the first round warms up
          if (round === 0) continue;
          times[i]?.push(median(some));
          processor[i]?.push((((server.processCpuSeconds() ?? Number.NaN) - cpu) / REQUESTS) * 1_000);
          bar.step();
        }
      }
      bar.stop();
      const least = (values: readonly number[] | undefined) => Math.min(...(values ?? [Number.NaN]));
      const [search = Number.NaN, searchCpu = Number.NaN] = [least(times[0]), least(processor[0])];
      const rows = asked.map(({ what }, i) => ({
        query: what,
        p50_ms: least(times[i]),
        cpu_ms: least(processor[i]),
        over_search: least(times[i]) / search,
        cpu_over_search: least(processor[i]) / searchCpu,
      }));
      const timeOf = (what: string) => Number(rows.find(({ query }) => query === what)?.p50_ms);
      return {
        bench: "queries",
        params: {
          points,
          requests: REQUESTS,
          rounds,
          clock: "wall, least of the rounds' medians",
          made: shape.vectors.made,
        },
        rows,
        ratios: {
          groups_over_search: timeOf("groups of 10 by 3, 100 values") / search,
          facet_ms: timeOf("facet of 10 values"),
          count_ms: timeOf("exact count, two conditions"),
        },
      };
    } finally {
      await server.stop();
    }
  },
};
