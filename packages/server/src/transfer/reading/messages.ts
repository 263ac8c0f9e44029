import type { PlainError } from "../../threads/plain-error.js";

/** What a process that reads says. */
export type ReadingReply =
  | { readonly kind: "progress" }
  | { readonly kind: "answer"; readonly answer: unknown }
  | { readonly kind: "error"; readonly error: PlainError }
  /** Something has failed that nobody waited for: what the process does from now on is not to be believed. */
  | { readonly kind: "broken"; readonly message: string };
