import { MurmurationError } from "../errors.js";
import type { Sliced } from "../sliced.js";
import { slotOfUnreadRow } from "../vector-index/row-record.js";
import type { ReadView } from "./read-view.js";
import type { SpaceReader } from "./space-reader.js";

/** Work on the vectors of a space, whose errors name the point of a vector that could not be read. */
export function* namingPoints<T>(view: ReadView, space: SpaceReader, work: Sliced<T>): Sliced<T> {
  try {
    return yield* work;
  } catch (error) {
    const slot = slotOfUnreadRow(error);
    if (slot === undefined || !(error instanceof MurmurationError)) throw error;
    const { segment, epoch } = view.points;
    const [row = 0] = segment.rowsAtSlots(space.number, Uint32Array.of(slot), epoch);
    if (row === 0) throw error;
    return view.points.readVector(row, () => {
      throw error;
    });
  }
}
