import { assert } from "../errors.js";
import type { Filter } from "../filter/condition.js";
import type { FieldAccess } from "../payload/access.js";
import type { PointId } from "../point/point-id.js";
import type { Sliced } from "../sliced.js";
import { execute, type QueryOutcome } from "./execute.js";
import { facet } from "./facet.js";
import { groups } from "./groups.js";
import { matrix } from "./matrix.js";
import { type Quality, type QualityQuery, quality } from "./quality.js";
import type {
  Emit,
  FacetHit,
  FacetQuery,
  GroupsQuery,
  Matrix,
  MatrixQuery,
  PointGroup,
  PointRecord,
  PointsQuery,
  ScoredRecord,
  ScrolledRecord,
  ScrollQuery,
  Selection,
} from "./query.js";
import type { ReadView } from "./read-view.js";
import { recordWalk, type WalkQuery, type WalkTold } from "./record-walk.js";
import { RecordReader } from "./records.js";
import { count, scroll } from "./scroll.js";
import { namingPoints } from "./unread-vectors.js";

/**
 * A collection as of one epoch, in one thread: until it is released, every read of it answers from exactly what the epoch shows, however long
 * it takes. Reads are work in slices; several may be under way in turns. A read that is ended before its time leaves nothing behind.
 */
export class Snapshot {
  readonly epoch: number;
  readonly #whileHeld: ReadView;
  #release: (() => void) | undefined;

  constructor(view: ReadView, release: () => void) {
    this.epoch = view.points.epoch;
    this.#whileHeld = view;
    this.#release = release;
  }

  get #view(): ReadView {
    assert(this.#release !== undefined, "a snapshot is read before it is released");
    return this.#whileHeld;
  }

  /**
   * The points that a query finds, best first. `collections`: of all collections that it names by their places (`Lookup.collection`), this one
   * first. Throws `wrong-input` for a vector of an unknown name or of other dimensions, or a point that has
   * none; `not-found` for a point that is not there; `format` for a bad path; `corrupt` or `storage` for a payload or a vector that cannot be read, with the point.
   */
  query(query: PointsQuery, emit: Emit<ScoredRecord>, collections: readonly Snapshot[] = [this]): Sliced<QueryOutcome> {
    const views = collections.map((one) => one.#view);
    return namingPoints(views, execute(views, query, emit));
  }

  /** Points by id, in the order asked for; unknown ids are passed over. Throws as `query` does. */
  *retrieve(ids: readonly PointId[], selection: Selection, emit: Emit<PointRecord>): Sliced<void> {
    const records = new RecordReader(this.#view, selection);
    for (const id of ids) {
      const row = this.#view.points.rowOf(id);
      if (row !== undefined) emit(records.recordAt(row));
      yield "pause";
    }
  }

  /**
   * A page of points by ascending id, or by an indexed number; gives the id that the next page begins with (`null`: none, or ordered by a
   * number). Throws as `query` does, and `wrong-input` where no index has the order that is asked for.
   */
  scroll(query: ScrollQuery, emit: Emit<ScrolledRecord>): Sliced<PointId | null> {
    return scroll(this.#view, query, emit);
  }

  /** How many points match; without a filter, how many there are. Throws as `query` does. */
  count(filter?: Filter): Sliced<number> {
    return count(this.#view, filter);
  }

  /** The same points in groups, by what stands at a path: the best groups first, in each its best points. Throws as `query` does. */
  groups(query: GroupsQuery, emit: Emit<PointGroup>, collections: readonly Snapshot[] = [this]): Sliced<QueryOutcome> {
    const views = collections.map((one) => one.#view);
    return namingPoints(views, groups(views, query, emit));
  }

  /** Values of an indexed path by how many points have them. Throws as `query` does, and `wrong-input` where no index knows values. */
  facet(query: FacetQuery): Sliced<FacetHit[]> {
    return facet(this.#view, query);
  }

  /** Each point's nearest others of a sample. Throws as `query` does. */
  matrix(query: MatrixQuery): Sliced<Matrix> {
    return namingPoints([this.#view], matrix(this.#view, query));
  }

  /** How a nearest-neighbour query walks through the graph, step by step. Throws as `query` does, and `wrong-input` for a vector without a graph. */
  walk(query: WalkQuery, collections: readonly Snapshot[] = [this]): Sliced<WalkTold> {
    const views = collections.map((one) => one.#view);
    return namingPoints(views, recordWalk(views, query));
  }

  /** How good and how fast the search is. `now`: a clock in milliseconds. Throws as `walk` does. */
  quality(query: QualityQuery, now: () => number): Sliced<Quality> {
    return namingPoints([this.#view], quality(this.#view, query, now));
  }

  /** What the payload index on a path answers; `undefined`: there is none. Rows mean something in this snapshot only. */
  accessTo(path: string): FieldAccess | undefined {
    return this.#view.points.accessTo(path);
  }

  /** Nothing more is read. May be called again. */
  release(): void {
    this.#release?.();
    this.#release = undefined;
  }
}
