import { assert, MurmurationError } from "../errors.js";
import type { TextIndexes } from "../payload/schema.js";
import type { PublishedHold } from "../vector-index/published-pins.js";
import type { PointsAtEpoch } from "./points-at-epoch.js";
import type { ReadWatch } from "./read-watch.js";
import type { SpaceReader } from "./space-reader.js";

/** What a read is made from: one collection as of one moment, in one thread. */
export interface ReadView {
  readonly points: PointsAtEpoch;
  /** By their number in the table. */
  readonly spaces: readonly SpaceReader[];
  /** By space: what its graph had counted when the view was made. */
  readonly graphs: readonly Pick<PublishedHold, "changes" | "departures">[];
  /** Regions of the graphs that were inserted concurrently are not linked to each other yet: walks start from all entries. */
  readonly allEntries: boolean;
  /** The text indexes that the collection has for the one who asks. */
  readonly texts?: TextIndexes | undefined;
  /** Missing: nobody is told how it is read. */
  readonly watch?: ReadWatch | undefined;
}

/** The space of a vector. Throws `wrong-input` for an unknown name. */
export function spaceOf({ spaces }: ReadView, vector: string): SpaceReader {
  const space = spaces.find(({ name }) => name === vector);
  if (space === undefined) {
    throw new MurmurationError("wrong-input", `Not existing vector name error: ${vector}`, "vector");
  }
  return space;
}

/** What a query is carried out with: the collection that is searched, then those that points are looked up in. */
export type Views = readonly ReadView[];

/** The view of a collection by its place. */
export function viewAt(views: Views, place: number): ReadView {
  const view = views[place];
  assert(view !== undefined, "a query names collections that it is carried out with");
  return view;
}
