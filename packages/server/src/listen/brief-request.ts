import { type ContentEncoding, encodingFor } from "../http/content-encoding.js";
import { smallBodyBytes } from "../http/http-limits.js";
import { murmurHeaders } from "../http/murmur-headers.js";
import { type BriefTarget, briefTarget } from "./brief-routes.js";

/** What the head of a request says that may be a brief read. */
export interface BriefRequest extends BriefTarget {
  readonly path: string;
  /** 0: it has none. */
  readonly bodyBytes: number;
  /** The session's token, if it has one. */
  readonly token: string | undefined;
  /** What it is let in by. */
  readonly credentials: { readonly "api-key"?: string; readonly authorization?: string };
  /** Is how long its parts took to be told? */
  readonly isTimed: boolean;
  /** How a long answer is compressed, if it is. */
  readonly encoding: ContentEncoding | undefined;
}

const JSON_TYPE = /^application\/json(?:; ?charset=utf-8)?$/i;
const LENGTH = /^[1-9]\d{0,8}$/;

/** Headers that ask for more than an answer, or change how a body is read or an answer is sent. */
const askingMore: ReadonlySet<string> = new Set([
  "content-encoding",
  "expect",
  "origin",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "x-no-compression",
  ...Object.values(murmurHeaders).filter((name) => name !== murmurHeaders.token && name !== murmurHeaders.timing),
]);
const credentialHeaders = ["api-key", "authorization"];
/** Headers that are looked at, and may come only once. */
const lookedAt: ReadonlySet<string> = new Set([
  "accept-encoding",
  "api-key",
  "authorization",
  "connection",
  "content-length",
  "content-type",
  "host",
  murmurHeaders.timing,
  murmurHeaders.token,
]);

/**
 * Takes a request for one that may be a brief read, by its head: without parameters, in plain JSON of a small size or, where its method is GET, without
 * a body, of a client that stays connected. `headers`: pairs, the names in lower case.
 */
export function briefRequest(method: string, path: string, headers: Iterable<readonly [string, string]>) {
  const target = briefTarget(path);
  if (target === undefined || target.route.method !== method) return undefined;
  const found = new Map<string, string>();
  for (const [name, value] of headers) {
    if (askingMore.has(name) || (lookedAt.has(name) && found.has(name))) return undefined;
    found.set(name, value);
  }
  const length = method === "GET" ? "0" : (found.get("content-length") ?? "");
  const connection = found.get("connection");
  if (!found.has("host")) return undefined;
  if (method === "GET" && (found.has("content-length") || found.has("content-type"))) return undefined;
  if (method === "POST" && (!LENGTH.test(length) || Number(length) > smallBodyBytes)) return undefined;
  if (method === "POST" && !JSON_TYPE.test(found.get("content-type") ?? "")) return undefined;
  if (connection !== undefined && connection.toLowerCase() !== "keep-alive") return undefined;
  const request: BriefRequest = {
    ...target,
    path,
    bodyBytes: Number(length),
    token: found.get(murmurHeaders.token) || undefined,
    credentials: Object.fromEntries(credentialHeaders.flatMap((name) => [...found].filter(([key]) => key === name))),
    isTimed: found.get(murmurHeaders.timing) === "1",
    encoding: encodingFor(found.get("accept-encoding")),
  };
  return request;
}

const REQUEST_LINE = /^(GET|POST) (\S+) HTTP\/1\.1$/;
/** A field of printable ASCII. What else a field may hold is for HTTP's own parser. */
const FIELD = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?[ \t]*$/;

/** The same of the text of a head, without the empty line that ends it. */
export function briefRequestOfHead(head: string): BriefRequest | undefined {
  const [line, ...fields] = head.split("\r\n");
  const [, method, path] = REQUEST_LINE.exec(line as string) ?? [];
  if (method === undefined || path === undefined) return undefined;
  const headers: [string, string][] = [];
  for (const field of fields) {
    const [, name, value = ""] = FIELD.exec(field) ?? [];
    if (name === undefined) return undefined;
    headers.push([name.toLowerCase(), value]);
  }
  return briefRequest(method, path, headers);
}
