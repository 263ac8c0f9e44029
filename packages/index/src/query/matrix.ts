import { RowSet } from "../row-set.js";
import { Meter, type Sliced } from "../sliced.js";
import { sortedById } from "./by-id.js";
import { matchingRows } from "./matching.js";
import { weightedIn } from "./nearest-sparse.js";
import type { Matrix, MatrixQuery } from "./query.js";
import { type ReadView, spaceOf } from "./read-view.js";
import { sampleRows } from "./sample.js";
import { scoreOf } from "./scores.js";
import { similarities } from "./similarity.js";
import type { SpaceReader } from "./space-reader.js";

/** Of the rows that match, those that have a vector in the space. */
export function* withVector(
  view: ReadView,
  space: SpaceReader,
  { filter }: Pick<MatrixQuery, "filter">,
  meter: Meter,
): Sliced<RowSet> {
  const { points } = view;
  const matching = filter === undefined ? yield* points.visibleRows() : yield* matchingRows(view, filter);
  const rows = new RowSet();
  for (const row of matching) {
    if (points.segment.rows.slotAt(row, space.number) !== undefined) rows.add(row);
    meter.steps++;
    if (meter.isDue()) yield "pause";
  }
  return rows;
}

/**
 * The nearest others of each point of a sample, in it; equally near ones by ascending id. Throws `wrong-input` for an unknown vector, `format` for a
 * bad path.
 */
export function* matrix(view: ReadView, query: MatrixQuery): Sliced<Matrix> {
  const meter = new Meter();
  const space = spaceOf(view, query.using);
  const candidates = yield* withVector(view, space, query, meter);
  view.watch?.enter("walk");
  const sampled = yield* sampleRows(view.points, candidates, Math.min(query.sample, candidates.size), query.seed);
  const sample = yield* sortedById(sampled, { view, meter });
  const { rows } = view.points.segment;
  const slots = Uint32Array.from(sample, ({ row }) => rows.slotAt(row, space.number) as number);
  const nearest: { readonly column: number; readonly score: number }[][] = [];
  for (const [at, slot] of slots.entries()) {
    const [vector = space.vectorAt(slot)] = yield* weightedIn(view, space, [space.vectorAt(slot)], {});
    // sparse vectors without a common index are not near each other at all
    const found = yield* similarities(space, vector, slots, meter, Number.NaN);
    const others = Array.from(found.keys())
      .filter((column) => column !== at && !Number.isNaN(found[column]))
      .sort((a, b) => (found[b] as number) - (found[a] as number) || a - b)
      .slice(0, query.limit);
    const scoreAt = (column: number) => scoreOf(0 - (found[column] as number), space.metric);
    nearest.push(others.map((column) => ({ column, score: scoreAt(column) })));
    meter.steps += slots.length;
    if (meter.isDue()) yield "pause";
  }
  return { ids: sample.map(({ id }) => id), rows: nearest };
}
