import type { PointsQuery } from "@murmuration/index";
import { smallBodyBytes } from "../http/http-limits.js";
import { murmurHeaders } from "../http/murmur-headers.js";
import { plainQuery, plainSearch } from "../http/schemas/plain-query.js";
import type { SearchesReading } from "../read/reading.js";
import { type Collections, planQuery, planSearch, ReadNames } from "../routes/plan-query.js";

/** A route whose requests may be brief reads. */
export interface BriefRoute {
  /** As metrics name it. */
  readonly endpoint: string;
  readonly shape: SearchesReading["shape"];
  /** What a body asks for; `undefined` unless it is plain. Throws what it is refused with. */
  readonly planOf: (body: unknown, collections: Collections, collection: string) => PointsQuery | undefined;
}

const briefRoutes: { readonly [action: string]: BriefRoute } = {
  query: {
    endpoint: "/collections/{collection_name}/points/query",
    shape: "points",
    planOf: (body, collections, collection) => {
      const plain = plainQuery(body);
      return plain && planQuery(collections, plain, new ReadNames(collection));
    },
  },
  search: {
    endpoint: "/collections/{collection_name}/points/search",
    shape: "list",
    planOf: (body, collections, collection) => {
      const plain = plainSearch(body);
      return plain && planSearch(collections, plain, new ReadNames(collection));
    },
  },
};

/** What the head of a request says that may be a brief read. */
export interface BriefRequest {
  readonly route: BriefRoute;
  readonly path: string;
  readonly collection: string;
  readonly bodyBytes: number;
  /** The session's token, if it has one. */
  readonly token: string | undefined;
  /** What it is let in by. */
  readonly credentials: { readonly "api-key"?: string; readonly authorization?: string };
  /** A long answer would be compressed. */
  readonly acceptsEncoding: boolean;
}

const PATH = /^\/collections\/([\w.~-]{1,255})\/points\/(query|search)$/;
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
  ...Object.values(murmurHeaders).filter((name) => name !== murmurHeaders.token),
]);
const credentialHeaders = ["api-key", "authorization"];
/** Headers that are looked at, and may come only once. */
const lookedAt: ReadonlySet<string> = new Set([
  "api-key",
  "authorization",
  "connection",
  "content-length",
  "content-type",
  "host",
  murmurHeaders.token,
]);

/** Where a brief read has gone; `undefined`: to no route that has any. */
export function briefTarget(path: string): { readonly route: BriefRoute; readonly collection: string } | undefined {
  const [, collection, action] = PATH.exec(path) ?? [];
  if (collection === undefined || action === undefined) return undefined;
  return { collection, route: briefRoutes[action] as BriefRoute };
}

/**
 * Takes a request for one that may be a brief read, by its head: a query or search without parameters, in plain JSON of a small size, of
 * a client that stays connected. `headers`: pairs, the names in lower case.
 */
export function briefRequest(method: string, path: string, headers: Iterable<readonly [string, string]>) {
  const target = method === "POST" ? briefTarget(path) : undefined;
  if (target === undefined) return undefined;
  const found = new Map<string, string>();
  for (const [name, value] of headers) {
    if (askingMore.has(name) || (lookedAt.has(name) && found.has(name))) return undefined;
    found.set(name, value);
  }
  const length = found.get("content-length") ?? "";
  const connection = found.get("connection");
  if (!found.has("host") || !LENGTH.test(length) || Number(length) > smallBodyBytes) return undefined;
  if (!JSON_TYPE.test(found.get("content-type") ?? "")) return undefined;
  if (connection !== undefined && connection.toLowerCase() !== "keep-alive") return undefined;
  const request: BriefRequest = {
    ...target,
    path,
    bodyBytes: Number(length),
    token: found.get(murmurHeaders.token) || undefined,
    credentials: Object.fromEntries(credentialHeaders.flatMap((name) => [...found].filter(([key]) => key === name))),
    acceptsEncoding: found.has("accept-encoding"),
  };
  return request;
}

const REQUEST_LINE = /^POST (\S+) HTTP\/1\.1$/;
/** A field of printable ASCII. What else a field may hold is for HTTP's own parser. */
const FIELD = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?[ \t]*$/;

/** The same of the text of a head, without the empty line that ends it. */
export function briefRequestOfHead(head: string): BriefRequest | undefined {
  const [line, ...fields] = head.split("\r\n");
  const path = REQUEST_LINE.exec(line as string)?.[1];
  if (path === undefined) return undefined;
  const headers: [string, string][] = [];
  for (const field of fields) {
    const [, name, value = ""] = FIELD.exec(field) ?? [];
    if (name === undefined) return undefined;
    headers.push([name.toLowerCase(), value]);
  }
  return briefRequest("POST", path, headers);
}
