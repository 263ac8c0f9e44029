import { type BadRequest, format, ok, unknownVector } from "./bad-request.js";

/** Payload, vectors and indexes. */
export const writes: readonly BadRequest[] = [
  { to: "POST /points/payload", body: { points: [1] }, status: 400, message: format },
  { to: "POST /points/payload", body: { payload: {} }, status: 400, message: format },
  { to: "POST /points/payload", body: { payload: [1], points: [1] }, status: 400, message: format },
  { to: "POST /points/payload", body: { payload: { a: 1 }, points: [1], key: "a[" }, status: 400, message: /key/ },
  { to: "POST /points/payload", body: { payload: { a: 1 }, points: [-1] }, status: 400, message: format },
  {
    to: "POST /points/payload",
    body: { payload: { a: 1 }, points: [1, 9_999] },
    status: 404,
    message: /^Not found: No point with id 9999 found/,
  },
  { to: "PUT /points/payload", body: { payload: null, points: [1] }, status: 400, message: format },
  { to: "POST /points/payload/delete", body: { points: [1] }, status: 400, message: format },
  { to: "POST /points/payload/delete", body: { keys: "a", points: [1] }, status: 400, message: format },
  { to: "POST /points/payload/delete", body: { keys: ["a..b"], points: [1] }, status: 400, message: /keys/ },
  { to: "POST /points/payload/clear", body: {}, status: 400, message: format },
  { to: "PUT /points/vectors", body: { points: [] }, status: 400, message: /^Bad request: Empty update request/ },
  {
    to: "PUT /points/vectors",
    body: { points: [{ id: 9_999, vector: { a: ok } }] },
    status: 404,
    message: /^Not found: No point with id 9999 found/,
  },
  {
    to: "PUT /points/vectors",
    body: { points: [{ id: 1, vector: { a: [1] } }] },
    status: 400,
    message: /^Wrong input: Vector dimension error: expected dim: 4, got 1/,
  },
  { to: "PUT /points/vectors", body: { points: [{ id: 1, vector: { c: [1] } }] }, status: 400, message: unknownVector },
  { to: "POST /points/vectors/delete", body: { points: [1], vector: ["c"] }, status: 400, message: unknownVector },
  { to: "POST /points/vectors/delete", body: { points: [1], vector: [] }, status: 422, message: /vector/ },
  { to: "POST /points/vectors/delete", body: { points: [1] }, status: 400, message: format },
  { to: "PUT /index", body: {}, status: 400, message: format },
  { to: "PUT /index", body: { field_name: "x", field_schema: "keywords" }, status: 400, message: format },
  { to: "PUT /index", body: { field_name: "x" }, status: 400, message: format },
  { to: "PUT /index", body: { field_name: "a[", field_schema: "keyword" }, status: 400, message: /field_name|path/ },
  ...["geo", "text", "datetime", "uuid"].map(
    (type): BadRequest => ({
      to: "PUT /index",
      body: { field_name: "x", field_schema: type },
      status: 400,
      message: new RegExp(`^Bad request: .*${type}.*not supported`),
    }),
  ),
  {
    to: "PUT /index",
    body: { field_name: "x", field_schema: { type: "integer", lookup: false, range: false } },
    status: 422,
    message: /can't be both disabled/,
  },
];
