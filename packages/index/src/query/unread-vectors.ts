import { MurmurationError } from "../errors.js";
import type { Sliced } from "../sliced.js";
import { unreadRowOf } from "../vector-index/row-record.js";
import type { Views } from "./read-view.js";

/** A read of these collections, whose errors name the point of a vector that could not be read. */
export function* namingPoints<T>(views: Views, work: Sliced<T>): Sliced<T> {
  try {
    return yield* work;
  } catch (error) {
    throw named(views, error);
  }
}

function named(views: Views, error: unknown): unknown {
  const unread = unreadRowOf(error);
  if (unread === undefined || !(error instanceof MurmurationError)) return error;
  for (const { points, spaces } of views) {
    const space = spaces.find(({ rowsName }) => rowsName === unread.unreadIn);
    if (space === undefined) continue;
    const [row = 0] = points.segment.rowsAtSlots(space.number, Uint32Array.of(unread.slot), points.epoch);
    if (row !== 0) return points.unreadable(row, "vector", error);
  }
  return error;
}
