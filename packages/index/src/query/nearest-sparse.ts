import { slotSetOfRows } from "../payload/columns/slot-filter.js";
import type { ReadonlyRowSet } from "../row-set.js";
import type { Sliced } from "../sliced.js";
import { isSparse, type SparseVector, type Vector } from "../vector/vector.js";
import type { SearchResult } from "../vector-index/search-types.js";
import { matchingRows } from "./matching.js";
import type { SearchParameters } from "./query.js";
import type { ReadView } from "./read-view.js";
import type { SpaceReader } from "./space-reader.js";

const slotsOf = ({ points }: ReadView, { sparse, number }: SpaceReader, rows: ReadonlyRowSet) =>
  slotSetOfRows(points.segment.engine, number, rows, sparse.memory.slotCount);

const tableEpochOf = ({ points }: ReadView) => ({ table: points.segment.engine, epoch: points.epoch });

/** Slots of all visible points. */
function* visibleIn(view: ReadView, space: SpaceReader): Sliced<ReadonlyRowSet> {
  return yield* space.sparse.visibleSlots(tableEpochOf(view), function* () {
    return slotsOf(view, space, yield* view.points.visibleRows());
  });
}

/**
 * Vectors of queries as a space weights them. Where it has the `idf` modifier, the values of each are weighted by how many vectors have each index: of
 * all that are visible, or of those that the corpus selects, which follows from the state of the epoch alone, so that replicas at one frontier answer
 * alike. Any others are as they are.
 */
export function* weightedIn(
  view: ReadView,
  space: SpaceReader,
  vectors: readonly Vector[],
  { idf }: Pick<SearchParameters, "idf">,
): Sliced<readonly Vector[]> {
  if (space.kind !== "sparse" || !space.sparse.hasIdf) return vectors;
  const { sparse } = space;
  const queries = vectors.filter(isSparse);
  if (typeof idf === "object") {
    return yield* sparse.weighted(queries, slotsOf(view, space, yield* matchingRows(view, idf.corpus)));
  }
  return yield* sparse.weighted(queries, yield* visibleIn(view, space), tableEpochOf(view));
}

/** The visible points that match and share an index with a sparse vector, by their dot products; the vector is weighted as `weightedIn` says. */
export function* searchSparse(
  view: ReadView,
  space: SpaceReader,
  vector: SparseVector,
  matching: ReadonlyRowSet | undefined,
  { limit, ...parameters }: Pick<SearchParameters, "idf"> & { readonly limit: number },
): Sliced<SearchResult> {
  const [weighted = vector] = yield* weightedIn(view, space, [vector], parameters);
  const allowed = matching === undefined ? yield* visibleIn(view, space) : slotsOf(view, space, matching);
  return yield* space.sparse.search(weighted as SparseVector, limit, allowed);
}
