import type { Meter, Sliced } from "./sliced.js";

/** Items that are sorted in one go before runs are merged. */
const RUN_LENGTH = 512;
/** A comparison counts for so many steps. */
const STEPS_PER_COMPARISON = 2;

/** The items in order, as a new array: merge sort, which can be paused. `compare` must not change its mind meanwhile. */
export function* sortInSlices<Item>(
  items: readonly Item[],
  compare: (a: Item, b: Item) => number,
  meter: Meter,
): Sliced<Item[]> {
  let runs: Item[][] = [];
  for (let from = 0; from < items.length; from += RUN_LENGTH) {
    runs.push(items.slice(from, from + RUN_LENGTH).sort(compare));
    meter.steps += RUN_LENGTH * Math.log2(RUN_LENGTH) * STEPS_PER_COMPARISON;
    if (meter.isDue()) yield "pause";
  }
  while (runs.length > 1) {
    const merged: Item[][] = [];
    for (let i = 0; i < runs.length; i += 2) {
      const [a, b] = [runs[i] as Item[], runs[i + 1]];
      merged.push(b === undefined ? a : yield* merge(a, b, compare, meter));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

function* merge<Item>(
  a: readonly Item[],
  b: readonly Item[],
  compare: (a: Item, b: Item) => number,
  meter: Meter,
): Sliced<Item[]> {
  const merged: Item[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    const takesA = compare(a[i] as Item, b[j] as Item) <= 0;
    merged.push(takesA ? (a[i++] as Item) : (b[j++] as Item));
    meter.steps += STEPS_PER_COMPARISON;
    if (meter.isDue()) yield "pause";
  }
  const rest = i < a.length ? a.slice(i) : b.slice(j);
  for (const item of rest) merged.push(item);
  return merged;
}
