import { type GraphReader, RowSet } from "@murmuration/index";
import { readBenchData } from "./data.js";
import { type Benchmark, interleave, median } from "./harness.js";
import { type MurmurationIndex, murmuration } from "./peers/murmuration.js";
import { openIndex, PARAMETERS } from "./saved-index.js";

const K = 10;
const QUERY_COUNT = 200;
const SHARES = [0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.001];
/** Search widths whose difference in time is the price of a candidate. */
const NARROW = 128;
const WIDE = 512;

/** A multiplicative hash of a slot as a number from 0 to 1: the same choice in every run. */
function fractionOf(slot: number): number {
  return (Math.imul(slot + 1, 0x9e3779b1) >>> 0) / 2 ** 32;
}

/** Every slot by chance. */
function byChance(graph: GraphReader, share: number): RowSet {
  const allowed = new RowSet();
  for (let slot = 0; slot < graph.slotCount; slot++) if (fractionOf(slot) < share) allowed.add(slot);
  return allowed;
}

/** Those that lie nearest to one vector, or farthest from it: filters that go with position. */
function byDistance(graph: GraphReader, share: number, order: "nearest" | "farthest", from: Float32Array): RowSet {
  const slots = Array.from({ length: graph.slotCount }, (_, slot) => slot);
  const distances = graph.distancesTo(from, slots);
  const sign = order === "nearest" ? 1 : -1;
  slots.sort((a, b) => sign * ((distances[a] ?? 0) - (distances[b] ?? 0)) || a - b);
  return new RowSet(slots.slice(0, Math.round(share * slots.length)));
}

/** Searches under filters of all widths: what they cost and what they find, against exact search under the same filter. */
export const filterGraphBenchmark: Benchmark = {
  name: "filter-graph",
  summary:
    "in the graph alone: filtered search against exact search under the same filter, by share of matching vectors",
  run({ quick }) {
    const data = readBenchData();
    const [int8] = murmuration;
    if (int8 === undefined) throw new Error("our engine is a contestant");
    const graph = (openIndex(int8, data) as MurmurationIndex).reader;
    const queries = data.queries.slice(0, QUERY_COUNT);
    const rounds = quick ? 3 : 7;
    const filters = SHARES.flatMap((share) => [
      { share, matching: "by chance", allowed: byChance(graph, share) },
      ...(share > 0.2
        ? []
        : (["nearest", "farthest"] as const).map((order) => ({
            share,
            matching: `${order} to one query`,
            allowed: byDistance(graph, share, order, queries[0] ?? new Float32Array(data.dimensions)),
          }))),
    ]);
    const ask = (options: { allowed?: RowSet; exact?: boolean; efSearch?: number }) => () => {
      for (const query of queries) graph.search(query, { limit: K, ...options });
    };
    const contestants = [
      { name: "narrow", run: ask({ efSearch: NARROW }) },
      { name: "wide", run: ask({ efSearch: WIDE }) },
      { name: "exact", run: ask({ exact: true }) },
      ...filters.flatMap(({ allowed }) => [
        { name: "search", run: ask({ allowed }) },
        { name: "exact", run: ask({ allowed, exact: true }) },
      ]),
    ];
    const seconds = interleave(
      contestants.map((contestant) => ({ ...contestant, warmUp: () => undefined })),
      rounds,
      "filtering",
    );
    const usOf = (i: number): number => (median(seconds[i] ?? []) / QUERY_COUNT) * 1e6;
    const comparisonUs = usOf(2) / data.baseCount;
    const rows = filters.map(({ share, matching, allowed }, i) => {
      let found = 0;
      for (const query of queries) {
        const wanted = new Set(graph.search(query, { limit: K, allowed, exact: true }).slots);
        for (const slot of graph.search(query, { limit: K, allowed }).slots) if (wanted.has(slot)) found++;
      }
      return {
        share,
        matching,
        search_us: usOf(3 + 2 * i),
        exact_us: usOf(4 + 2 * i),
        recall: (found / (QUERY_COUNT * Math.min(K, allowed.size))).toFixed(4),
      };
    });
    return {
      bench: "filter-graph",
      params: {
        vectors: data.baseCount,
        queries: QUERY_COUNT,
        k: K,
        ...PARAMETERS,
        rounds,
        clock: "cpu",
        source: data.source,
      },
      rows,
      ratios: {
        comparisons_per_candidate: (usOf(1) - usOf(0)) / (WIDE - NARROW) / comparisonUs,
        recall_min: Math.min(...rows.map((row) => Number(row.recall))),
        cost_against_exact_max: Math.max(...rows.map((row) => row.search_us / row.exact_us)),
      },
    };
  },
};
