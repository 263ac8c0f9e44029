import { comparePointIds, type PointId } from "../point/point-id.js";
import type { ReadonlyRowSet } from "../row-set.js";
import { scrollRowsMax } from "../segment/reader.js";
import { Meter, type Sliced } from "../sliced.js";
import { sortInSlices } from "../sliced-sort.js";
import type { Asked, Ranked } from "./ranked.js";
import type { ReadView } from "./read-view.js";

/** Below this share of matching points, collecting and sorting them beats walking the ids in order. */
const SORT_SHARE = 1 / 8;

interface Identified {
  readonly row: number;
  readonly id: PointId;
}

/** Which points are visited, and how many at least. */
export interface Visited {
  readonly view: ReadView;
  readonly matches: ReadonlyRowSet | undefined;
  readonly limit: number;
  readonly meter: Meter;
}

/** The rows in ascending order of their ids, those before `first` left out. */
export function* sortedById(
  rows: Iterable<number>,
  { view, meter }: Pick<Visited, "view" | "meter">,
  first?: PointId,
): Sliced<Identified[]> {
  const identified: Identified[] = [];
  for (const row of rows) {
    const id = view.points.idAt(row);
    if (first === undefined || comparePointIds(id, first) >= 0) identified.push({ row, id });
    meter.steps++;
    if (meter.isDue()) yield "pause";
  }
  return yield* sortInSlices(identified, (a, b) => comparePointIds(a.id, b.id), meter);
}

/** Calls `visit` with the matching rows by ascending id, from `first` on, until it returns false. */
export function* visitById(
  visited: Visited,
  first: PointId | undefined,
  visit: (row: number) => boolean,
): Sliced<void> {
  const { view, matches, limit, meter } = visited;
  const { points, watch } = view;
  const isSorted = matches !== undefined && matches.size < points.size * SORT_SHARE;
  watch?.plan.decided({
    method: "ids",
    because: isSorted ? "sorted" : "in-order",
    limit,
    matches: matches?.size ?? points.size,
  });
  if (watch?.isDry === true) return;
  watch?.enter("walk");
  if (isSorted) {
    for (const { row } of yield* sortedById(matches, visited, first)) {
      if (!visit(row)) return;
      yield "pause";
    }
    return;
  }
  // one more than the page: the next one begins with it
  const rowsAtOnce = matches === undefined ? Math.min(limit + 1, scrollRowsMax) : scrollRowsMax;
  for (let from = first, isFirst = true; isFirst || from !== undefined; isFirst = false) {
    const { rows, next } = points.segment.scroll(from, rowsAtOnce, points.epoch);
    meter.steps += rows.length;
    for (const row of rows) {
      if (matches?.has(row) === false) continue;
      if (!visit(row)) return;
      yield "pause";
    }
    from = next;
    if (meter.isDue()) yield "pause";
  }
}

/** Points by ascending id. They are no better than each other: their score is 0. */
export function* rankById(view: ReadView, { matching, wanted }: Asked): Sliced<Ranked> {
  const rows: number[] = [];
  if (wanted === 0) return { rows, scores: [], isSettled: undefined };
  const visited = { view, matches: matching, limit: wanted, meter: new Meter() };
  yield* visitById(visited, undefined, (row) => rows.push(row) < wanted);
  return { rows, scores: rows.map(() => 0), isSettled: undefined };
}
