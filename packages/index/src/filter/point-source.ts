import type { FieldAccess } from "../payload/access.js";
import type { Payload } from "../payload/json.js";
import type { TextIndexes } from "../payload/schema.js";
import type { PointId } from "../point/point-id.js";
import type { RowSet } from "../row-set.js";

/** What a filter needs to know of one point. */
export interface FilterSubject {
  readonly id: PointId;
  readonly payload: Payload;
  hasVector(name: string): boolean;
}

/**
 * The points that a filter is compiled against. A *row* is a point's small integer in one replica's memory; rows are
 * dense from 0 to `rowCount` and never leave the replica.
 */
export interface PointSource {
  /** One more than the highest row in use. */
  readonly rowCount: number;
  /** Rows that hold a live point. Not to be changed by the reader. */
  readonly liveRows: RowSet;
  /** The point at a live row. */
  subjectAt(row: number): FilterSubject;
  /** The row of a live point. */
  rowOf(id: PointId): number | undefined;
  /** What the payload index on this path answers, if there is one. */
  accessTo(path: string): FieldAccess | undefined;
  /** The collection's text indexes, shown or not. */
  readonly texts?: TextIndexes | undefined;
}
