import { isDense } from "@murmuration/index";
import type { Reading } from "./reading.js";

/** Most results of a query that is compared: what asks for more is passed over. */
const comparedResultsMax = 100;
/** Queries that cannot be compared are told of so many at a time, or with the next one that can. */
const COUNTED_TOGETHER = 64;

/** A query that is asked of both graphs. */
export interface SampledQuery {
  /** As the client sent it. */
  readonly vector: Float32Array;
  readonly limit: number;
  /** Absent: as many candidates as are kept by default. */
  readonly efSearch?: number;
}

/** Which queries are asked of a canary as well. */
export interface Tapped {
  /** Id of the shard, and the name of the vector. */
  readonly shard: string;
  readonly vector: string;
  /** Of all that can be compared: over 0, up to 1. */
  readonly share: number;
}

/** Queries of the vector that were read since the last that was taken, and those of them that cannot be compared. */
export interface TapCounts {
  seen: number;
  passedOver: number;
}

/**
 * Sees the queries that are read in a thread, and gives a share of them away: every n-th, by adding the share up. What walks a graph can be
 * compared: one vector, no filter, no prefetch, not exact. Costs nothing where nobody taps.
 */
export class QueryTap {
  #tapped: Tapped | undefined;
  #take: (query: SampledQuery | undefined, counts: TapCounts) => void = () => undefined;
  #due = 0;
  #counts: TapCounts = { seen: 0, passedOver: 0 };
  readonly #watchers = new Set<(tapped: Tapped | undefined) => void>();

  /** `undefined`: nothing is taken any more. */
  set(tapped: Tapped | undefined, take: (query: SampledQuery | undefined, counts: TapCounts) => void): void {
    this.#tapped = tapped;
    this.#take = take;
    this.#due = 0;
    this.#counts = { seen: 0, passedOver: 0 };
    for (const watcher of this.#watchers) watcher(tapped);
  }

  /** Be told of what is tapped now and from now on: whoever has other threads read tells them. Queries of theirs come by `relay`. */
  watch(watcher: (tapped: Tapped | undefined) => void): void {
    this.#watchers.add(watcher);
    watcher(this.#tapped);
  }

  /** What the tap of another thread has given away. */
  relay(query: SampledQuery | undefined, counts: TapCounts): void {
    this.#take(query, counts);
  }

  /** A reading of this shard was answered. */
  offer(shard: string | undefined, reading: Reading): void {
    if (this.#tapped === undefined || shard !== this.#tapped.shard || reading.kind !== "searches") return;
    for (const search of reading.searches) this.#see(this.#tapped, search);
  }

  #see({ vector, share }: Tapped, search: Extract<Reading, { readonly kind: "searches" }>["searches"][number]): void {
    const { node, using, parameters, filter, prefetch = [], limit, offset } = search;
    if (using !== vector || node.kind !== "nearest") return;
    this.#counts.seen++;
    const asked = limit + offset;
    const isPlain =
      filter === undefined && prefetch.length === 0 && parameters.exact !== true && parameters.rescore !== false;
    if (!isPlain || asked === 0 || asked > comparedResultsMax || node.target.kind !== "vector") {
      this.#counts.passedOver++;
      if (this.#counts.passedOver >= COUNTED_TOGETHER) this.#give(undefined);
      return;
    }
    this.#due += share;
    if (this.#due < 1) return;
    this.#due -= 1;
    const target = node.target.vector;
    if (!isDense(target)) return;
    const { efSearch } = parameters;
    this.#give({ vector: Float32Array.from(target), limit: asked, ...(efSearch === undefined ? {} : { efSearch }) });
  }

  #give(query: SampledQuery | undefined): void {
    const counts = this.#counts;
    this.#counts = { seen: 0, passedOver: 0 };
    this.#take(query, counts);
  }
}
