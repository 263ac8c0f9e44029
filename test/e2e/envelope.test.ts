import assert from "node:assert/strict";
import { test } from "node:test";
import { startE2eServer } from "./e2e-server.js";

const { request } = await startE2eServer();
const c = "/collections/envelope";
const isBoolean = (result: unknown) => typeof result === "boolean";

function isReceipt(result: unknown): boolean {
  const { operation_id: id, status, ...rest } = result as { operation_id: unknown; status: unknown };
  return Number.isSafeInteger(id) && status === "completed" && Object.keys(rest).length === 0;
}

function hasKeys(...keys: readonly string[]) {
  return (result: unknown) => keys.every((key) => Object.hasOwn(result as object, key));
}

const isList = (result: unknown) => Array.isArray(result);

/** Every route of the first tier that answers in an envelope, in an order in which each succeeds. */
const calls: readonly (readonly [string, string, unknown, (result: unknown) => boolean])[] = [
  ["GET", "/collections", undefined, hasKeys("collections")],
  ["GET", `${c}/exists`, undefined, hasKeys("exists")],
  ["PUT", c, { vectors: { size: 2, distance: "Dot" } }, (result) => result === true],
  ["GET", `${c}/exists`, undefined, hasKeys("exists")],
  [
    "GET",
    c,
    undefined,
    hasKeys("status", "optimizer_status", "points_count", "segments_count", "config", "payload_schema"),
  ],
  ["PATCH", c, { optimizers_config: { flush_interval_sec: 9 } }, (result) => result === true],
  [
    "PUT",
    `${c}/points?wait=true`,
    {
      points: [
        { id: 1, vector: [1, 2], payload: { a: 1 } },
        { id: 2, vector: {} },
      ],
    },
    isReceipt,
  ],
  ["PUT", `${c}/index?wait=true`, { field_name: "a", field_schema: "integer" }, isReceipt],
  ["POST", `${c}/points`, { ids: [1] }, isList],
  ["GET", `${c}/points/1`, undefined, hasKeys("id", "payload", "vector")],
  ["POST", `${c}/points/query`, { query: [1, 1] }, hasKeys("points")],
  ["POST", `${c}/points/query/batch`, { searches: [{ query: [1, 1] }] }, isList],
  ["POST", `${c}/points/search`, { vector: [1, 1], limit: 3 }, isList],
  ["POST", `${c}/points/search/batch`, { searches: [{ vector: [1, 1], limit: 3 }] }, isList],
  ["POST", `${c}/points/scroll`, {}, hasKeys("points", "next_page_offset")],
  ["POST", `${c}/points/count`, {}, hasKeys("count")],
  ["POST", `${c}/points/payload?wait=true`, { payload: { b: 1 }, points: [1] }, isReceipt],
  ["PUT", `${c}/points/payload?wait=true`, { payload: { b: 1 }, points: [1] }, isReceipt],
  ["POST", `${c}/points/payload/delete?wait=true`, { keys: ["b"], points: [1] }, isReceipt],
  ["POST", `${c}/points/payload/clear?wait=true`, { points: [1] }, isReceipt],
  ["PUT", `${c}/points/vectors?wait=true`, { points: [{ id: 2, vector: [3, 4] }] }, isReceipt],
  ["POST", `${c}/points/vectors/delete?wait=true`, { points: [2], vector: [""] }, isReceipt],
  ["DELETE", `${c}/index/a?wait=true`, undefined, isReceipt],
  ["POST", `${c}/points/delete?wait=true`, { points: [1] }, isReceipt],
  [
    "POST",
    "/collections/aliases",
    { actions: [{ create_alias: { collection_name: "envelope", alias_name: "e" } }] },
    isBoolean,
  ],
  ["GET", "/aliases", undefined, hasKeys("aliases")],
  ["GET", `${c}/aliases`, undefined, hasKeys("aliases")],
  ["GET", "/telemetry", undefined, hasKeys("id", "app", "collections")],
  ["GET", "/cluster", undefined, hasKeys("status")],
  ["GET", "/murmur/collections/envelope/digest", undefined, hasKeys("frontier", "points_digest", "graph_digest")],
  ["DELETE", c, undefined, (result) => result === true],
  ["DELETE", c, undefined, (result) => result === false],
];

test("every success is a result with status ok and a time in seconds", async () => {
  for (const [method, path, body, expected] of calls) {
    const answer = await request(method, path, body);
    const what = `${method} ${path}: ${answer.text}`;
    assert.equal(answer.status, 200, what);
    assert.match(answer.headers.get("content-type") ?? "", /^application\/json/, what);
    assert.equal(answer.body.status, "ok", what);
    assert.ok(expected(answer.body.result), what);
    const { time } = answer.body;
    assert.ok(typeof time === "number" && time >= 0 && time < 30, what);
  }
});

test("every failure is a status with its message and a time", async () => {
  for (const [method, path, body] of calls) {
    if (!path.startsWith(c) || path === `${c}/exists` || (path === c && method !== "GET")) continue;
    const answer = await request(method, path, body);
    const what = `${method} ${path}: ${answer.text}`;
    assert.equal(answer.status, 404, what);
    assert.match(answer.headers.get("content-type") ?? "", /^application\/json/, what);
    assert.deepEqual(answer.body.status, { error: "Not found: Collection `envelope` doesn't exist!" }, what);
    assert.equal(typeof answer.body.time, "number", what);
    assert.equal(answer.body.result ?? null, null, what);
  }
});

test("without wait the same writes are acknowledged", async () => {
  await request("PUT", c, { vectors: { size: 2, distance: "Dot" } });
  for (const query of ["", "?wait=false"]) {
    const { body } = await request("PUT", `${c}/points${query}`, { points: [{ id: 1, vector: [1, 2] }] });
    assert.equal((body.result as { status: string }).status, "acknowledged");
  }
});
