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

export class RequestStatistics {
  readonly #all = new Map<string, Series>();
  readonly #byCollection = new Map<string, Series>();

  /** An answer was sent. `collection`: one that exists, by the name that the request gave it. */
  observe(method: string, endpoint: string, status: number, seconds: number, collection: string | undefined): void {
    const key = `${status} ${method} ${endpoint}`;
    note(this.#all, key, { method, endpoint, status }, seconds);
    if (collection === undefined) return;
    const own = `${key} ${collection}`;
    if (this.#byCollection.size >= COLLECTION_SERIES_MAX && !this.#byCollection.has(own)) return;
    note(this.#byCollection, own, { method, endpoint, status, collection }, seconds);
  }

  series(): Iterable<Series> {
    return this.#all.values();
  }

  seriesByCollection(): Iterable<Series> {
    return this.#byCollection.values();
  }

  /** A collection is gone, and its name may be given to another one. */
  keepOnly(exists: (collection: string) => boolean): void {
    for (const [key, { name }] of this.#byCollection) {
      if (name.collection !== undefined && !exists(name.collection)) this.#byCollection.delete(key);
    }
  }
}
