import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { benchFolder } from "./data.js";
import { CANDIDATES, type HybridDatabase, type HybridEntry, hybridDatabases } from "./databases/hybrid-database.js";
import { type GlossQuery, readGlosses } from "./glosses.js";
import { type Benchmark, type BenchRow, median, progressBar, quantile, say, wallSeconds } from "./harness.js";
import { startServer } from "./server-process.js";
import { emptyRequestMs } from "./service/bytes.js";
import { loadedFolder } from "./service/kept.js";
import { ask } from "./service/load.js";
import { untilAtRest } from "./service/pace.js";
import { BM25, GLOSSES } from "./service/shapes.js";

const POINTS = 100_000;
const QUICK_POINTS = 10_000;
const TIMED = 100;
const K = 10;
/** Shares of the documents that have the word of a filter. */
const SHARES = [0.1, 0.01, 0.001];
/** What is added to ranks: the peers' own; the dialect's is 2. */
const RANK_CONSTANT = 60;

type Search = (query: GlossQuery) => Promise<readonly number[]>;

/** A kind of search that is timed in turns with the others. */
interface Contestant {
  readonly what: string;
  readonly search: Search;
  /** The same search without its filter. */
  readonly unfiltered?: string;
  /** Id of the database that answers; ours where nothing is said. */
  readonly peer?: string;
}

/** The word that the share of the documents nearest to each wanted one has. */
function wordsByShare(texts: readonly string[]): readonly { readonly word: string; readonly share: number }[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of new Set(text.toLowerCase().match(/[a-z]+/g) ?? []))
      counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return SHARES.map((wanted) => {
    let best = { word: "", share: Number.POSITIVE_INFINITY };
    for (const [word, count] of counts) {
      const share = count / texts.length;
      if (Math.abs(share - wanted) < Math.abs(best.share - wanted)) best = { word, share };
    }
    return best;
  });
}

async function openPeer(database: HybridDatabase, dimensions: number, entries: Iterable<HybridEntry>, points: number) {
  const folder = join(benchFolder, "databases", `${database.id}-${GLOSSES}-${points}`);
  if (!existsSync(folder)) {
    say(`loading ${points} documents into ${database.name}`);
    mkdirSync(join(benchFolder, "databases"), { recursive: true });
    try {
      await database.load(folder, dimensions, entries);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }
  return database.open(folder);
}

const dense = ({ vector }: GlossQuery) => ({ query: vector, using: "meaning" });
const lexical = (text: string) => ({ query: { text, model: BM25 }, using: "words" });
const textFilter = (word: string) => ({ must: [{ key: "text", match: { text: word } }] });

function fused(query: GlossQuery, more: object = {}): object {
  const prefetch = [dense(query), lexical(query.text)].map((source) => ({ ...source, limit: CANDIDATES }));
  return { prefetch, query: { rrf: { k: RANK_CONSTANT } }, limit: K, ...more };
}

/** Hybrid search of real documents over HTTP, beside two databases in the process that asks, and text filters beside a search without. */
export const hybridBenchmark: Benchmark = {
  name: "hybrid",
  summary:
    "bm25, dense and both fused by rrf over HTTP, text filters; beside LanceDB and Zvec in this process (--only ours)",
  async run({ quick, points = quick ? QUICK_POINTS : POINTS, only, server: cli }) {
    const glosses = readGlosses();
    const rounds = quick ? 3 : 7;
    const { path } = await loadedFolder(GLOSSES, points, cli);
    const server = await startServer({ folder: path, cli });
    const closing: (() => unknown)[] = [() => server.stop()];
    try {
      await untilAtRest(server, 300);
      const texts = glosses.texts.slice(0, points);
      const queries = glosses.queries.filter(({ wanted }) => wanted < points);
      const [search, fusion] = ["dense", "rrf of both"];
      const contestants: Contestant[] = [
        { what: search, search: (query) => ask(server, { ...dense(query), limit: K }) },
        { what: "bm25", search: ({ text }) => ask(server, { ...lexical(text), limit: K }) },
        { what: fusion, search: (query) => ask(server, fused(query)) },
        { what: "the same as by default", search: (query) => ask(server, fused(query, { query: { fusion: "rrf" } })) },
      ];
      const words = wordsByShare(texts);
      for (const { word, share } of words) {
        const body = (query: GlossQuery) => ({ ...dense(query), limit: K, filter: textFilter(word) });
        const what = `dense, text filter of ${(100 * share).toFixed(2)} %`;
        contestants.push({ what, search: (query) => ask(server, body(query)), unfiltered: search });
      }
      const { word } = words[0] ?? { word: "" };
      contestants.push({
        what: "rrf of both, text filter of the first",
        search: (query) => ask(server, fused(query, { filter: textFilter(word) })),
        unfiltered: fusion,
      });
      if (only === undefined) {
        const entries = texts.map((text, id) => ({ id, vector: glosses.vector(id), text }));
        for (const database of hybridDatabases) {
          const { search: asked, close } = await openPeer(database, glosses.dimensions, entries, points);
          closing.push(close);
          contestants.push({ what: `${database.name}, rrf of both`, search: asked, peer: database.id });
        }
      }
      const times = contestants.map((): number[] => []);
      const processor = contestants.map((): number[] => []);
      const bar = progressBar("asking", rounds * contestants.length);
      for (let round = 0; round <= rounds; round++) {
        for (const [i, contestant] of contestants.entries()) {
          const cpu = server.processCpuSeconds() ?? Number.NaN;
          const some: number[] = [];
          for (let at = 0; at < TIMED; at++) {
            const query = queries[(round * TIMED + at) % queries.length] as GlossQuery;
            const start = wallSeconds();
            await contestant.search(query);
            some.push((wallSeconds() - start) * 1_000);
          }
          // the first round warms up
          if (round === 0) continue;
          times[i]?.push(...some);
          processor[i]?.push((((server.processCpuSeconds() ?? Number.NaN) - cpu) / TIMED) * 1_000);
          bar.step();
        }
      }
      bar.stop();
      const emptyMs = await emptyRequestMs(server.address);
      const p50Of = (what: string | undefined): number =>
        quantile(times[contestants.findIndex((contestant) => contestant.what === what)] ?? [], 0.5);
      /** In how many of all questions the document that is wanted is among the 10 found. */
      const qualityOf = async (asked: Search): Promise<number> => {
        let found = 0;
        for (const query of queries) if ((await asked(query)).includes(query.wanted)) found++;
        return found / queries.length;
      };
      const rows: BenchRow[] = [];
      for (const [i, { what, search: asked, unfiltered, peer }] of contestants.entries()) {
        rows.push({
          search: what,
          p50_ms: p50Of(what),
          p99_ms: quantile(times[i] ?? [], 0.99),
          ...(peer === undefined ? { server_cpu_ms: median(processor[i] ?? []) } : {}),
          ...(unfiltered === undefined
            ? { wanted_in_10: await qualityOf(asked) }
            : { over_unfiltered: p50Of(what) / p50Of(unfiltered) }),
        });
      }
      const wantedIn10 = (what: string): number => Number(rows.find((row) => row["search"] === what)?.["wanted_in_10"]);
      const textFilters = contestants.filter(({ unfiltered }) => unfiltered !== undefined);
      return {
        bench: "hybrid",
        params: {
          documents: points,
          queries: queries.length,
          k: K,
          candidates_each: CANDIDATES,
          rank_constant: RANK_CONSTANT,
          rounds,
          clock: "wall",
          // what of our times is the way through HTTP, which the peers do not take
          empty_request_ms: Math.round(emptyMs * 1_000) / 1_000,
          made: glosses.made,
        },
        rows,
        ratios: {
          hybrid_p50_ms: p50Of(fusion),
          text_filter_over_unfiltered_max: Math.max(
            ...textFilters.map(({ what, unfiltered }) => p50Of(what) / p50Of(unfiltered)),
          ),
          ...Object.fromEntries(
            contestants.flatMap(({ what, peer }) =>
              peer === undefined
                ? []
                : [
                    [`p50_of_${peer}_over_ours`, p50Of(what) / p50Of(fusion)],
                    [`wanted_in_10_over_${peer}`, wantedIn10(fusion) / wantedIn10(what)],
                  ],
            ),
          ),
        },
      };
    } finally {
      for (const close of closing) await close();
    }
  },
};
