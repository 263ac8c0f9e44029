import { timesForgotten } from "../../api.js";
import { quantile, total } from "../../histogram.js";
import { durationsOf, durationsSince, type Figures, rate } from "./figures.js";

/** Looks that are kept: half an hour of them. */
const LOOKS_MAX = 900;
/** Percentiles are of answers of so long before. */
const WINDOW_MS = 30_000;
/** After a longer pause, a hidden tab for example, a line has a gap. */
const GAP_MS = 10_000;

/** What plots show of one moment; `null` is a gap. */
export interface Moment {
  /** Seconds since 1970. */
  readonly time: number;
  readonly reads: number | null;
  readonly writes: number | null;
  readonly upserted: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly memory: number | null;
  readonly resident: number | null;
  readonly log: number | null;
}

const looks: Figures[] = [];
const moments: Moment[] = [];

// who forgets the key forgets what was seen with it
timesForgotten.subscribe(() => {
  looks.length = 0;
  moments.length = 0;
});

const known = (value: number | undefined): number | null =>
  value === undefined || !Number.isFinite(value) ? null : value;

/** The look with which the window of percentiles begins. */
export function windowBefore(figures: Figures): Figures | undefined {
  return looks.find(({ atMs }) => atMs >= figures.atMs - WINDOW_MS && atMs < figures.atMs);
}

/** The look before this one. */
export function before(figures: Figures): Figures | undefined {
  return looks.findLast(({ atMs }) => atMs < figures.atMs);
}

/** Adds a look to the history of this tab, which ends with it, or when the key is forgotten. */
export function remember(figures: Figures): void {
  const last = looks.at(-1);
  const isGap = last !== undefined && figures.atMs - last.atMs > GAP_MS;
  // what grew while nobody looked would be a peak that was none
  const earlier = isGap ? undefined : last;
  const durations = earlier === undefined ? undefined : durationsSince(windowBefore(figures) ?? earlier, figures);
  const percentile = (share: number) => known(durations && quantile(durations, share));
  if (isGap) moments.push({ ...emptyAt((last.atMs + figures.atMs) / 2000) });
  moments.push({
    time: figures.atMs / 1000,
    reads: known(rate(earlier, figures, (of) => total(durationsOf(of, ({ isRead }) => isRead)))),
    writes: known(rate(earlier, figures, (of) => total(durationsOf(of, ({ isRead }) => !isRead)))),
    upserted: known(rate(earlier, figures, ({ pointsUpserted }) => pointsUpserted)),
    p50: percentile(0.5),
    p95: percentile(0.95),
    p99: percentile(0.99),
    memory: known(figures.memoryUsed),
    resident: known(figures.resident),
    log: known(figures.logBytes),
  });
  looks.push(figures);
  while (looks.length > LOOKS_MAX) looks.shift();
  while (moments.length > LOOKS_MAX) moments.shift();
}

function emptyAt(time: number): Moment {
  return {
    time,
    reads: null,
    writes: null,
    upserted: null,
    p50: null,
    p95: null,
    p99: null,
    memory: null,
    resident: null,
    log: null,
  };
}

/** The history of this tab, oldest first. */
export const history = (): readonly Moment[] => moments;
