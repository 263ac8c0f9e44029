import type { Meter, Sliced } from "../sliced.js";
import type { GraphReader } from "../vector-index/graph-reader.js";
import { compareNodeDots } from "../vector-index/search-types.js";

/** A node that was met, with its score. */
interface Met {
  readonly slot: number;
  readonly score: number;
}

/** Scores of the nodes at slots, larger is better; none of them NaN. */
export type ScoresOf = (slots: Uint32Array) => ArrayLike<number>;

/** A heap by a total order: what comes first by it is on top. */
class Heap<Item> {
  readonly #items: Item[] = [];
  readonly #compare: (a: Item, b: Item) => number;

  constructor(compare: (a: Item, b: Item) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#items.length;
  }

  get top(): Item | undefined {
    return this.#items[0];
  }

  push(item: Item): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#compare(items[parent] as Item, item) <= 0) break;
      items[at] = items[parent] as Item;
      at = parent;
    }
    items[at] = item;
  }

  pop(): Item | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (items.length === 0 || last === undefined) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#compare(items[child + 1] as Item, items[child] as Item) < 0) child++;
      if (this.#compare(last, items[child] as Item) <= 0) break;
      items[at] = items[child] as Item;
      at = child;
    }
    items[at] = last;
    return top;
  }

  items(): readonly Item[] {
    return this.#items;
  }
}

/** The slots of a walk, best first. */
export interface WalkedByScore {
  readonly slots: Uint32Array;
  readonly scores: Float32Array;
}

/**
 * The best nodes by a score of any kind that a walk over the lowest level of a graph meets: from `seeds` on, along the links of the best that were
 * met, until none of the `pool` best has links that were not followed. Which nodes it meets follows from graph, seeds and scores alone, equal scores
 * are in the order of dots: on every replica that has this graph it is the same.
 */
export function* walkByScore(
  graph: GraphReader,
  seeds: Iterable<number>,
  scoresOf: ScoresOf,
  { pool, stepsPerNode }: { readonly pool: number; readonly stepsPerNode: number },
  meter: Meter,
): Sliced<WalkedByScore> {
  const bestFirst = (a: Met, b: Met): number =>
    b.score - a.score || compareNodeDots(graph.dotAt(a.slot), graph.dotAt(b.slot));
  const open = new Heap<Met>(bestFirst);
  const kept = new Heap<Met>((a, b) => bestFirst(b, a));
  const met = new Set<number>();
  const meet = (slots: Uint32Array): void => {
    const scores = scoresOf(slots);
    for (const [i, slot] of slots.entries()) {
      const one = { slot, score: scores[i] as number };
      if (kept.size >= pool && bestFirst(one, kept.top as Met) >= 0) continue;
      open.push(one);
      kept.push(one);
      if (kept.size > pool) kept.pop();
    }
    meter.steps += slots.length * stepsPerNode;
  };
  /** Those that were not met yet. */
  const fresh = (slots: Iterable<number>): Uint32Array => {
    const some: number[] = [];
    for (const slot of slots) {
      if (met.has(slot)) continue;
      met.add(slot);
      some.push(slot);
    }
    return Uint32Array.from(some);
  };
  meet(fresh(seeds));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (kept.size >= pool && bestFirst(next, kept.top as Met) > 0) break;
    meet(fresh(graph.neighboursAt(next.slot, 0)));
    if (meter.isDue()) yield "pause";
  }
  const best = [...kept.items()].sort(bestFirst);
  return {
    slots: Uint32Array.from(best, ({ slot }) => slot),
    scores: Float32Array.from(best, ({ score }) => score),
  };
}
