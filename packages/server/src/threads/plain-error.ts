import { type ErrorCode, MurmurationError } from "@murmuration/index";

/** An error as it crosses threads. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly field: string | undefined;
  readonly cause: string | undefined;
}

/** As it crosses threads; what is no error of ours is `internal`. */
export function toPlainError(error: unknown): PlainError {
  if (!(error instanceof MurmurationError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { code: "internal", message: "the engine failed", field: undefined, cause: text };
  }
  const { code, message, field, cause } = error;
  return { code, message, field, cause: causeOf(cause) };
}

/** Where a fault of the program itself happened; of a typed error, what it says. */
function causeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  return cause instanceof MurmurationError ? cause.message : (cause.stack ?? cause.message);
}

export function fromPlainError({ code, message, field, cause }: PlainError): MurmurationError {
  return new MurmurationError(code, message, field, cause === undefined ? undefined : errorOf(cause));
}

/** Loggers tell of a cause only when it is an error. `text` is its message, or its stack. */
function errorOf(text: string): Error {
  const error = new Error(text.split("\n", 1)[0]);
  error.stack = text;
  return error;
}
