import type { SessionToken } from "@murmuration/core";
import type { Filter, PointId, PointsQuery, ScrollQuery, Selection } from "@murmuration/index";

/**
 * A read as plain data, which can be posted to the thread that does it: what is to be found, and how it is printed. The collections that it
 * reads stand beside it, in a list; it names them by their places there. The first one is where it searches.
 */
export type Reading = SearchesReading | ScrollReading | CountReading | RetrieveReading | PointReading;

/** The nearest points of a vector or of a stored point: `[{"id":…,"version":…,"score":…,…},…]`. */
export interface NearestSearch {
  readonly kind: "nearest";
  readonly query: Omit<PointsQuery, "node"> & {
    /** A vector as the user gave it, or the id of a point, whose vector is used; where that is of what is searched, it is left out of the answer. */
    readonly query: Float32Array | { readonly id: PointId };
  };
  /** Where the vector of a query by id is looked up; missing: where it searches, under the name that it searches by. */
  readonly lookup?: { readonly collection: number; readonly vector?: string };
}

/** Points by ascending id, each printed as if it had been found, with version 0 and score 1. */
export interface PageSearch {
  readonly kind: "page";
  readonly filter?: Filter;
  /** So many are passed over. */
  readonly offset: number;
  readonly limit: number;
  readonly selection: Selection;
}

/** One search of those that a reading asks for. */
export type Search = NearestSearch | PageSearch;

/** One search, or an array of what several come to, all as of one moment. */
export interface SearchesReading {
  readonly kind: "searches";
  readonly searches: readonly Search[];
  readonly isBatch: boolean;
  /** What a search comes to: `{"points":[…]}`, or the list alone. */
  readonly shape: "points" | "list";
  /** Walk again until no operation was applied to the graph meanwhile, while there is time. */
  readonly untilSettled?: boolean;
}

/** A page: `{"points":[…],"next_page_offset":…}`. */
export interface ScrollReading {
  readonly kind: "scroll";
  readonly request: ScrollQuery;
}

/** `{"count":…}` */
export interface CountReading {
  readonly kind: "count";
  readonly filter?: Filter;
}

/** Points by id, in the order asked for, each id once; unknown ones are passed over: `[{"id":…,…},…]`. */
export interface RetrieveReading {
  readonly kind: "retrieve";
  readonly ids: readonly PointId[];
  readonly selection: Selection;
}

/** One point with payload and vectors: `{"id":…,"payload":…,"vector":…}`. Fails with `not-found` (field `id`) without it. */
export interface PointReading {
  readonly kind: "point";
  readonly id: PointId;
}

/** The JSON text of a result: a short one as it is, which is the cheapest to hand over between threads, a long one in UTF-8, piece by piece. */
export type AnswerPieces = readonly [string] | readonly Uint8Array[];

/** What a read came to. */
export interface ReadAnswer {
  readonly pieces: AnswerPieces;
  /** What it is as of: of the catalogue, and of each collection that it reads. */
  readonly frontiers: SessionToken;
  /** Was no operation applied to a graph while it was walked? Missing where none was. */
  readonly settled?: boolean;
}
