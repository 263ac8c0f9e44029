import { parsePayload, printPayload } from "../payload/payload-text.js";
import { compileSelector, type PayloadSelection } from "../payload/select.js";
import { textFromUtf8 } from "../text.js";
import type { Vector } from "../vector/vector.js";
import type { PointRecord, ScoredRecord, Selection } from "./query.js";
import type { ReadView } from "./read-view.js";
import type { SpaceReader } from "./space-reader.js";

function selectedSpaces({ spaces }: ReadView, vectors: true | readonly string[]): SpaceReader[] {
  return spaces
    .filter(({ name }) => vectors === true || vectors.includes(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What a read returns of the points of a view. */
export class RecordReader {
  readonly #view: ReadView;
  readonly #selection: Selection;
  readonly #payload: PayloadSelection;
  /** Those that are selected, in the order of their names. */
  readonly #spaces: readonly SpaceReader[];

  /** Throws `format` for a bad path in the selection. */
  constructor(view: ReadView, selection: Selection) {
    this.#view = view;
    this.#selection = selection;
    this.#payload = compileSelector(selection.payload);
    const { vectors } = selection;
    this.#spaces = vectors === false ? [] : selectedSpaces(view, vectors);
  }

  /** The selected parts of the point at a row. Throws `corrupt` or `storage` for a payload that cannot be read. */
  recordAt(row: number): PointRecord {
    const { points } = this.#view;
    return this.#select(row, { id: points.idAt(row), version: points.segment.rows.versionAt(row) });
  }

  /** The same of a point that was found, with its score. */
  scoredAt(row: number, score: number): ScoredRecord {
    const { points } = this.#view;
    return this.#select(row, { id: points.idAt(row), version: points.segment.rows.versionAt(row), score });
  }

  #select<Known extends PointRecord>(row: number, known: Known): Known {
    const { payload, vectors } = this.#selection;
    this.#view.watch?.enter("fetch");
    if (payload === false && vectors === false) return known;
    const text = this.#payloadAt(row);
    return {
      ...known,
      ...(text === undefined ? {} : { payload: text }),
      ...(vectors === false ? {} : { vectors: this.#vectorsAt(row) }),
    };
  }

  #payloadAt(row: number): string | undefined {
    const { payload } = this.#selection;
    if (payload === false) return undefined;
    return this.#view.points.readPayload(row, (bytes) => {
      if (payload === true) return textFromUtf8(bytes, "payload");
      const selected = this.#payload(parsePayload(bytes));
      return selected && printPayload(selected);
    });
  }

  /** Copies of a point's vectors. */
  #vectorsAt(row: number): { [name: string]: Vector } {
    const { points } = this.#view;
    const vectors: { [name: string]: Vector } = {};
    for (const space of this.#spaces) {
      const slot = points.segment.rows.slotAt(row, space.number);
      if (slot === undefined) continue;
      vectors[space.name] = points.readVector(row, () => space.vectorAt(slot));
    }
    return vectors;
  }
}
