import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Collection, Command } from "@murmuration/core";
import { Refusal } from "../http/refusal.js";
import type { StrictModeConfig } from "../http/schemas/strict-mode.js";
import { filledApp, type TestApp } from "../testing/test-app.js";
import { checkWrite, type Held } from "./check-write.js";
import { unindexedAmong } from "./filter-fields.js";
import { StrictMode } from "./strict-mode.js";

type Sent = readonly ["GET" | "POST" | "PUT" | "PATCH", string, unknown?];
type Refused = readonly [config: object, sent: Sent, message: RegExp];

const city = { must: [{ key: "city", match: { value: "Berlin" } }] };
const index = "create an index|Create an index";
const nearest = [1, 2, 3, 4];
const defaults = { price: 1, place: { lon: 1, lat: 2 }, at: "2024-01-01" };
const formulaOf = (formula: object) => ({ prefetch: { query: nearest }, query: { formula, defaults } });
const points = [1, 2, 3].map((id) => ({ id, vector: nearest }));

const refusals: readonly Refused[] = [
  [
    { max_query_limit: 15 },
    ["POST", "/points/query", { query: nearest, limit: 30 }],
    /^Bad request: Limit exceeded 30 > 15 for "limit"\. Help: Reduce the "limit" parameter to or below 15\.$/,
  ],
  [{ max_query_limit: 5 }, ["POST", "/points/query", { query: nearest }], /Limit exceeded 10 > 5 for "limit"/],
  [{ max_query_limit: 5 }, ["POST", "/points/scroll", { limit: 6 }], /Limit exceeded 6 > 5 for "limit"/],
  [
    { max_query_limit: 5 },
    ["POST", "/points/query", { prefetch: { query: nearest, limit: 6 }, query: { fusion: "rrf" }, limit: 5 }],
    /Limit exceeded 6 > 5 for "limit"/,
  ],
  [{ max_timeout: 10 }, ["POST", "/points/count?timeout=11", {}], /Limit exceeded 11 > 10 for "timeout"/],
  [{ max_timeout: 10 }, ["PUT", "/points?timeout=11", { points }], /Limit exceeded 11 > 10 for "timeout"/],
  [
    { unindexed_filtering_retrieve: false },
    ["POST", "/points/query", { query: nearest, filter: city }],
    new RegExp(
      `Index required but not found for "city" of one of the following types: \\[keyword\\]\\. Help: ${index}`,
    ),
  ],
  [
    { unindexed_filtering_retrieve: false },
    [
      "POST",
      "/points/scroll",
      { filter: { must_not: [{ nested: { key: "a", filter: { must: [{ key: "n", range: { gt: 1 } }] } } }] } },
    ],
    /Index required but not found for "a\[\]\.n" of one of the following types: \[float, integer\]/,
  ],
  [{ unindexed_filtering_retrieve: false }, ["POST", "/points/count", { filter: city }], /Index required/],
  [
    { unindexed_filtering_retrieve: false },
    ["POST", "/points/query", formulaOf({ sum: ["$score", { neg: { abs: "price" } }] })],
    /Index required but not found for "price" of one of the following types: \[float, integer\]/,
  ],
  [
    { unindexed_filtering_retrieve: false },
    [
      "POST",
      "/points/query/batch",
      { searches: [formulaOf({ exp_decay: { x: { geo_distance: { origin: { lon: 1, lat: 2 }, to: "place" } } } })] },
    ],
    /Index required but not found for "place" of one of the following types: \[geo\]/,
  ],
  [
    { unindexed_filtering_retrieve: false },
    [
      "POST",
      "/points/query",
      formulaOf({ lin_decay: { x: { datetime_key: "at" }, target: { datetime: "2024-01-01" } } }),
    ],
    /Index required but not found for "at" of one of the following types: \[datetime\]/,
  ],
  [
    { unindexed_filtering_retrieve: false },
    ["POST", "/points/query/groups", { query: nearest, group_by: "city" }],
    /Index required but not found for "city"\. Help: Create an index supporting `match` for this key\.$/,
  ],
  [{ unindexed_filtering_update: false }, ["POST", "/points/delete", { filter: city }], /Index required.*"city"/],
  [
    { unindexed_filtering_update: false },
    ["PUT", "/points", { points, update_filter: city }],
    /Index required.*"city"/,
  ],
  [
    { unindexed_filtering_update: false },
    ["POST", "/points/batch", { operations: [{ delete: { points: [1] } }, { clear_payload: { filter: city } }] }],
    /Index required.*"city"/,
  ],
  [
    { search_max_hnsw_ef: 64 },
    ["POST", "/points/query", { query: nearest, params: { hnsw_ef: 65 } }],
    /Limit exceeded 65 > 64 for "hnsw_ef"/,
  ],
  [
    { search_allow_exact: false },
    ["POST", "/points/query", { query: nearest, params: { exact: true } }],
    /Exact search disabled!\. Help: Set exact=false\./,
  ],
  [
    { search_max_oversampling: 2 },
    ["POST", "/points/query", { query: nearest, params: { quantization: { oversampling: 3 } } }],
    /Limit exceeded 3 > 2 for "oversampling"/,
  ],
  [{ upsert_max_batchsize: 2 }, ["PUT", "/points", { points }], /Limit exceeded 3 > 2 for "upsert limit"/],
  [{ upsert_max_batchsize: 2 }, ["PUT", "/points/vectors", { points }], /Limit exceeded 3 > 2 for "update limit"/],
  [
    { search_max_batchsize: 1 },
    ["POST", "/points/query/batch", { searches: [{ query: nearest }, { query: nearest }] }],
    /Limit exceeded 2 > 1 for "search_max_batchsize"/,
  ],
  [{ max_points_count: 3 }, ["PUT", "/points", { points }], /Max points count limit of 3 reached!\. Help: /],
  [
    { max_collection_vector_size_bytes: 48 },
    ["PUT", "/points", { points }],
    /Max vector storage size limit of 0\.000045776367MB reached!/,
  ],
  [
    { filter_max_conditions: 1 },
    ["POST", "/points/count", { filter: { should: [...city.must, { must: city.must }] } }],
    /Filter condition limit reached \(2 > 1\)\. Help: Reduce the amount of conditions of your filter\.$/,
  ],
  [
    { condition_max_size: 2 },
    ["POST", "/points/count", { filter: { must: [{ has_id: [1, 2, 3] }] } }],
    /Condition size limit reached \(3 > 2\)\. Help: Reduce the size of your condition\.$/,
  ],
  [
    { max_payload_index_count: 0 },
    ["PUT", "/index", { field_name: "city", field_schema: "keyword" }],
    /maximum number of payload indexes: 0 \(max_payload_index_count\)/,
  ],
];

const configured = ({ ask }: TestApp, config: object) =>
  ask("PATCH", "/collections/things", { strict_mode_config: config });

describe("strict mode", () => {
  it("takes what every object has for no payload index", () => {
    // as it comes from another thread
    const collection = structuredClone({ payloadIndexes: { a: { kind: "keyword" } }, vectors: {} });
    const of = collection as unknown as Collection;
    const config = { max_payload_index_count: 1 } as StrictModeConfig;
    const held: Held = { statistics: () => assert.fail(), residentPercent: () => 0 };
    for (const path of ["constructor", "toString", "__proto__"]) {
      const command: Command = { kind: "create-payload-index", collection: "c", path, schema: { kind: "keyword" } };
      assert.throws(() => checkWrite(command, config, of, held), /max_payload_index_count/);
      assert.equal(unindexedAmong([{ key: path, kinds: ["keyword"] }], of)?.key, path);
    }
    const again: Command = { kind: "create-payload-index", collection: "c", path: "a", schema: { kind: "keyword" } };
    checkWrite(again, config, of, held);
  });

  it("refuses with 400 what is beyond a limit, names it, says what helps, and changes nothing", async () => {
    const test = await filledApp();
    for (const [i, [config, [method, path, body], message]] of refusals.entries()) {
      const name = `/collections/limited-${i}`;
      await test.ask("PUT", name, { vectors: { size: 4, distance: "Dot" } });
      await test.ask("PUT", `${name}/points`, { points });
      const state = async () => (await test.ask("GET", `/murmur${name}/digest`)).json.result;
      const before = await state();
      const configure = (to: object) => test.ask("PATCH", name, { strict_mode_config: to });
      assert.equal((await configure({ ...config, enabled: true })).statusCode, 200);
      const { statusCode, error } = await test.ask(method, `${name}${path}`, body);
      assert.deepEqual([statusCode, message.test(error ?? "")], [400, true], `${JSON.stringify(config)}: ${error}`);
      assert.deepEqual(await state(), before);
      // without `enabled` nothing is limited
      await configure({ enabled: false });
      const then = await test.ask(method, `${name}${path}`, body);
      assert.equal(then.statusCode, 200, `${JSON.stringify(config)}: ${then.error}`);
    }
  });

  it("lets through what is within its limits, and filters whose paths are indexed", async () => {
    const test = await filledApp();
    const { ask } = test;
    await ask("PUT", "/collections/things/index?wait=true", { field_name: "city", field_schema: "keyword" });
    await configured(test, {
      enabled: true,
      max_query_limit: 10,
      unindexed_filtering_retrieve: false,
      unindexed_filtering_update: false,
      search_max_hnsw_ef: 64,
      search_allow_exact: false,
      upsert_max_batchsize: 3,
      max_points_count: 100,
      condition_max_size: 3,
      filter_max_conditions: 2,
    });
    for (const [path, body] of [
      ["/points/query", { query: nearest, limit: 10, filter: city, params: { hnsw_ef: 64 } }],
      ["/points/count", { filter: { must: [{ has_id: [1, 2, 3] }] } }],
      ["/points/payload", { payload: { seen: true }, filter: city }],
    ] as const) {
      assert.equal((await ask("POST", `/collections/things${path}`, body)).statusCode, 200, path);
    }
    assert.equal((await ask("PUT", "/collections/things/points", { points })).statusCode, 200);
    assert.equal(
      (await ask("POST", "/collections/named/points/query", { using: "image", query: [1, 2], limit: 99 })).statusCode,
      200,
    );
  });

  it("counts the bytes of payloads as they come and go, and refuses what adds to them", async () => {
    const test = await filledApp();
    const { ask } = test;
    const bytes = () => test.database.statistics("things").payloadBytes;
    const limit = (most: number | null) =>
      configured(test, { enabled: true, max_collection_payload_size_bytes: most, max_points_count: 3 });
    assert.equal(bytes(), undefined);
    await limit(1 << 20);
    const of = (...payloads: object[]) => payloads.reduce((sum, one) => sum + JSON.stringify(one).length, 0);
    const cities = [
      { city: "Berlin", count: 3 },
      { city: "London", count: 1 },
      { city: ["Berlin", "Moscow"], count: 2 },
    ] as const;
    assert.equal(bytes(), of(...cities));
    const send = async (method: "POST" | "PUT", path: string, body: object) => {
      const answer = await ask(method, `/collections/things/points${path}?wait=true`, body);
      return answer.error ?? answer.statusCode;
    };
    assert.equal(await send("PUT", "/payload", { payload: { a: "ß" }, points: [1] }), 200);
    assert.equal(bytes(), of(cities[1], cities[2]) + 10);
    assert.equal(await send("POST", "/payload/clear", { points: [1] }), 200);
    assert.equal(await send("POST", "/payload/delete", { keys: ["city"], points: [2] }), 200);
    assert.equal(await send("POST", "/delete", { points: [3] }), 200);
    assert.equal(bytes(), of({ count: 1 }));
    assert.equal(await send("PUT", "/vectors", { points: [{ id: 2, vector: nearest }] }), 200);
    assert.equal(bytes(), of({ count: 1 }));
    await limit(of({ count: 1 }));
    const refused = /^Bad request: Max payload storage size limit of 0\.0000104904175MB reached!\. Help: /;
    for (const [method, path, body] of [
      ["POST", "/payload", { payload: { more: 1 }, points: [2] }],
      ["PUT", "/payload", { payload: { more: 1 }, points: [2] }],
      ["PUT", "", { points: [{ id: 2, vector: nearest }] }],
      ["PUT", "/vectors", { points: [{ id: 2, vector: nearest }] }],
    ] as const)
      assert.match(String(await send(method, path, body)), refused);
    assert.equal(await send("POST", "/payload/clear", { points: [2] }), 200);
    assert.equal(bytes(), 0);
    // what sets a payload adds no point
    await ask("PATCH", "/collections/things", { strict_mode_config: { max_points_count: 2 } });
    assert.equal(await send("POST", "/payload", { payload: { more: 1 }, points: [2] }), 200);
    await limit(null);
    await configured(test, { enabled: false });
    await send("POST", "/payload/clear", { points: [2] });
    assert.equal(bytes(), undefined);
  });

  it("bounds the indices of sparse vectors and the parts of multivectors by name", async () => {
    const { ask } = await filledApp();
    await ask("PUT", "/collections/kinds", {
      vectors: { parts: { size: 1, distance: "Dot", multivector_config: { comparator: "max_sim" } } },
      sparse_vectors: { words: {} },
      strict_mode_config: {
        enabled: true,
        sparse_config: { words: { max_length: 1 } },
        multivector_config: { parts: { max_vectors: 2 } },
      },
    });
    const put = async (vector: object) =>
      (await ask("PUT", "/collections/kinds/points", { points: [{ id: 1, vector }] })).error;
    assert.equal(await put({ words: { indices: [1], values: [1] }, parts: [[1], [2]] }), undefined);
    assert.match(
      (await put({ words: { indices: [1, 2], values: [1, 1] } })) ?? "",
      /^Bad request: Sparse vector 'words' has a limit of 1 indices, but 2 were provided!/,
    );
    assert.match(
      (await put({ parts: [[1], [2], [3]] })) ?? "",
      /^Bad request: Multivector 'parts' has a limit of 2 vectors, but 3 were provided!/,
    );
  });

  it("counts reads and writes by the minute, and says when to come again", async () => {
    const test = await filledApp();
    const { ask } = test;
    await configured(test, { enabled: true, read_rate_limit: 2, write_rate_limit: 4 });
    const read = () => ask("POST", "/collections/things/points/count", {});
    assert.deepEqual([(await read()).statusCode, (await read()).statusCode], [200, 200]);
    const refused = await read();
    assert.equal(refused.statusCode, 429);
    assert.match(refused.error ?? "", /^Rate limiting exceeded: Read rate limit exceeded.*Retry after \d+s\./);
    assert.ok(Number(refused.headers["retry-after"]) >= 1 && Number(refused.headers["retry-after"]) <= 30);
    const write = () => ask("PUT", "/collections/things/points", { points });
    assert.equal((await write()).statusCode, 200);
    const { statusCode, error } = await write();
    assert.equal(statusCode, 429);
    assert.match(error ?? "", /^Rate limiting exceeded: Write rate limit exceeded, this takes 3 of 4 a minute/);
    // others are asked as before, and it can always be turned off again
    assert.equal((await ask("POST", "/collections/named/points/count", {})).statusCode, 200);
    assert.equal((await configured(test, { enabled: false })).statusCode, 200);
    assert.equal((await read()).statusCode, 200);
  });

  it("fills up again with time, and never lets through more than a minute's at once", async () => {
    const test = await filledApp();
    await configured(test, { enabled: true, read_rate_limit: 6 });
    let nowMs = 0;
    const strict = new StrictMode(test.database, () => nowMs);
    const count = () => strict.read(["things"], { kind: "count" }, undefined);
    const isRefused = (error: unknown) => error instanceof Refusal && error.headers["retry-after"] === "10";
    for (let i = 0; i < 6; i++) count();
    assert.throws(count, isRefused);
    nowMs += 10_000;
    count();
    assert.throws(count, isRefused);
    nowMs += 3_600_000;
    for (let i = 0; i < 6; i++) count();
    assert.throws(count, isRefused);
  });

  it("refuses what adds while the process takes too much of the memory", async () => {
    const test = await filledApp();
    await configured(test, { enabled: true, max_resident_memory_percent: 1 });
    const strict = new StrictMode(test.database, undefined, () => 2);
    const set = { kind: "set-payload", collection: "things", target: { ids: [1] }, payload: {} } as const;
    assert.throws(() => strict.write(set, undefined), /Max resident memory percent limit of 1 reached!. Help: /);
    strict.write({ kind: "delete-points", collection: "things", target: { ids: [1] } }, undefined);
  });

  it("checks and shows its settings", async () => {
    const { ask } = await filledApp();
    const patch = (config: object) => ask("PATCH", "/collections/things", { strict_mode_config: config });
    await patch({ enabled: true, max_query_limit: 3 });
    await patch({ max_timeout: 9, sparse_config: { words: { max_length: 5 } } });
    const { config } = (await ask("GET", "/collections/things")).json.result as {
      config: { strict_mode_config: object };
    };
    const expected = { enabled: true, max_query_limit: 3, max_timeout: 9, sparse_config: { words: { max_length: 5 } } };
    assert.deepEqual(config.strict_mode_config, expected);
    for (const [wrong, status, message] of [
      [{ max_query_limit: 0 }, 422, /strict_mode_config\.max_query_limit: value 0 invalid, must be 1 or larger/],
      [{ max_query_limit: "3" }, 400, /strict_mode_config\.max_query_limit/],
      [{ read_rate_limit: 0 }, 422, /strict_mode_config\.read_rate_limit/],
      [{ max_resident_memory_percent: 101 }, 422, /must be from 1 to 100/],
      [{ sparse_config: { words: { max_length: 0 } } }, 422, /strict_mode_config\.sparse_config\.words\.max_length/],
      [{ enabled: 1 }, 400, /strict_mode_config\.enabled/],
    ] as const) {
      const { statusCode, error } = await patch(wrong);
      assert.deepEqual([statusCode, message.test(error ?? "")], [status, true], error);
    }
  });
});
