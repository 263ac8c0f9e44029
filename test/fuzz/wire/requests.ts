/** Something to write to a connection, whether a server takes it for a request or not. */
export interface WireRequest {
  readonly name: string;
  /** As a client sends it, a character a byte. */
  readonly text: string;
  /** The status of its answer, where it is a request like any other. */
  readonly status?: number;
}

const QUERY = '{"query":[1,2],"limit":2}';
/** More than a connection has room for, and than is parsed in the main thread. */
const LARGE = `{"query":[1,2],"limit":2,"more":"${"x".repeat(700_000)}"}`;
const QUERY_PATH = "/collections/docs/points/query";
const JSON_TYPE = "content-type: application/json";

const written = (line: string, headers: readonly string[], body = "") =>
  `${line}\r\n${headers.map((header) => `${header}\r\n`).join("")}\r\n${body}`;

const asked = (line: string, headers: readonly string[] = [], body = "") =>
  written(`${line} HTTP/1.1`, ["host: test", ...headers], body);

const posted = (path: string, body: string, ...headers: string[]) =>
  asked(`POST ${path}`, [JSON_TYPE, `content-length: ${body.length}`, ...headers], body);

function inChunks(path: string, body: string, extension = "", trailer = ""): string {
  const chunks = body.match(/.{1,7000}/gs) ?? [];
  const text = chunks.map((chunk) => `${chunk.length.toString(16)}${extension}\r\n${chunk}\r\n`).join("");
  return asked(`POST ${path}`, [JSON_TYPE, "transfer-encoding: chunked"], `${text}0\r\n${trailer}\r\n`);
}

const upload = (body: string, ...headers: string[]) =>
  asked("POST /collections/docs/snapshots/upload", ["content-type: multipart/form-data; boundary=x", ...headers], body);

/** What clients send, answered by the thread that has the connection or by another one. */
export const plainRequests: readonly WireRequest[] = [
  { name: "a query", text: posted(QUERY_PATH, QUERY), status: 200 },
  { name: "a query in chunks", text: inChunks(QUERY_PATH, QUERY), status: 200 },
  {
    name: "a query with an extension and a trailer",
    text: inChunks(QUERY_PATH, QUERY, ";a=b", "x-t: 1\r\n"),
    status: 200,
  },
  { name: "a point", text: asked("GET /collections/docs/points/1"), status: 200 },
  { name: "all collections", text: asked("GET /collections"), status: 200 },
  {
    name: "a packed page",
    text: posted("/collections/docs/points/scroll", "{}", "accept-encoding: gzip"),
    status: 200,
  },
  { name: "a head", text: asked("HEAD /collections/docs/points/1"), status: 200 },
  { name: "what is nowhere", text: asked("GET /nowhere"), status: 404 },
  { name: "a large body for what is nowhere", text: posted("/nowhere", LARGE), status: 404 },
  { name: "a large body in chunks for what is nowhere", text: inChunks("/nowhere", LARGE), status: 404 },
  {
    name: "a large body of a type that is not known",
    text: asked(`POST ${QUERY_PATH}`, ["content-type: text/odd", `content-length: ${LARGE.length}`], LARGE),
    status: 415,
  },
];

/** What no client sends: refused, answered or cut off, each as the server likes. */
export const oddRequests: readonly WireRequest[] = [
  { name: "a question before a body", text: posted(QUERY_PATH, QUERY, "expect: 100-continue") },
  { name: "another expectation", text: posted(QUERY_PATH, QUERY, "expect: 200-ok") },
  { name: "an upgrade with a body", text: posted(QUERY_PATH, QUERY, "upgrade: websocket", "connection: upgrade") },
  { name: "an upgrade", text: asked("GET /collections", ["upgrade: h2c", "connection: upgrade, http2-settings"]) },
  { name: "a tunnel", text: asked("CONNECT test:1") },
  { name: "a trace", text: asked("TRACE /") },
  { name: "options of all", text: asked("OPTIONS *") },
  { name: "a whole address", text: asked("GET http://elsewhere/collections") },
  { name: "an older version", text: written("GET /collections HTTP/1.0", ["connection: keep-alive"]) },
  { name: "no host", text: written("GET /collections HTTP/1.1", []) },
  { name: "no version", text: "GET /collections\r\n\r\n" },
  { name: "another version", text: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" },
  {
    name: "a length and chunks",
    text: asked(`POST ${QUERY_PATH}`, ["content-length: 5", "transfer-encoding: chunked"], "0\r\n\r\n"),
  },
  { name: "two lengths", text: asked(`POST ${QUERY_PATH}`, ["content-length: 5", "content-length: 6"], "{}   ") },
  { name: "a length with a sign", text: asked(`POST ${QUERY_PATH}`, ["content-length: +2"], "{}") },
  { name: "a length of 20 digits", text: asked(`POST ${QUERY_PATH}`, ["content-length: 99999999999999999999"], "{}") },
  { name: "a length of 4 GiB", text: asked(`POST ${QUERY_PATH}`, [JSON_TYPE, "content-length: 4294967296"], "{}") },
  { name: "a length that is not kept", text: asked(`POST ${QUERY_PATH}`, [JSON_TYPE, "content-length: 1000"], "{") },
  {
    name: "a coding before chunks",
    text: asked(`POST ${QUERY_PATH}`, ["transfer-encoding: gzip, chunked"], "0\r\n\r\n"),
  },
  {
    name: "an endless chunk",
    text: asked(`POST ${QUERY_PATH}`, [JSON_TYPE, "transfer-encoding: chunked"], "FFFFFFFFFFFFFFFF\r\n"),
  },
  {
    name: "a chunk of no length",
    text: asked(`POST ${QUERY_PATH}`, [JSON_TYPE, "transfer-encoding: chunked"], "zz\r\n"),
  },
  {
    name: "a body of a GET",
    text: asked("GET /collections", ["transfer-encoding: chunked"], "5\r\nhello\r\n0\r\n\r\n"),
  },
  { name: "a long header", text: asked("GET /collections", [`x: ${"y".repeat(20_000)}`]) },
  {
    name: "many headers",
    text: asked(
      "GET /collections",
      Array.from({ length: 2_500 }, (_, i) => `h${i}: 1`),
    ),
  },
  { name: "a long path", text: asked(`GET /collections/${"a".repeat(15_000)}`) },
  { name: "a way out", text: asked("GET /dashboard/../../etc/passwd") },
  { name: "a path beyond ASCII", text: asked("GET /coll\u00e9ctions") },
  { name: "a header of no character", text: asked("GET /collections", ["\u0000: 1"]) },
  { name: "a control character in a header", text: asked("GET /collections", ["x: a\u0001b"]) },
  { name: "a token that is none", text: asked("GET /collections/docs/points/1", ["x-murmur-token: \u00ff\u00fe"]) },
  { name: "a folded header", text: asked("GET /collections", ["x: 1\r\n folded"]) },
  { name: "another host", text: asked("GET /collections", ["host: other"]) },
  { name: "the greeting of TLS", text: "\u0016\u0003\u0001".repeat(100) },
  { name: "lines before a request", text: `\r\n\r\n${asked("GET /collections")}` },
  { name: "a large body", text: posted(QUERY_PATH, LARGE) },
  { name: "a large body, packed as it is not", text: posted(QUERY_PATH, LARGE, "content-encoding: zstd") },
  { name: "the last of a connection", text: posted(QUERY_PATH, QUERY, "connection: close") },
  { name: "headers that end here", text: asked("GET /collections", ["connection: close, host, x-murmur-token"]) },
  {
    name: "half of an upload",
    text: upload(
      `--x\r\ncontent-disposition: form-data; name="snapshot"; filename="a.snapshot"\r\n\r\n${"z".repeat(300_000)}`,
      "content-length: 500000",
    ),
  },
  { name: "the beginning of an upload", text: upload("10\r\n--x\r\ncontent-disp\r\n", "transfer-encoding: chunked") },
  { name: "a snapshot", text: asked("GET /collections/docs/shards/0/snapshot") },
];
