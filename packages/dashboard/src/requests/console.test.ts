import assert from "node:assert/strict";
import { test } from "node:test";
import type { VectorInfo } from "../collection/collection-info.js";
import type { Json } from "../json-value.js";
import { collectionRoutes, routeName, shortPath } from "./api-routes.js";
import { exampleBody } from "./example-body.js";
import { type PastRequest, readHistory, withRequest } from "./request-history.js";
import { readServerTiming, spansOf } from "./server-timing.js";

const c = "/collections/{collection_name}";
const inQuery = (name: string) => ({ name, in: "query", schema: { type: "string" } });
const inPath = (name: string) => ({ name, in: "path", schema: { type: "string" } });
const body = (schema: object) => ({ requestBody: { content: { "application/json": { schema } } } });

const document = {
  paths: {
    "/collections": { get: { summary: "all" } },
    [c]: {
      get: { summary: "info", parameters: [inPath("collection_name"), inQuery("consistency")] },
      delete: { summary: "delete", parameters: [inPath("collection_name"), inQuery("write_consistency")] },
    },
    [`${c}/points/query`]: {
      post: { summary: "query", parameters: [inQuery("consistency")], ...body({ type: "object" }) },
    },
    [`${c}/index`]: {
      put: {
        summary: "index",
        ...body({
          type: "object",
          required: ["field_name", "n", "list", "flag"],
          properties: {
            field_name: { type: "string" },
            n: { type: "integer", default: 4 },
            list: { type: "array" },
            flag: { type: "boolean" },
          },
        }),
      },
    },
    [`${c}/index/{field_name}`]: {
      delete: { summary: "drop", parameters: [inPath("collection_name"), inPath("field_name")] },
    },
    [`${c}/shards`]: { put: { summary: "Refused: one shard" } },
    [`${c}/snapshots/{snapshot_name}`]: { get: { summary: "a file" } },
    "/murmur/collections/{collection_name}/explain": { post: { summary: "explain", ...body({}) } },
  },
} as unknown as Json;

test("the console has the routes of one collection: reads, then writes; no files, nothing that is always refused", () => {
  const routes = collectionRoutes(document);
  assert.deepEqual(
    routes.map((route) => [routeName(route), route.isWrite]),
    [
      [`GET ${c}`, false],
      [`POST ${c}/points/query`, false],
      ["POST /murmur/collections/{collection_name}/explain", false],
      [`DELETE ${c}`, true],
      [`PUT ${c}/index`, true],
      [`DELETE ${c}/index/{field_name}`, true],
    ],
  );
  assert.deepEqual(routes.at(-1)?.inPath, [{ name: "field_name", schema: { type: "string" } }]);
  assert.equal(routes[0]?.schema, undefined);
  assert.equal(shortPath(`${c}/points`), "…/points");
  assert.deepEqual(collectionRoutes(null), []);
});

test("a first body can be sent as it is, or has what must be there", () => {
  const routes = new Map(collectionRoutes(document).map((route) => [routeName(route), route]));
  const vector: VectorInfo = { name: "v", kind: "dense", size: 3, distance: "Dot", given: {} };
  const query = routes.get(`POST ${c}/points/query`);
  const index = routes.get(`PUT ${c}/index`);
  assert.ok(query && index);
  const empty = { vectors: [vector], id: undefined, field: undefined };
  assert.deepEqual(exampleBody(query, document, empty), {
    query: [1, 0, 0],
    using: "v",
    limit: 10,
    with_payload: true,
  });
  assert.deepEqual(exampleBody(query, document, { ...empty, vectors: [{ ...vector, name: "" }], id: 2n ** 63n }), {
    ...{ query: 2n ** 63n, limit: 10, with_payload: true },
  });
  assert.deepEqual(exampleBody(index, document, empty), { field_name: "", n: 4, list: [], flag: false });
});

test("the header Server-Timing is read by its grammar", () => {
  assert.deepEqual(
    readServerTiming('parse;dur=0.25, walk;dur=1.5;desc="graph, \\"wide\\"", cache, total;desc=x;dur=2'),
    [
      { name: "parse", ms: 0.25, description: undefined },
      { name: "walk", ms: 1.5, description: 'graph, "wide"' },
      { name: "total", ms: 2, description: "x" },
    ],
  );
  assert.deepEqual(readServerTiming(null), []);
  assert.deepEqual(readServerTiming("a;dur=x, ;;,"), []);
});

test("spans of a request lie within it, and add up to it", () => {
  const parts = readServerTiming("parse;dur=1, walk;dur=4, total;dur=6");
  const spans = spansOf({ tookMs: 12, firstByteMs: 10, parts });
  assert.deepEqual(
    spans.map(({ title, from, ms }) => [title.split(" ")[0], from, ms]),
    [
      ["on", 0, 4],
      ["read", 2, 1],
      ["find", 3, 4],
      ["between", 7, 1],
      ["receive", 10, 2],
    ],
  );
  const sum = spans.reduce((all, { ms }) => all + ms, 0);
  assert.equal(sum, 12);
  for (const odd of [
    { tookMs: 1, firstByteMs: 5, parts },
    { tookMs: 0, firstByteMs: undefined, parts: [] },
    { tookMs: 3, firstByteMs: undefined, parts: [] },
  ]) {
    for (const { from, ms } of spansOf(odd))
      assert.ok(from >= 0 && ms >= 0 && Number.isFinite(ms), JSON.stringify(odd));
  }
});

test("the history has the latest first, one of each, and is bounded in number and size", () => {
  const past = (text: string, at: number): PastRequest => ({
    route: "GET /a",
    inPath: {},
    inQuery: {},
    body: text,
    status: 200,
    tookMs: 1,
    at,
  });
  let history: readonly PastRequest[] = [];
  for (let i = 0; i < 100; i++) history = withRequest(history, past(`{"n": ${i}}`, i));
  assert.equal(history.length, 30);
  assert.equal(history[0]?.at, 99);
  history = withRequest(history, past('{"n": 98}', 200));
  assert.deepEqual([history.length, history[0]?.at, history[1]?.at], [30, 200, 99]);
  assert.ok(withRequest(history, past("x".repeat(900_000), 1)).length < 31);
  assert.equal(withRequest([], past("x".repeat(2_000_000), 1)).length, 0, "too long to be kept");
  assert.deepEqual(readHistory(JSON.stringify(history)), history);
  for (const odd of [null, "", "{", "{}", "[1, null, {}]", '[{"route": 1}]']) assert.deepEqual(readHistory(odd), []);
});
