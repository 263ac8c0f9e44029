import { ErrorCode } from "nats";

const REASONS: Readonly<Record<string, string>> = {
  [ErrorCode.AuthorizationViolation]: "the server refuses the credentials",
  [ErrorCode.AuthenticationExpired]: "the credentials have expired",
  [ErrorCode.AuthenticationTimeout]: "the server waited too long for the credentials",
  [ErrorCode.BadAuthentication]: "the credentials cannot be used",
  [ErrorCode.BadCreds]: "the credentials file cannot be used",
  [ErrorCode.ConnectionRefused]: "nothing listens there",
  [ErrorCode.ConnectionTimeout]: "the server does not answer",
  [ErrorCode.Timeout]: "no answer in time",
  [ErrorCode.NoResponders]: "nobody answers: the stream is missing, or the server runs without JetStream",
  [ErrorCode.ServerOptionNotAvailable]: "the server offers no TLS",
};

/** The code of a client error; "" for any other. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** What went wrong, in words. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  const reason = REASONS[code] ?? alertOf(error);
  if (reason !== undefined) return code === "" ? reason : `${reason} (${code})`;
  return error instanceof Error ? error.message : String(error);
}

/** What TLS says; its message would name an address in memory, another one every time. */
function alertOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("reason" in error && typeof error.reason === "string") return `TLS: ${error.reason}`;
  return "chainedError" in error ? alertOf(error.chainedError) : undefined;
}

/** Says that a stream does not exist. */
export function isNotFound(error: unknown): boolean {
  const api =
    error instanceof Error && "api_error" in error ? (error.api_error as { code?: number } | undefined) : undefined;
  return api?.code === 404;
}
