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
  {
    to: "PUT /index",
    body: { field_name: "x", field_schema: { type: "uuid", is_tenant: 1 } },
    status: 400,
    message: format,
  },
  {
    to: "PUT /index",
    body: { field_name: "x", field_schema: { type: "integer", lookup: false, range: false } },
    status: 422,
    message: /can't be both disabled/,
  },
  // the first operation of each is a good one, and is not done either
  ...(
    [
      [{ delete: { points: [-1] } }, 400, /operations\[1\]\.delete\.points\[0\]/],
      [{ delete: {} }, 400, /operations\[1\]\.delete\.points/],
      [
        { upsert: { points: [{ id: 1, vector: { a: [1] } }] } },
        400,
        /^Wrong input: Vector dimension error: expected dim: 4/,
      ],
      [{ upsert: { points: [{ id: 1, vector: { c: [1] } }] } }, 400, unknownVector],
      [{ upsert: { points: [] } }, 400, /^Bad request: Empty update request/],
      [{ set_payload: { payload: { a: 1 }, points: [9_999] } }, 404, /^Not found: No point with id 9999 found/],
      [{ set_payload: { payload: { a: 1 }, points: [1], key: "a[" } }, 400, /key/],
      [{ overwrite_payload: { points: [1] } }, 400, /operations\[1\]\.overwrite_payload\.payload: missing field/],
      [{ delete_payload: { keys: 1, points: [1] } }, 400, /operations\[1\]\.delete_payload\.keys/],
      [{ clear_payload: { filter: { must: 1 } } }, 400, /operations\[1\]\.clear_payload\.filter/],
      [
        { update_vectors: { points: [{ id: 9_999, vector: { a: ok } }] } },
        404,
        /^Not found: No point with id 9999 found/,
      ],
      [{ delete_vectors: { points: [1], vector: [] } }, 422, /operations\[1\]\.delete_vectors\.vector/],
      [{ truncate: {} }, 400, /operations\[1\]: expected one of upsert, delete/],
      [{ delete: { points: [1] }, upsert: { points: [] } }, 400, /operations\[1\]: expected one of upsert, delete/],
      [5, 400, /operations\[1\]: expected object, got 5/],
    ] as const
  ).map(
    ([operation, status, message]): BadRequest => ({
      to: "POST /points/batch",
      body: { operations: [{ set_payload: { payload: { changed: true }, points: [1] } }, operation] },
      status,
      message,
    }),
  ),
  { to: "POST /points/batch", body: {}, status: 400, message: /operations: missing field/ },
  { to: "POST /points/batch", body: { operations: {} }, status: 400, message: format },
];
