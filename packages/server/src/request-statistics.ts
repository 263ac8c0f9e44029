/** How long answers took, by route and status, and by collection: what telemetry and metrics tell of them beside the histogram. */

/** Series of collections beyond these are not kept. */
const COLLECTION_SERIES_MAX = 10_000;

/** Answers of one route with one status. Durations in seconds. */
export interface Durations {
  count: number;
  total: number;
  min: number;
  max: number;
}

/** What a series is of. `endpoint` is a route, not a path. */
export interface SeriesName {
  readonly method: string;
  readonly endpoint: string;
  readonly status: number;
  /** Missing where all collections are counted together. */
  readonly collection?: string;
}

interface Series {
  readonly name: SeriesName;
  readonly durations: Durations;
}

function note(all: Map<string, Series>, key: string, name: SeriesName, seconds: number): void {
  const known = all.get(key);
  if (known === undefined) {
    all.set(key, { name, durations: { count: 1, total: seconds, min: seconds, max: seconds } });
    return;
  }
  const { durations } = known;
  durations.count++;
  durations.total += seconds;
  if (seconds < durations.min) durations.min = seconds;
  if (seconds > durations.max) durations.max = seconds;
}

/** Adds durations to what is counted of their route and status, without a collection. */
function addTo(all: Map<string, Series>, { method, endpoint, status }: SeriesName, more: Durations): void {
  const key = `${status} ${method} ${endpoint}`;
  const known = all.get(key)?.durations;
  if (known === undefined) {
    all.set(key, { name: { method, endpoint, status }, durations: { ...more } });
    return;
  }
  known.count += more.count;
  known.total += more.total;
  known.min = Math.min(known.min, more.min);
  known.max = Math.max(known.max, more.max);
}

/** Threads that send answers, and tell of them when they are asked. */
export interface OtherAnswerers {
  readonly count: number;
  told(): Promise<void>;
}

export class RequestStatistics {
  /** By collection; what is of none, or of one that is gone or too many, is counted without. */
  readonly #all = new Map<string, Series>();

  /** Reads that were answered by the thread that took them. */
  briefReads = 0;
  #others: OtherAnswerers = { count: 0, told: () => Promise.resolve() };

  /** These threads send answers as well. */
  countAlso(others: OtherAnswerers): void {
    this.#others = others;
  }

  /** How many threads do. */
  get listening(): number {
    return this.#others.count;
  }

  /** Resolves when every answer that was sent until now is counted. */
  told(): Promise<void> {
    return this.#others.told();
  }

  /** An answer was sent. `collection`: one that exists, by the name that the request gave it. */
  observe(method: string, endpoint: string, status: number, seconds: number, collection: string | undefined): void {
    const key = `${status} ${method} ${endpoint}`;
    const own = collection === undefined ? key : `${key} ${collection}`;
    if (collection === undefined || (this.#all.size >= COLLECTION_SERIES_MAX && !this.#all.has(own))) {
      note(this.#all, key, { method, endpoint, status }, seconds);
    } else note(this.#all, own, { method, endpoint, status, collection }, seconds);
  }

  /** All collections together. */
  series(): Iterable<Series> {
    const together = new Map<string, Series>();
    for (const { name, durations } of this.#all.values()) addTo(together, name, durations);
    return together.values();
  }

  *seriesByCollection(): Iterable<Series> {
    for (const series of this.#all.values()) if (series.name.collection !== undefined) yield series;
  }

  /** A collection is gone, and its name may be given to another one. */
  keepOnly(exists: (collection: string) => boolean): void {
    for (const [key, { name, durations }] of this.#all) {
      if (name.collection === undefined || exists(name.collection)) continue;
      this.#all.delete(key);
      addTo(this.#all, name, durations);
    }
  }
}
