import { type GraphReader, normalise } from "@murmuration/index";
import type { SampledQuery } from "../read/query-tap.js";
import type { CanaryGraph } from "./canary-graph.js";
import { exactShare, latenciesKept, linkSamples } from "./canary-limits.js";
import type { GraphFigures } from "./messages.js";

/** The last so many latencies of one graph. */
class Latencies {
  readonly #us = new Float64Array(latenciesKept);
  #count = 0;

  add(us: number): void {
    this.#us[this.#count++ % latenciesKept] = us;
  }

  /** `undefined`: there are none. */
  percentile(share: number): number | undefined {
    const sorted = this.#us.slice(0, Math.min(this.#count, latenciesKept)).sort();
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  }
}

/** What one of the two graphs has come to. */
class Side {
  readonly latencies = new Latencies();
  found = 0;

  figures(reader: GraphReader, points: number, bytes: number, wanted: number): GraphFigures {
    const [p50Us, p99Us] = [this.latencies.percentile(0.5), this.latencies.percentile(0.99)];
    return {
      points,
      dead: reader.deadCount,
      bytes,
      meanLinks: meanLinksOf(reader),
      ...(wanted === 0 ? {} : { recall: this.found / wanted }),
      ...(p50Us === undefined || p99Us === undefined ? {} : { p50Us, p99Us }),
    };
  }
}

function meanLinksOf(reader: GraphReader): number {
  const { slotCount } = reader;
  const step = Math.max(1, Math.floor(slotCount / linkSamples));
  let [nodes, links] = [0, 0];
  for (let slot = 0; slot < slotCount; slot += step) {
    if (!reader.isVisible(slot)) continue;
    nodes++;
    links += reader.memberCountAt(slot, 0);
  }
  return nodes === 0 ? 0 : links / nodes;
}

/** Asks the same of both graphs in turns, in one thread, and holds both answers against exact search where there is time for that. */
export class Comparison {
  readonly #first: GraphReader;
  readonly #canary: CanaryGraph;
  readonly #nowMs: () => number;
  readonly #sides = { first: new Side(), canary: new Side() };
  #nextExactMs = 0;
  #wanted = 0;
  #met = 0;
  #both = 0;
  compared = 0;
  exact = 0;

  constructor(first: GraphReader, canary: CanaryGraph, nowMs = () => performance.now()) {
    this.#first = first;
    this.#canary = canary;
    this.#nowMs = nowMs;
  }

  compare({ vector, limit, efSearch }: SampledQuery): void {
    const query = this.#first.options.metric === "cosine" ? normalise(vector) : vector;
    const options = { limit, ...(efSearch === undefined ? {} : { efSearch }) };
    const ask = (reader: GraphReader, side: Side) => {
      const beganMs = this.#nowMs();
      const result = reader.search(query, options);
      side.latencies.add((this.#nowMs() - beganMs) * 1_000);
      return result;
    };
    const { index } = this.#canary;
    const { first, canary } = this.#sides;
    // whoever is asked second finds the query's own way warm: so that they take turns
    const isFirstFirst = this.compared++ % 2 === 0;
    const before = isFirstFirst ? undefined : ask(index.reader, canary);
    const one = ask(this.#first, first);
    const other = before ?? ask(index.reader, canary);
    const farthest = one.distances.at(-1);
    this.#met += one.distances.length;
    if (farthest !== undefined) this.#both += nearerThan(other.distances, farthest, one.distances.length);
    if (this.#nowMs() < this.#nextExactMs) return;
    const beganMs = this.#nowMs();
    const exact = this.#first.search(query, { limit, exact: true });
    const tookMs = this.#nowMs() - beganMs;
    this.#nextExactMs = this.#nowMs() + (tookMs * (1 - exactShare)) / exactShare;
    this.exact++;
    const last = exact.distances.at(-1);
    if (last === undefined) return;
    this.#wanted += exact.distances.length;
    // by distance: among equal vectors any is right
    first.found += nearerThan(one.distances, last, exact.distances.length);
    canary.found += nearerThan(other.distances, last, exact.distances.length);
  }

  /** Of all that the first graph has found, what the canary has found as well or better; `undefined`: nothing was found yet. */
  get overlap(): number | undefined {
    return this.#met === 0 ? undefined : this.#both / this.#met;
  }

  figures(): { readonly first: GraphFigures; readonly canary: GraphFigures } {
    const { index, size, bytes } = this.#canary;
    return {
      first: this.#sides.first.figures(this.#first, size, this.#first.bytesInUse, this.#wanted),
      canary: this.#sides.canary.figures(index.reader, size, bytes, this.#wanted),
    };
  }
}

function nearerThan(distances: Float32Array, farthest: number, most: number): number {
  let count = 0;
  for (const distance of distances) if (distance <= farthest) count++;
  return Math.min(count, most);
}
