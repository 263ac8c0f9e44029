import { MurmurationError } from "@murmuration/index";
import { Refusal } from "./refusal.js";

/** Where in a request the value at fault stands. */
export type RequestPart = "JSON body" | "query parameters" | "path parameters" | "headers";

/** What an error becomes on the wire. */
export interface ErrorAnswer {
  readonly statusCode: number;
  readonly message: string;
  /** true when the fault is ours: to be logged. */
  readonly internal: boolean;
  readonly headers?: { readonly [name: string]: string };
  /** The message is the whole body, without the envelope. */
  readonly isText?: true;
}

/** An error that HTTP itself knows (unknown route, body too large, content type), as Fastify and its plugins throw it. */
interface HttpError {
  readonly statusCode: number;
  readonly message: string;
}

function isHttpError(error: unknown): error is HttpError {
  return error instanceof Error && "statusCode" in error && typeof error.statusCode === "number";
}

/** Fastify's own refusal of a body that no parser is for. */
function isOtherContentType(error: HttpError): boolean {
  return "code" in error && error.code === "FST_ERR_CTP_INVALID_MEDIA_TYPE";
}

function withField(error: MurmurationError): string {
  if (error.field === undefined || error.field === "" || error.message.startsWith(error.field)) return error.message;
  return `${error.field}: ${error.message}`;
}

function ofMurmurationError(error: MurmurationError, part: RequestPart): ErrorAnswer {
  const answer = (statusCode: number, message: string, internal = false): ErrorAnswer => ({
    statusCode,
    message,
    internal,
  });
  switch (error.code) {
    case "format":
      return part === "JSON body"
        ? answer(400, `Format error in JSON body: ${withField(error)}`)
        : answer(400, `Deserialize error in ${part}: ${withField(error)}`);
    case "validation":
      return answer(422, `Validation error in ${part}: [${withField(error)}]`);
    case "wrong-input":
      return answer(400, `Wrong input: ${error.message}`);
    case "bad-request":
      return answer(400, `Bad request: ${error.message}`);
    case "unsupported":
      return answer(400, `Bad request: ${withField(error)}`);
    case "forbidden":
      return answer(403, `Forbidden: ${error.message}`);
    case "not-found":
      return answer(404, `Not found: ${error.message}`);
    case "already-exists":
      return answer(409, `Wrong input: ${error.message}`);
    case "conflict":
      return answer(409, `Conflict: ${error.message}`);
    case "timeout":
      return answer(408, `Timeout: ${error.message}`);
    case "capacity":
      return answer(507, `Insufficient storage: ${error.message}`);
    case "storage":
      return answer(500, `Service internal error: ${error.message}`, true);
    case "unavailable":
      return answer(503, `Service unavailable: ${error.message}`);
    case "corrupt":
      return answer(
        500,
        `Service internal error: ${error.field ?? "stored data"} failed its checks, see the log`,
        true,
      );
    case "internal":
      return answer(500, "Service internal error: see the log", true);
  }
}

/** The one place where errors become status codes and messages. What is not known to be the caller's fault says nothing. */
export function errorAnswer(error: unknown, part: RequestPart = "JSON body"): ErrorAnswer {
  if (error instanceof MurmurationError) return ofMurmurationError(error, part);
  if (error instanceof Refusal) {
    const { statusCode, message, headers, form } = error;
    return { statusCode, message, internal: false, headers, ...(form === "text" ? { isText: true } : {}) };
  }
  if (isHttpError(error) && error.statusCode >= 400 && error.statusCode < 500) {
    const message = isOtherContentType(error) ? "the content type must be application/json" : error.message;
    return { statusCode: error.statusCode, message: `Bad request: ${message}`, internal: false };
  }
  return { statusCode: 500, message: "Service internal error: see the log", internal: true };
}
