import type { BenchData } from "./data.js";
import { type BenchRow, median, progressBar, wallSeconds } from "./harness.js";
import { rawPost, sendAll } from "./raw-client.js";
import { type ServerProcess, startBareServer } from "./server-process.js";

const K = 10;
const CONNECTIONS = 8;
const RECALL_WANTED = 0.95;
/** Candidates kept during a search, the fewest first. */
const EF_LADDER = [32, 40, 48, 56, 64, 80, 96, 128];
const PATH = "/collections/words/points/query";

interface Measured {
  readonly perSecond: number;
  readonly cpuMicroseconds: number | undefined;
}

/** Requests a second, as many as it takes, and processor time of the whole process for each: reads may have threads of their own. */
async function measure(server: ServerProcess, requests: readonly string[], count: number): Promise<Measured> {
  const [cpu, start] = [server.processCpuSeconds(), wallSeconds()];
  await sendAll(server.address, requests, count, CONNECTIONS);
  const used = server.processCpuSeconds();
  return {
    perSecond: count / (wallSeconds() - start),
    cpuMicroseconds: cpu === undefined || used === undefined ? undefined : ((used - cpu) / count) * 1e6,
  };
}

/** The smallest of the ladder with recall@10 of .95 over all vectors, or the last, and its recall. */
async function chooseEf(
  server: ServerProcess,
  data: BenchData,
  requestsFor: (ef: number) => string[],
): Promise<{ readonly ef: number; readonly recall: number }> {
  let best = { ef: 0, recall: 0 };
  for (const ef of EF_LADDER) {
    let hits = 0;
    await sendAll(server.address, requestsFor(ef), data.queries.length, CONNECTIONS, (query, body) => {
      const { result } = JSON.parse(body) as {
        readonly result: { readonly points: readonly { readonly id: number }[] };
      };
      const truth = data.truth.subarray(query * data.truthCount, query * data.truthCount + K);
      hits += result.points.filter(({ id }) => truth.includes(id)).length;
    });
    best = { ef, recall: hits / data.queries.length / K };
    if (best.recall >= RECALL_WANTED) break;
  }
  return best;
}

/**
 * Queries against a bare Fastify route with the same bodies and an answer of ours, in turn: of all points, and of the half whose number
 * `n`, which is indexed, is below the middle.
 */
export async function compareWithBareRoute(
  server: ServerProcess,
  data: BenchData,
  { count, requests, rounds }: { readonly count: number; readonly requests: number; readonly rounds: number },
): Promise<{ readonly rows: readonly BenchRow[]; readonly ratios: Readonly<Record<string, number>> }> {
  const bare = await startBareServer();
  try {
    const half = { must: [{ key: "n", range: { lt: count / 2 } }] };
    const requestsOf = (ef: number, filter?: object): string[] =>
      data.queries.map((query) => {
        const params = { hnsw_ef: ef };
        return rawPost(PATH, {
          query: Array.from(query),
          limit: K,
          params,
          ...(filter === undefined ? {} : { filter }),
        });
      });
    // with fewer points than the truth is of there is no recall to choose by
    const { ef, recall } =
      count === data.baseCount ? await chooseEf(server, data, (of) => requestsOf(of)) : { ef: 64, recall: Number.NaN };
    const rows: BenchRow[] = [];
    const ratios: { [name: string]: number } = {};
    const progress = progressBar("beside a bare route", 4 * rounds);
    for (const [what, sent, share] of [
      ["query", requestsOf(ef), 1],
      ["filtered_query", requestsOf(ef, half), 0.25],
    ] as const) {
      const total = Math.round(requests * share);
      let answer = "";
      await sendAll(server.address, sent, total, CONNECTIONS, (_, body) => {
        answer = body;
      });
      await bare.call("PUT", "/answer", JSON.parse(answer));
      await sendAll(bare.address, sent, requests, CONNECTIONS);
      const ours: Measured[] = [];
      const theirs: Measured[] = [];
      for (let round = 0; round < rounds; round++) {
        ours.push(await measure(server, sent, total));
        progress.step();
        theirs.push(await measure(bare, sent, requests));
        progress.step();
      }
      const rate = (measured: readonly Measured[]) => median(measured.map(({ perSecond }) => perSecond));
      const cpu = (measured: readonly Measured[]) =>
        median(measured.map(({ cpuMicroseconds }) => cpuMicroseconds ?? 0));
      const found = what === "query" && !Number.isNaN(recall) ? { ef, recall } : { ef };
      rows.push({ what: what.replace("_", " "), per_s: rate(ours), cpu_us: cpu(ours), ...found });
      rows.push({ what: "a bare route, same bodies and answer", per_s: rate(theirs), cpu_us: cpu(theirs) });
      ratios[`${what}_over_bare_route`] = rate(ours) / rate(theirs);
      if (cpu(ours) > 0) ratios[`${what}_over_bare_route_by_cpu`] = cpu(theirs) / cpu(ours);
    }
    progress.stop();
    return { rows, ratios };
  } finally {
    await bare.stop();
  }
}
