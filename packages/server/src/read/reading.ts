import type { SessionToken } from "@murmuration/core";
import type {
  FacetQuery,
  Filter,
  GroupsQuery,
  MatrixQuery,
  PointId,
  PointsQuery,
  QualityQuery,
  ScrollQuery,
  Selection,
  TextIndexes,
  WalkQuery,
} from "@murmuration/index";
import type { DataKeys, Sealed } from "../encryption/data-keys.js";
import type { ReadReport } from "./read-report.js";

/**
 * A read as plain data, which can be posted to the thread that does it: what is to be found, and how it is printed. The collections that it
 * reads stand beside it, in a list; it names them by their places there. The first one is where it searches.
 */
export type Reading = (
  | SearchesReading
  | GroupsReading
  | ScrollReading
  | CountReading
  | FacetReading
  | MatrixReading
  | RetrieveReading
  | PointReading
  | ExportReading
  | ExplainReading
  | WalkReading
  | QualityReading
) & {
  /** Its answer comes with a report of how it was carried out. */
  readonly isWatched?: true;
  /** By collection: its text indexes, as they are known where the reading is made; missing where there are none. */
  readonly texts?: readonly (TextIndexes | undefined)[];
};

/**
 * One query, or an array of what several come to, all as of one moment: points as `[{"id":…,"version":…,"score":…,…},…]`. The places that a
 * query names of collections are those of the reading.
 */
export interface SearchesReading {
  readonly kind: "searches";
  readonly searches: readonly PointsQuery[];
  readonly isBatch: boolean;
  /** What a search comes to: `{"points":[…]}`, or the list alone. */
  readonly shape: "points" | "list";
  /** Walk again until no operation was applied to the graph meanwhile, while there is time. */
  readonly untilSettled?: boolean;
}

/** Points in groups: `{"groups":[{"hits":[…],"id":…,"lookup":{…}},…]}`. */
export interface GroupsReading {
  readonly kind: "groups";
  readonly query: GroupsQuery;
  /** See `SearchesReading`. */
  readonly untilSettled?: boolean;
}

/** Values by how many points have them: `{"hits":[{"value":…,"count":…},…]}`. */
export interface FacetReading {
  readonly kind: "facet";
  readonly query: FacetQuery;
}

/** Distances among a sample: as `{"pairs":[…]}`, or as the columns of a sparse matrix. */
export interface MatrixReading {
  readonly kind: "matrix";
  readonly query: MatrixQuery;
  readonly shape: "pairs" | "offsets";
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

/** Every point, written to a new file behind a line of its own: `{"points":…,"bytes":…,"sha256":…}`. */
export interface ExportReading {
  readonly kind: "export";
  /** The file is encrypted so. */
  readonly seal?: { readonly keys: DataKeys; readonly as: Sealed };
  readonly file: string;
  /** The first line. */
  readonly header: string;
}

/** What a read would do and why, without doing it: filters are evaluated, nothing is searched. Refuses what the read would refuse. */
export interface ExplainReading {
  readonly kind: "explain";
  readonly of: SearchesReading | GroupsReading | ScrollReading | CountReading;
  /** What words about it need to know. */
  readonly about: {
    /** Kinds of payload indexes by path. */
    readonly indexes: { readonly [path: string]: string };
    /** Why the read would be refused; then nothing of it is looked at. */
    readonly refused?: string;
  };
}

/** How a query walks through the graph: `{"nodes":[…],"walks":[{"steps":[…],…}],"points":[…],…}`. */
export interface WalkReading {
  readonly kind: "walk";
  readonly query: WalkQuery;
}

/** How good and how fast the search is: `{"widths":[{"ef":…,"recall":…,…}],…}`. */
export interface QualityReading {
  readonly kind: "quality";
  readonly query: QualityQuery;
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
  /** Of one that was to be watched. */
  readonly report?: ReadReport;
}
