import type { MurmurationError } from "@murmuration/index";
import type { CollectionBody } from "./collection-body.js";

/** How far a source was read: where a later run goes on. */
export interface Position {
  /** Rows before it, wrong ones among them. */
  readonly rows: number;
  /** Where that is in the source, in terms of its own, as JSON. */
  readonly at?: unknown;
}

/** Columns of a row by their names. What is `undefined` is not there. */
export type Fields = ReadonlyMap<string, unknown>;

/** One row of a source, or what is wrong with it. */
export type Row = {
  /** As people find it: "line 7", "row 12". */
  readonly place: string;
  /** Behind this row. */
  readonly next: Position;
} & (
  | { readonly fields: Fields; readonly fault?: undefined }
  | { readonly fields?: undefined; readonly fault: MurmurationError; readonly raw: string }
);

/** What a source says of itself before it is read. */
export interface SourceFacts {
  /** For people. */
  readonly name: string;
  readonly format: string;
  /** What tells it from any other, as JSON: a later run goes on only where this is the same. `undefined`: it can be read once. */
  readonly identity: unknown;
  /** `undefined`: not known before it is read. */
  readonly total?: number | undefined;
  /** How much of all is before a place, from 0 to 1, where that can be told and the number of rows cannot. */
  readonly shareAt?: ((position: Position) => number) | undefined;
  /** The collection that it is of, where it carries that. */
  readonly collection?: CollectionBody | undefined;
  /** Column of ids, of vectors by their names, of the whole payload: where the format itself says so. */
  readonly layout?:
    | { readonly id?: string; readonly vectors?: ReadonlyMap<string, string>; readonly payload?: string }
    | undefined;
  /** How its vectors are compared, where it says that and no more. */
  readonly distance?: string | undefined;
  /** What somebody should know before it is written. */
  readonly notes?: readonly string[];
  /** What of it is left behind, each by name. */
  readonly leftOut?: readonly string[];
}

/** Where points come from. Rows come in the same order each time, as long as nobody changes the source. */
export interface Source extends SourceFacts {
  /** Rows from there on. Throws a `MurmurationError` where the source itself is at fault: it ends within a row, it is away. */
  rows(from: Position | undefined): AsyncGenerator<Row, void, void>;
  close(): Promise<void>;
}
