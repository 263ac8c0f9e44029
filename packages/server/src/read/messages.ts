import type { Piece } from "../bodies/pieces.js";
import type { DataKeys } from "../encryption/data-keys.js";
import type { PlainError } from "../threads/plain-error.js";
import type { ReadableCollection, ReaderAnswer } from "./readers.js";
import type { Reading } from "./reading.js";

/** Where a reader's thread has payloads from. */
export interface StoredPayloads {
  /** The file of the log. */
  readonly logFile: string;
  /** Of its pages, where they are encrypted. */
  readonly logKey?: Uint8Array | undefined;
  /** What the thread keeps of them. */
  readonly cacheMebibytes: number;
}

/** What a reader's thread is started with. */
export interface ReaderStart {
  /** Its place on tables and graphs. */
  readonly thread: number;
  /** One word, to which it adds whenever it has done something: a thread that does not is stuck. */
  readonly beat: Int32Array;
  readonly payloads: StoredPayloads;
  /** Where vectors are that are kept off memory. */
  readonly vectorFolder?: string;
  /** Those are encrypted with them. */
  readonly keys?: DataKeys;
}

/** To a reader: what one turn of the thread that asks has come to, in order. */
export type ReaderRequest =
  /** A collection, before the first reading that needs it. */
  | { readonly kind: "collection"; readonly collection: number; readonly opened: ReadableCollection }
  | { readonly kind: "forget"; readonly collection: number }
  /** A part of a reading that follows. */
  | { readonly kind: "piece"; readonly request: number; readonly piece: Piece }
  | {
      readonly kind: "read";
      readonly request: number;
      readonly collections: readonly number[];
      /** Missing: it came in pieces. */
      readonly reading?: Reading;
      /** On the clock of `processClockMs`. */
      readonly deadlineMs: number;
      readonly timeoutMs: number;
    }
  /** Nobody waits for this any more. */
  | { readonly kind: "cancel"; readonly request: number };

export type ReaderOutcome = { readonly request: number } & (
  | { readonly answer: ReaderAnswer }
  | { readonly error: PlainError }
);

/** From a reader: what has been done in one go. The first one, with nothing, says that it has started. */
export type ReaderReply = readonly ReaderOutcome[];
