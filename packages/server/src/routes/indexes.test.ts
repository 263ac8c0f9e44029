import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import type { SettledWait, WaitRequest } from "@murmuration/core";
import { buildApp } from "../app.js";
import { filledApp, type TestApp, testApp } from "../testing/test-app.js";

interface Info {
  readonly status: string;
  readonly points_count: number;
  readonly payload_schema: unknown;
  readonly config: { readonly [name: string]: { readonly [name: string]: unknown } };
}

describe("payload indexes", () => {
  it("are created from a name or an object, shown, and dropped", async () => {
    const { ask } = await filledApp();
    const put = (body: unknown) => ask("PUT", "/collections/things/index?wait=true", body);
    assert.deepEqual((await put({ field_name: "city", field_schema: "keyword" })).json.result, {
      operation_id: 3,
      status: "completed",
    });
    await put({ field_name: "count", field_schema: { type: "integer", lookup: false, range: true, on_disk: true } });
    const { payload_schema: schema } = (await ask("GET", "/collections/things")).json.result as Info;
    assert.deepEqual(schema, {
      city: { data_type: "keyword", points: 3 },
      count: {
        data_type: "integer",
        params: { type: "integer", lookup: false, range: true, on_disk: true },
        points: 3,
      },
    });
    assert.equal((await ask("DELETE", "/collections/things/index/city")).statusCode, 200);
    assert.deepEqual(
      Object.keys(((await ask("GET", "/collections/things")).json.result as { payload_schema: object }).payload_schema),
      ["count"],
    );
  });

  it("take every parameter of their kind, and show it as it was given", async () => {
    const { ask } = await filledApp();
    const all = { on_disk: true, memory: "cold", enable_hnsw: false };
    const schemas = {
      a: { type: "keyword", is_tenant: true, prefix: true, ...all },
      b: { type: "integer", lookup: true, range: true, is_principal: true, ...all },
      c: { type: "float", is_principal: true, ...all },
      d: { type: "bool", ...all },
      e: { type: "datetime", is_principal: true, ...all },
      f: { type: "uuid", is_tenant: true, ...all },
      g: { type: "geo", ...all },
      h: {
        ...{
          type: "text",
          tokenizer: "word",
          min_token_len: 1,
          max_token_len: 9,
          lowercase: true,
          ascii_folding: true,
        },
        ...{ phrase_matching: true, stopwords: "english", stemmer: { type: "snowball", language: "english" }, ...all },
      },
    };
    for (const [field_name, field_schema] of Object.entries(schemas)) {
      const { statusCode } = await ask("PUT", "/collections/things/index", { field_name, field_schema });
      assert.equal(statusCode, 200);
    }
    const { payload_schema: shown } = (await ask("GET", "/collections/things")).json.result as Info;
    const expected = Object.entries(schemas).map(([field, params]) => [
      field,
      { data_type: params.type, params, points: 0 },
    ]);
    assert.deepEqual(shown, Object.fromEntries(expected));
  });

  it("refuse kinds that there are not and parameters that make no sense", async () => {
    const { ask } = await filledApp();
    const put = async (field_schema: unknown) => {
      const { statusCode, error } = await ask("PUT", "/collections/things/index", { field_name: "x", field_schema });
      return [statusCode, error] as const;
    };
    assert.equal((await put("keywords"))[0], 400);
    for (const schema of [
      { type: "keyword", is_tenant: 1 },
      { type: "keyword", memory: "warm" },
      { type: "uuid", is_tenant: "yes" },
      { type: "datetime", on_disk: 0 },
      { type: "bool", enable_hnsw: "no" },
    ]) {
      assert.equal((await put(schema))[0], 400);
    }
    const [statusCode, error] = await put({ type: "integer", lookup: false, range: false });
    assert.equal(statusCode, 422);
    assert.match(error ?? "", /the 'lookup' and 'range' capabilities can't be both disabled/);
    assert.equal((await ask("PUT", "/collections/things/index", { field_name: "x" })).statusCode, 400);
    assert.equal((await ask("PUT", "/collections/things/index", { field_schema: "keyword" })).statusCode, 400);
  });
});

const COUNT = 20_000;
const INDEX = "/collections/many/index";
const onN = { field_name: "n", field_schema: "integer" };

/** So many points that an index over them is built in steps. */
async function manyPoints(test: TestApp): Promise<void> {
  await test.ask("PUT", "/collections/many", { vectors: { v: { size: 2, distance: "Dot" } } });
  for (let from = 0; from < COUNT; from += 5_000) {
    const points = Array.from({ length: 5_000 }, (_, i) => ({ id: from + i, vector: {}, payload: { n: COUNT - i } }));
    assert.equal((await test.ask("PUT", "/collections/many/points?wait=true", { points })).statusCode, 200);
  }
}

function byN({ ask }: TestApp) {
  return ask("POST", "/collections/many/points/scroll", { order_by: "n", limit: 2, with_payload: false });
}

const statusOf = (answer: { readonly json: { readonly result?: unknown } }) =>
  (answer.json.result as { readonly status: string }).status;

describe("a payload index over many points", () => {
  it("is there to be used when its creation with `wait` is answered, and without is answered at once", async () => {
    const test = await testApp();
    await manyPoints(test);
    assert.equal(statusOf(await test.ask("PUT", `${INDEX}?wait=true`, onN)), "completed");
    const ordered = await byN(test);
    assert.equal(ordered.error, undefined);
    assert.deepEqual(
      (ordered.json.result as { points: { id: number }[] }).points.map(({ id }) => id),
      [4_999, 9_999],
    );
    assert.equal(statusOf(await test.ask("PUT", INDEX, { ...onN, field_schema: "float" })), "acknowledged");
    // it is being built: who asks again waits for it
    assert.equal(statusOf(await test.ask("PUT", `${INDEX}?wait=true`, { ...onN, field_schema: "float" })), "completed");
    assert.equal((await byN(test)).statusCode, 200);
  });

  it("makes its collection yellow until reads use it", async () => {
    const { ask, database } = await filledApp();
    const statusNow = async () => statusOf(await ask("GET", "/collections/things"));
    assert.equal(await statusNow(), "green");
    await ask("PUT", "/collections/things/index?wait=true", { field_name: "count", field_schema: "integer" });
    assert.equal(await statusNow(), "green");
    const statistics = database.statistics("things");
    assert.deepEqual(Object.keys(statistics.payloadIndexPoints), ["count"]);
    const asIfBuilt = mock.method(database, "statistics", () => ({ ...statistics, payloadIndexPoints: {} }));
    const { json } = await ask("GET", "/collections/things");
    assert.equal(statusOf({ json }), "yellow");
    assert.deepEqual((json.result as Info).payload_schema, { count: { data_type: "integer", points: 0 } });
    asIfBuilt.mock.restore();
    assert.equal(await statusNow(), "green");
  });

  it("says that it is still being built when the time is over, and what is full when there is no room for it", async () => {
    const { database } = await filledApp();
    const ends: SettledWait[] = [
      { id: 1, result: "index-building" },
      { id: 2, result: "index-given-up", code: "capacity", reason: "the memory is full" },
      { id: 3, result: "index-given-up", code: "corrupt", reason: "the payload of point 7 is damaged" },
    ];
    const asked: unknown[] = [];
    mock.method(database, "settled", async ({ kind, timeoutMs }: WaitRequest) => {
      asked.push([kind, timeoutMs <= 1_000]);
      return ends.shift();
    });
    const app = await buildApp(database);
    const put = () =>
      app.inject({
        method: "PUT",
        url: "/collections/things/index?wait=true&timeout=1",
        payload: { field_name: "count", field_schema: "integer" },
      });
    const late = await put();
    assert.deepEqual([late.statusCode, late.json().result.status], [200, "wait_timeout"]);
    const full = await put();
    assert.equal(full.statusCode, 507);
    assert.match(full.json().status.error, /the memory is full.*delete it and create it/);
    assert.equal((await put()).statusCode, 500);
    assert.deepEqual(asked, [
      ["index", true],
      ["index", true],
      ["index", true],
    ]);
    await app.close();
  });
});
