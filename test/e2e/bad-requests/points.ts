import { type BadRequest, format, notSupported, ok, unknownVector, wrongDimension } from "./bad-request.js";

/** The collection that all of this is aimed at has the vectors `a` (4, Cosine) and `b` (2, Dot) and an index on `n`. */
function badPoint(point: string, status: number, message: RegExp): BadRequest[] {
  return [
    { to: "PUT /points", body: `{"points":[{"id":1,"vector":{"a":[9,9,9,9]}},${point}]}`, status, message },
    { to: "PUT /points", body: `{"points":[${point}]}`, status, message },
  ];
}

const vectorOf = (vector: string) => `{"id":2,"vector":{"a":${vector}}}`;
const idOf = (id: string) => `{"id":${id},"vector":{"a":[1,2,3,4]}}`;

/** Points, their ids and the routes that read and delete them. */
export const points: readonly BadRequest[] = [
  ...badPoint(vectorOf("[1,2,3]"), 400, wrongDimension),
  ...badPoint(vectorOf("[]"), 422, /must not be empty/),
  ...badPoint(vectorOf("[1,2,3,NaN]"), 400, format),
  ...badPoint(vectorOf("[1,2,3,Infinity]"), 400, format),
  ...badPoint(vectorOf('[1,2,3,"NaN"]'), 400, /^Format error in JSON body: points.*expected number, got "NaN"/),
  ...badPoint(vectorOf('[1,2,3,"4"]'), 400, /^Format error in JSON body: points.*expected number, got "4"/),
  ...badPoint(vectorOf("[1,2,3,null]"), 400, /^Format error in JSON body: points.*expected number, got null/),
  ...badPoint(vectorOf("[1,2,3,1e39]"), 422, /^Validation error in JSON body: \[points.*finite/),
  ...badPoint(vectorOf("[1,2,3,1e999]"), 400, format),
  ...badPoint(vectorOf('"abcd"'), 400, format),
  ...badPoint(vectorOf("null"), 400, format),
  ...badPoint(vectorOf("[[1,2,3,4]]"), 400, /^Wrong input: Conversion between multi and regular/),
  ...badPoint(vectorOf('{"indices":[1],"values":[1]}'), 400, /^Wrong input: Conversion between sparse and regular/),
  ...badPoint(vectorOf('{"text":"x","model":"m"}'), 400, notSupported),
  ...badPoint('{"id":2,"vector":{"c":[1,2,3,4]}}', 400, unknownVector),
  ...badPoint('{"id":2,"vector":[1,2,3,4]}', 400, unknownVector),
  ...badPoint('{"id":2}', 400, format),
  ...badPoint('{"vector":{"a":[1,2,3,4]}}', 400, format),
  ...badPoint(idOf("-1"), 400, /not a valid point ID/),
  ...badPoint(idOf("1.5"), 400, /not a valid point ID/),
  ...badPoint(idOf("18446744073709551616"), 400, /not a valid point ID/),
  ...badPoint(idOf('"no-uuid"'), 400, /not a valid point ID/),
  ...badPoint(idOf('"550e8400-e29b-41d4-a716-44665544000"'), 400, /not a valid point ID/),
  ...badPoint(idOf("null"), 400, /not a valid point ID/),
  ...badPoint('{"id":2,"vector":{},"payload":[1]}', 400, format),
  ...badPoint('{"id":2,"vector":{},"payload":"x"}', 400, format),
  ...badPoint('{"id":2,"vector":{},"payload":{"__proto__":{"x":1}}}', 400, format),
  ...badPoint("7", 400, format),
  { to: "PUT /points", body: { points: [] }, status: 400, message: /^Bad request: Empty update request/ },
  { to: "PUT /points", body: {}, status: 400, message: format },
  { to: "PUT /points", body: { points: "x" }, status: 400, message: format },
  { to: "PUT /points", body: { batch: { ids: [1, 2], vectors: { a: [ok] } } }, status: 422, message: /same length/ },
  {
    to: "PUT /points",
    body: { batch: { ids: [1], vectors: { a: [ok] }, payloads: [{}, {}] } },
    status: 422,
    message: /same length/,
  },
  {
    to: "PUT /points",
    body: { batch: { ids: [1], vectors: { a: [[1, 2, 3]] } } },
    status: 400,
    message: wrongDimension,
  },
  {
    to: "PUT /points",
    body: { points: [{ id: 1, vector: {} }], update_mode: "replace" },
    status: 400,
    message: format,
  },
  {
    to: "PUT /points",
    body: { points: [{ id: 1, vector: {} }], shard_key: "x" },
    status: 400,
    message: /Shard key "x" not found/,
  },
  {
    to: "PUT /points?wait=perhaps",
    body: { points: [{ id: 1, vector: {} }] },
    status: 400,
    message: /^Deserialize error in query parameters: /,
  },
  {
    to: "PUT /points?timeout=0",
    body: { points: [{ id: 1, vector: {} }] },
    status: 422,
    message: /^Validation error in query parameters: .*must be 1 or larger/,
  },
  {
    to: "PUT /points?ordering=best",
    body: { points: [{ id: 1, vector: {} }] },
    status: 400,
    message: /^Deserialize error in query parameters: /,
  },
  { to: "POST /points", body: { ids: ["x"] }, status: 400, message: format },
  { to: "POST /points", body: {}, status: 400, message: format },
  { to: "POST /points", body: { ids: [1], with_payload: 5 }, status: 400, message: format },
  { to: "POST /points?consistency=0", body: { ids: [1] }, status: 422, message: /must be 1 or larger/ },
  { to: "GET /points/x", status: 400, message: /^Wrong input: Can not recognize "x" as point id/ },
  { to: "GET /points/-1", status: 400, message: /^Wrong input: Can not recognize "-1" as point id/ },
  { to: "GET /points/9999", status: 404, message: /^Not found: Point with id 9999 does not exists!/ },
  { to: "POST /points/delete", body: {}, status: 400, message: format },
  { to: "POST /points/delete", body: { points: [1, -1] }, status: 400, message: format },
  { to: "POST /points/delete", body: { points: 1 }, status: 400, message: format },
  { to: "POST /points/delete", body: { filter: { must: [{ nonsense: 1 }] } }, status: 400, message: format },
];
