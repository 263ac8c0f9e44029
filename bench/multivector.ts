import {
  createSpace,
  emptyFilter,
  type Filter,
  finish,
  type MultiVector,
  type SearchParameters,
  spaceUse,
} from "@murmuration/index";
import { type Benchmark, cpuSeconds, median, progressBar } from "./harness.js";
import { IndexedSpace } from "./indexed-space.js";
import { PART_DIMENSIONS, PARTS, readMultivectors } from "./multivectors.js";

const K = 10;
const GROUP = 500;

const everySecond: Filter = { ...emptyFilter, must: [{ kind: "slice", total: 2, index: 0 }] };

/** How searches are asked for, by the names of the table. */
const cases: readonly { readonly what: string; readonly parameters: SearchParameters; readonly filter?: Filter }[] = [
  { what: "exact", parameters: { exact: true } },
  { what: "by codes", parameters: {} },
  { what: "by codes, 100 candidates", parameters: { efSearch: 100 } },
  { what: "exact, of half by a filter", parameters: { exact: true }, filter: everySecond },
  { what: "by codes, of half by a filter", parameters: {}, filter: everySecond },
];

/** Max-sim of documents of many parts: by their codes, against comparing with all. */
export const multivectorBenchmark: Benchmark = {
  name: "multivector",
  summary:
    "top 10 of documents of 32 × 128 by max-sim: recall and processor time against comparing with all; bytes a document",
  run({ quick, points }) {
    const count = points ?? (quick ? 5_000 : 20_000);
    const queryCount = quick ? 10 : 40;
    const all = readMultivectors(count + queryCount);
    const [documents, queries] = [all.slice(0, -queryCount), all.slice(-queryCount)];
    const space = createSpace({ kind: "multi", dimensions: PART_DIMENSIONS, metric: "cosine" });
    const indexed = new IndexedSpace(space);
    const progress = progressBar("inserting", documents.length);
    for (let from = 0; from < documents.length; from += GROUP) {
      const group = documents.slice(from, from + GROUP);
      indexed.insert(group);
      for (const _ of group) progress.step();
    }
    progress.stop();
    const reader = indexed.reader();
    const ask = (vector: MultiVector, parameters: SearchParameters, filter?: Filter): Set<unknown> => {
      const found = new Set<unknown>();
      const snapshot = reader.begin();
      const node = { kind: "nearest", target: { kind: "vector", vector } } as const;
      const asked = { node, using: "", limit: K, offset: 0, parameters, selection: { payload: false, vectors: false } };
      finish(snapshot.query({ ...asked, ...(filter && { filter }) }, ({ id }) => void found.add(id)));
      snapshot.release();
      return found;
    };
    for (const { parameters, filter } of cases) ask(queries[0] as MultiVector, parameters, filter);
    const measured = cases.map(() => ({ seconds: [] as number[], hits: 0 }));
    const searching = progressBar("searching", queries.length);
    for (const query of queries) {
      let truth = new Set<unknown>();
      for (const [i, { parameters, filter }] of cases.entries()) {
        const start = cpuSeconds();
        const found = ask(query, parameters, filter);
        const { seconds, hits } = measured[i] as (typeof measured)[number];
        seconds.push(cpuSeconds() - start);
        if (parameters.exact === true) truth = found;
        (measured[i] as { hits: number }).hits = hits + [...found].filter((id) => truth.has(id)).length;
      }
      searching.step();
    }
    searching.stop();
    const ms = (at: number) => 1_000 * median((measured[at] as (typeof measured)[number]).seconds);
    const recall = (at: number) => (measured[at] as (typeof measured)[number]).hits / (K * queries.length);
    const { bytes } = spaceUse(space.handle(), 1);
    return {
      bench: "multivector",
      params: { documents: documents.length, parts: PARTS, dimensions: PART_DIMENSIONS, queries: queries.length },
      rows: cases.map(({ what }, i) => ({ case: what, cpu_ms: Number(ms(i).toFixed(1)), recall: recall(i) })),
      ratios: {
        exact_over_codes: ms(0) / ms(1),
        recall: recall(1),
        exact_over_100_candidates: ms(0) / ms(2),
        recall_of_100_candidates: recall(2),
        filtered_exact_over_codes: ms(3) / ms(4),
        filtered_recall: recall(4),
        bytes_a_document: bytes / documents.length,
        insert_us: (indexed.cpuSeconds / documents.length) * 1e6,
      },
    };
  },
};
