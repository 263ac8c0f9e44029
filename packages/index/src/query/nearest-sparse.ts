import { slotSetOfRows } from "../payload/columns/slot-filter.js";
import type { ReadonlyRowSet } from "../row-set.js";
import type { Sliced } from "../sliced.js";
import type { SparseVector } from "../vector/vector.js";
import type { SearchResult } from "../vector-index/search-types.js";
import { matchingRows } from "./matching.js";
import type { SearchParameters } from "./query.js";
import type { ReadView } from "./read-view.js";
import type { SpaceReader } from "./space-reader.js";

/**
 * The visible points that match and share an index with a sparse vector, by their dot products. Where the space has the `idf` modifier, the vector's
 * values are weighted first by how many vectors have each index: of all that are visible, or of those that the corpus selects, which follows from
 * the state of the epoch alone, so that replicas at one frontier answer alike.
 */
export function* searchSparse(
  view: ReadView,
  space: SpaceReader,
  vector: SparseVector,
  matching: ReadonlyRowSet | undefined,
  { limit, idf }: Pick<SearchParameters, "idf"> & { readonly limit: number },
): Sliced<SearchResult> {
  const { sparse } = space;
  const { epoch, segment } = view.points;
  const slotsOf = (rows: ReadonlyRowSet) => slotSetOfRows(segment.engine, space.number, rows, sparse.memory.slotCount);
  const visible = function* () {
    return yield* sparse.visibleSlots(epoch, function* () {
      return slotsOf(yield* view.points.visibleRows());
    });
  };
  let weighted = vector;
  if (sparse.hasIdf) {
    const corpus = typeof idf === "object" ? slotsOf(yield* matchingRows(view, idf.corpus)) : undefined;
    weighted = yield* sparse.weighted(vector, corpus ?? (yield* visible()), corpus === undefined ? epoch : undefined);
  }
  return yield* sparse.search(weighted, limit, matching === undefined ? yield* visible() : slotsOf(matching));
}
