import { assert, MurmurationError } from "../errors.js";
import type { FieldAccess } from "../payload/access.js";
import type { ColumnReader } from "../payload/columns/column-reader.js";
import { emptyPayloadKey, type PayloadReader } from "../payload/store.js";
import { isPlanted } from "../planted.js";
import { comparePointIds, type PointId } from "../point/point-id.js";
import type { RowSet } from "../row-set.js";
import { rowsPerCallMax, type SegmentReader } from "../segment/reader.js";
import { Meter, type Sliced } from "../sliced.js";
import type { MatchingCache } from "./matching-cache.js";

const emptyPayload = new TextEncoder().encode("{}");

/** What a thread keeps of the last epoch that it read all of: the next snapshot is often of the same one. */
export interface LastVisible {
  readonly matching: MatchingCache;
  epoch: number;
  /** Not to be changed. */
  rows: RowSet | undefined;
}

/** The points of a collection that an epoch shows which this thread has pinned. A row is a version of a point. */
export class PointsAtEpoch {
  readonly epoch: number;
  readonly segment: SegmentReader;
  readonly #columns: ColumnReader;
  readonly #payloads: PayloadReader;
  /** What filters have matched; rows of this epoch alone are asked of it. */
  readonly matching: MatchingCache;
  readonly #last: LastVisible;
  #visible: RowSet | undefined;

  constructor(
    segment: SegmentReader,
    columns: ColumnReader,
    payloads: PayloadReader,
    last: LastVisible,
    epoch: number,
  ) {
    this.segment = segment;
    this.#columns = columns;
    this.#payloads = payloads;
    this.#last = last;
    this.matching = last.matching;
    this.epoch = epoch;
    if (last.epoch === epoch) this.#visible = last.rows;
  }

  /** Number of points. */
  get size(): number {
    return this.segment.count(this.epoch);
  }

  /** Every point's row. Not to be changed. */
  *visibleRows(): Sliced<RowSet> {
    if (this.#visible === undefined) {
      this.#visible = yield* this.#columns.visibleRows(this.epoch, new Meter());
      this.#last.epoch = this.epoch;
      this.#last.rows = this.#visible;
    }
    return this.#visible;
  }

  rowOf(id: PointId): number | undefined {
    return this.segment.rowOf(id, this.epoch);
  }

  /** The rows whose vectors stand at these slots of a space; each has one. */
  rowsAtSlots(space: number, slots: Uint32Array): Uint32Array {
    const rows = new Uint32Array(slots.length);
    for (let from = 0; from < slots.length; from += rowsPerCallMax) {
      rows.set(this.segment.rowsAtSlots(space, slots.subarray(from, from + rowsPerCallMax), this.epoch), from);
    }
    assert(!rows.includes(0), "a slot that is answered with is a visible point's");
    return rows;
  }

  /** Order of points of equal score: by ascending id. */
  compareIds(a: number, b: number): number {
    if (isPlanted("ties-by-row")) return a - b;
    return comparePointIds(this.idAt(a), this.idAt(b));
  }

  idAt(row: number): PointId {
    return this.segment.rows.idAt(row);
  }

  /**
   * The payload of a row's point as JSON in UTF-8; a view that is good until the next call. Throws `corrupt` or `storage`, naming the point,
   * where it cannot be had.
   */
  payloadAt(row: number): Uint8Array {
    const key = this.segment.rows.payloadKeyAt(row);
    return key === emptyPayloadKey ? emptyPayload : this.#ofPoint(row, () => this.#payloads.bytesOf(key));
  }

  /** What is made of a row's payload; where it cannot be, the error names the point. */
  readPayload<Made>(row: number, make: (bytes: Uint8Array) => Made): Made {
    const bytes = this.payloadAt(row);
    return this.#ofPoint(row, () => make(bytes));
  }

  /** What the column on a path answers; `undefined`: there is none. */
  accessTo(path: string): FieldAccess | undefined {
    return this.#columns.accessTo(path, this.epoch);
  }

  /** What is made of a vector of a row's point; where it cannot be, the error names the point. */
  readVector<Made>(row: number, make: () => Made): Made {
    return this.#ofPoint(row, make, "vector");
  }

  /** An error about a part of a row's point, which names that. */
  unreadable(row: number, part: string, error: MurmurationError): MurmurationError {
    const what = `the ${part} of point ${this.idAt(row)}`;
    return new MurmurationError(error.code, `${what}: ${error.message}`, what, error);
  }

  #ofPoint<Made>(row: number, read: () => Made, part = "payload"): Made {
    try {
      return read();
    } catch (error) {
      throw error instanceof MurmurationError ? this.unreadable(row, part, error) : error;
    }
  }
}
