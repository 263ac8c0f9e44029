/** How many answers took at most so long, for each bound in ascending order; the last bound is infinite. Counts grow from bound to bound. */
export interface Histogram {
  /** Seconds. */
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

/** Answers that came between two looks; all of `later` where the server began anew in between. */
export function since(earlier: Histogram | undefined, later: Histogram): Histogram {
  if (earlier === undefined || earlier.bounds.length !== later.bounds.length) return later;
  const counts = later.counts.map((count, at) => count - (earlier.counts[at] ?? 0));
  return counts.some((count) => count < 0) ? later : { bounds: later.bounds, counts };
}

/** The sum of histograms with the same bounds. */
export function together(all: readonly Histogram[]): Histogram {
  const bounds = all[0]?.bounds ?? [];
  return {
    bounds,
    counts: bounds.map((_, at) => all.reduce((sum, { counts }) => sum + (counts[at] ?? 0), 0)),
  };
}

/** How many answers there are. */
export const total = ({ counts }: Histogram): number => counts.at(-1) ?? 0;

/**
 * The time within which this share of answers came, in seconds: between two bounds it is taken to grow evenly, as Prometheus's `histogram_quantile` does, and beyond the
 * last finite bound it is that bound. NaN without answers.
 */
export function quantile({ bounds, counts }: Histogram, share: number): number {
  const all = counts.at(-1) ?? 0;
  if (all === 0) return Number.NaN;
  const rank = share * all;
  const at = counts.findIndex((count) => count >= rank);
  const [bound = Number.NaN, below = 0] = [bounds[at], at === 0 ? 0 : bounds[at - 1]];
  if (bound === Infinity) return bounds.at(-2) ?? Number.NaN;
  const before = at === 0 ? 0 : (counts[at - 1] ?? 0);
  const within = (counts[at] ?? 0) - before;
  return within === 0 ? bound : below + ((bound - below) * (rank - before)) / within;
}
