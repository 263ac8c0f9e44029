/**
 * What went wrong, as a closed set. The server maps each code to one HTTP status; nothing ever matches on messages.
 *
 * - `format`: the value has the wrong shape or type (400)
 * - `validation`: the shape is right, the value is out of its range (422)
 * - `wrong-input`: right in itself, wrong for this collection (400)
 * - `bad-request`: cannot be done as asked (400)
 * - `unsupported`: an option of the dialect that this version does not serve (400)
 * - `forbidden`: not allowed to whoever asks (403)
 * - `not-found`: a named collection, point or alias does not exist (404)
 * - `already-exists`: the name is taken (409)
 * - `conflict`: something under way excludes it (409)
 * - `timeout`: the time that it was given is over; nothing was changed (408)
 * - `capacity`: a stated bound on memory, queue or size is reached (507)
 * - `storage`: the log could not make the operation durable (500)
 * - `unavailable`: not ready, or stopping (503)
 * - `corrupt`: a file or message failed its checks (500)
 * - `internal`: something that the program itself guarantees did not hold (500)
 */
export type ErrorCode =
  | "format"
  | "validation"
  | "wrong-input"
  | "bad-request"
  | "unsupported"
  | "forbidden"
  | "not-found"
  | "already-exists"
  | "conflict"
  | "timeout"
  | "capacity"
  | "storage"
  | "unavailable"
  | "corrupt"
  | "internal";

/** The one error type of all packages. `field` is the path of the value at fault, as the caller wrote it. */
export class MurmurationError extends Error {
  override readonly name = "MurmurationError";
  readonly code: ErrorCode;
  readonly field: string | undefined;

  constructor(code: ErrorCode, message: string, field?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.field = field;
  }
}

/** Throws when a thing that the program itself guarantees does not hold. Always on. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
