import type { PointId } from "../point/point-id.js";
import { Meter, type Sliced } from "../sliced.js";
import type { GraphReader } from "../vector-index/graph-reader.js";
import type { SearchResult, Visibility } from "../vector-index/search-types.js";
import { withVector } from "./matrix.js";
import { visibilityIn } from "./nearest.js";
import { type ReadView, spaceOf } from "./read-view.js";
import { withoutGraph } from "./record-walk.js";
import { sampleRows } from "./sample.js";

/** A measurement of the search, on stored vectors as queries. */
export interface QualityQuery {
  readonly using: string;
  /** Points that are drawn; a function of their ids and of `seed`. */
  readonly samples: number;
  readonly seed: number;
  /** Neighbours that are looked for of each, itself left out. */
  readonly limit: number;
  /** Widths to search with, each at most `efSearchMax`. */
  readonly widths: readonly { readonly efSearch: number }[];
  /** It compares with all vectors, too. */
  readonly exact: true;
}

/** What searches of one kind came to, over the sample. */
export interface QualityAt {
  /** Share of the exact neighbours that were found, over all. Of equally far ones any counts. */
  readonly recall: number;
  /** The least of them, of one query. */
  readonly recallMin: number;
  /** Queries whose answer was as good as the exact one. */
  readonly perfect: number;
  /** Of one search in this thread, in milliseconds: how long it took, whatever else the machine did meanwhile. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number; readonly mean: number };
}

/** A point whose neighbours were found worst with the first of the widths. */
export interface WorstQuery {
  readonly id: PointId;
  readonly recall: number;
}

/** What a measurement came to. All but the times follows from state and request. */
export interface Quality {
  /** Points with a vector in the space, and how many of them were drawn. */
  readonly points: number;
  readonly sampled: number;
  readonly exact: Pick<QualityAt, "latencyMs">;
  readonly widths: readonly (QualityAt & { readonly ef: number })[];
  readonly worst: readonly WorstQuery[];
  readonly isSettled: boolean;
}

/** Points that are told to be found worst. */
const WORST_TOLD = 10;

/** The value below which this share of ascending ones lies (nearest rank). */
function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)] ?? 0;
}

class Times {
  readonly #taken: number[] = [];

  add(ms: number): void {
    this.#taken.push(ms);
  }

  latency(): QualityAt["latencyMs"] {
    const ascending = [...this.#taken].sort((a, b) => a - b);
    const mean = ascending.reduce((sum, ms) => sum + ms, 0) / Math.max(1, ascending.length);
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(ascending, share)) as [number, number, number];
    return { p50, p95, p99, mean };
  }
}

/** What has been found at one width so far. */
class Found {
  readonly times = new Times();
  readonly recalls: number[] = [];
  #found = 0;
  #wanted = 0;

  add(found: number, wanted: number): void {
    this.#found += found;
    this.#wanted += wanted;
    this.recalls.push(wanted === 0 ? 1 : found / wanted);
  }

  told(): QualityAt {
    const recallMin = this.recalls.reduce((least, one) => Math.min(least, one), 1);
    const perfect = this.recalls.filter((one) => one === 1).length;
    const recall = this.#wanted === 0 ? 1 : this.#found / this.#wanted;
    return { recall, recallMin, perfect, latencyMs: this.times.latency() };
  }
}

/** Distances to the neighbours, without the point itself. */
function withoutItself({ slots, distances }: SearchResult, slot: number, limit: number): number[] {
  const others: number[] = [];
  for (const [i, one] of slots.entries())
    if (one !== slot && others.length < limit) others.push(distances[i] as number);
  return others;
}

/** One search, and the time in which it was at work. */
function* timed(
  graph: GraphReader,
  vector: Float32Array,
  options: {
    readonly limit: number;
    readonly efSearch?: number;
    readonly exact?: boolean;
    readonly allEntries: boolean;
  },
  visibility: Visibility,
  now: () => number,
  times: Times,
): Sliced<SearchResult> {
  const work = graph.searchVisible(vector, options, visibility);
  let takenMs = 0;
  try {
    for (;;) {
      const began = now();
      const step = work.next();
      takenMs += now() - began;
      if (step.done === true) {
        times.add(takenMs);
        return step.value;
      }
      yield step.value;
    }
  } finally {
    work.return(undefined as never);
  }
}

/**
 * How good and how fast the search is now: for each point of a sample its nearest others by exact search, and by the graph with each of the widths. Which
 * points are drawn follows from state and request alone. `now`: milliseconds. Throws `wrong-input` for an unknown vector and for one without a graph.
 */
export function* quality(view: ReadView, query: QualityQuery, now: () => number): Sliced<Quality> {
  const { using, samples, seed, limit, widths } = query;
  const space = spaceOf(view, using);
  if (space.kind !== "dense") throw withoutGraph(space);
  const { graph } = space;
  const { changes } = view.graphs[space.number] as ReadView["graphs"][number];
  const candidates = yield* withVector(view, space, {}, new Meter());
  const sample = yield* sampleRows(view.points, candidates, Math.min(samples, candidates.size), seed);
  const visibility = visibilityIn(view, space, undefined);
  const common = { limit: limit + 1, allEntries: view.allEntries };
  const exactTimes = new Times();
  const found = widths.map(() => new Found());
  for (const row of sample) {
    const slot = view.points.segment.rows.slotAt(row, space.number) as number;
    const vector = view.points.readVector(row, () => graph.vectorAt(slot));
    const exact = yield* timed(graph, vector, { ...common, exact: true }, visibility, now, exactTimes);
    const nearest = withoutItself(exact, slot, limit);
    const farthest = nearest.at(-1);
    for (const [i, { efSearch }] of widths.entries()) {
      const at = found[i] as Found;
      const answer = yield* timed(graph, vector, { ...common, efSearch }, visibility, now, at.times);
      const others = withoutItself(answer, slot, limit);
      // by distance, not by point: of equally far ones any is right
      const right = farthest === undefined ? 0 : others.filter((distance) => distance <= farthest).length;
      at.add(Math.min(right, nearest.length), nearest.length);
      yield "pause";
    }
  }
  const [first] = found;
  const worst = sample
    .map((row, i) => ({ id: view.points.idAt(row), recall: first?.recalls[i] ?? 1 }))
    .filter(({ recall }) => recall < 1)
    .sort((a, b) => a.recall - b.recall)
    .slice(0, WORST_TOLD);
  return {
    points: candidates.size,
    sampled: sample.length,
    exact: { latencyMs: exactTimes.latency() },
    widths: widths.map(({ efSearch: ef }, i) => ({ ef, ...(found[i] as Found).told() })),
    worst,
    isSettled: graph.changes === changes,
  };
}
