import { type BadRequest, format } from "./bad-request.js";

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

const routesWithBody = [
  "PUT /collections/new",
  "PUT /points",
  "POST /points",
  "POST /points/delete",
  "POST /points/query",
  "POST /points/query/batch",
  "POST /points/search",
  "POST /points/search/batch",
  "POST /points/scroll",
  "POST /points/payload",
  "PUT /points/payload",
  "POST /points/payload/delete",
  "POST /points/payload/clear",
  "PUT /points/vectors",
  "POST /points/vectors/delete",
  "PUT /index",
  "POST /collections/aliases",
] as const;

/** Wrong before anyone looks at what is meant, on every route with a body. */
export const bodies: readonly BadRequest[] = routesWithBody.flatMap((to): readonly BadRequest[] => [
  { to, body: "{", status: 400, message: format },
  { to, body: '{"a":1,}', status: 400, message: format },
  { to, body: "nonsense", status: 400, message: format },
  { to, body: '"text"', status: 400, message: format },
  { to, body: "[]", status: 400, message: format },
  { to, body: "null", status: 400, message: format },
  { to, body: "", status: 400, message: format },
  { to, body: '\ufeff{"points":[1]}', status: 400, message: /^Format error in JSON body: .*byte order mark/ },
  {
    to,
    body: '{"points":[{"id":1,"vector":{},"payload":{"t":"x\\ud83c"}}],"filter":{}}',
    status: 400,
    message: /^Format error in JSON body: points\[0\]\.payload\.t: .*lone surrogate U\+D83C at index 1/,
  },
  {
    to,
    body: '{"filter":{"k\\udc00":9007199254740993}}',
    status: 400,
    message: /^Format error .*filter: .*lone surrogate/,
  },
  { to, body: nested(100_000), status: 400, message: /nested deeper/ },
  { to, body: `{"filter":${'{"must":['.repeat(1_000)}${"]}".repeat(1_000)}}`, status: 400, message: /nested deeper/ },
  {
    to,
    body: '{"points":[1]}',
    headers: { "content-type": "text/plain" },
    status: 415,
    message: /content type must be application\/json/,
  },
]);

/** Bodies beyond the limit of 32 MiB. */
export const large: readonly BadRequest[] = [
  { to: "PUT /points", body: `{"points":[${" ".repeat(33 << 20)}]}`, status: 413, message: /./ },
  { to: "POST /points/query", body: `{"query":[${"1,".repeat(17 << 20)}1]}`, status: 413, message: /./ },
];
