import type { CarriedPoint } from "../carried-point.js";
import type { CollectionBody, VectorShape } from "../collection-body.js";

/** What a sink is opened with. */
export interface SinkOptions {
  /** A path; `-`: the standard output. */
  readonly output: string;
  /** What the points are of. */
  readonly collection: CollectionBody;
  /** The vectors that are written, by their names. */
  readonly shapes: ReadonlyMap<string, VectorShape>;
  readonly withPayload: boolean;
  /** The collection is written in front of the points, where the format has a place for it. */
  readonly isHeaderWanted: boolean;
}

/** Where points go. */
export interface Sink {
  readonly format: string;
  /** The files that it writes. */
  readonly files: readonly string[];
  /** What the format cannot carry of this collection, each by name. */
  readonly leftOut: readonly string[];
  /** Throws `wrong-input` for a point that the format cannot hold. */
  put(points: readonly CarriedPoint[]): void | Promise<void>;
  /** Ends the files, which have their names from then on. */
  end(): void | Promise<void>;
  /** Removes what is unfinished. */
  abandon(): void | Promise<void>;
}
