import { prepareFilter } from "../filter/compile.js";
import type { Filter } from "../filter/condition.js";
import type { FilterSubject, PointSource } from "../filter/point-source.js";
import type { FieldAccess } from "../payload/access.js";
import type { Payload } from "../payload/json.js";
import { parsePayload } from "../payload/payload-text.js";
import type { TextIndexes } from "../payload/schema.js";
import type { PointId } from "../point/point-id.js";
import type { ReadonlyRowSet, RowSet } from "../row-set.js";
import { Meter, type Sliced } from "../sliced.js";
import type { ReadView } from "./read-view.js";

/** Parsing so many bytes of a payload counts for a step. */
const BYTES_PER_STEP = 8;

/** A view's points, as filters ask for them: payloads are read and parsed where a condition looks at them. */
class ViewSource implements PointSource {
  readonly liveRows: RowSet;
  readonly #view: ReadView;
  /** Counts what reading a payload costs. */
  meter = new Meter();

  constructor(view: ReadView, liveRows: RowSet) {
    this.#view = view;
    this.liveRows = liveRows;
  }

  get rowCount(): number {
    return this.#view.points.segment.rowCount;
  }

  get texts(): TextIndexes | undefined {
    return this.#view.texts;
  }

  subjectAt(row: number): FilterSubject {
    return new RowSubject(this.#view, row, this.meter);
  }

  rowOf(id: PointId): number | undefined {
    return this.#view.points.rowOf(id);
  }

  accessTo(path: string): FieldAccess | undefined {
    return this.#view.points.accessTo(path);
  }
}

class RowSubject implements FilterSubject {
  readonly #view: ReadView;
  readonly #row: number;
  readonly #meter: Meter;
  #payload: Payload | undefined;

  constructor(view: ReadView, row: number, meter: Meter) {
    this.#view = view;
    this.#row = row;
    this.#meter = meter;
  }

  get id(): PointId {
    return this.#view.points.idAt(this.#row);
  }

  get payload(): Payload {
    this.#payload ??= this.#view.points.readPayload(this.#row, (bytes) => {
      this.#meter.steps += bytes.length / BYTES_PER_STEP;
      return parsePayload(bytes);
    });
    return this.#payload;
  }

  hasVector(name: string): boolean {
    const { points, spaces } = this.#view;
    const space = spaces.find((one) => one.name === name);
    return space !== undefined && points.segment.rows.slotAt(this.#row, space.number) !== undefined;
  }
}

/** The point at a row, as filters and formulas look at it; what reading its payload costs is counted by `meter`. */
export function subjectOf(view: ReadView, row: number, meter: Meter): FilterSubject {
  return new RowSubject(view, row, meter);
}

/** Rows of the points that satisfy a filter; not to be changed. Throws `format` for a bad path, `corrupt` or `storage` for a payload that cannot be read. */
export function* matchingRows(view: ReadView, filter: Filter): Sliced<ReadonlyRowSet> {
  const { points, watch } = view;
  watch?.enter("filter");
  const key = points.matching.keyOf(filter);
  // whoever asks what would be done asks for the steps as well
  const known = key === undefined || watch?.isDry === true ? undefined : points.matching.at(points.epoch, key);
  if (known !== undefined) {
    watch?.plan.filtered(filter, points.size, known.size, true);
    return known;
  }
  const source = new ViewSource(view, yield* points.visibleRows());
  const compiled = prepareFilter(filter, source, watch && ((step) => watch.plan.step(step)));
  source.meter = compiled.meter;
  const rows = yield* compiled.rows();
  watch?.plan.filtered(filter, points.size, rows.size, false);
  if (key !== undefined) points.matching.keep(points.epoch, key, rows);
  return rows;
}
