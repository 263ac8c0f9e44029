import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { filledApp } from "../testing/test-app.js";

const path = "/collections/things/points";

describe("scroll", () => {
  it("walks pages by id", async () => {
    const { ask } = await filledApp();
    const first = (await ask("POST", `${path}/scroll`, { limit: 2, with_payload: false })).json.result;
    assert.deepEqual(first, { points: [{ id: 1 }, { id: 2 }], next_page_offset: 3 });
    const last = (await ask("POST", `${path}/scroll`, { limit: 2, offset: 3, with_payload: false })).json.result;
    assert.deepEqual(last, { points: [{ id: 3 }], next_page_offset: null });
  });

  it("orders by an indexed number and shows it", async () => {
    const { ask } = await filledApp();
    const order = { order_by: { key: "count", direction: "desc" }, with_payload: false };
    const missing = await ask("POST", `${path}/scroll`, order);
    assert.equal(missing.statusCode, 400);
    assert.match(missing.error ?? "", /^Wrong input: No range index for `order_by` key: `count`\. /);
    await ask("PUT", "/collections/things/index", { field_name: "count", field_schema: "integer" });
    const { result } = (await ask("POST", `${path}/scroll`, order)).json;
    assert.deepEqual(result, {
      points: [
        { id: 1, order_value: 3 },
        { id: 3, order_value: 2 },
        { id: 2, order_value: 1 },
      ],
      next_page_offset: null,
    });
    assert.equal((await ask("POST", `${path}/scroll`, { order_by: "count" })).statusCode, 200);
    assert.equal((await ask("POST", `${path}/scroll`, { ...order, offset: 1 })).statusCode, 400);
    await ask("PUT", "/collections/things/index", {
      field_name: "count",
      field_schema: { type: "integer", range: false },
    });
    assert.equal((await ask("POST", `${path}/scroll`, order)).statusCode, 400);
  });

  it("starts from an integer of 64 bits and shows it, to the last digit", async () => {
    const { ask } = await filledApp();
    const first = 1_700_000_000_000_000_000n;
    const points = [0n, 1n, 2n, 3n].map((i) => `{"id":${i},"vector":[1,2,3,4],"payload":{"count":${first + i}}}`);
    await ask("PUT", "/collections/things/points", `{"points":[${points}]}`);
    await ask("PUT", "/collections/things/index", { field_name: "count", field_schema: "integer" });
    const order = `{"limit":2,"with_payload":false,"order_by":{"key":"count","start_from":${first + 2n}}}`;
    const { text } = await ask("POST", `${path}/scroll`, order);
    assert.match(
      text,
      /"points":\[\{"id":2,"order_value":1700000000000000002\},\{"id":3,"order_value":1700000000000000003\}\]/,
    );
  });

  it("orders by datetimes, from one of them on, and shows microseconds", async () => {
    const { ask } = await filledApp();
    const times = ["2024-02-29T12:00:00+01:00", "2024-02-29 11:00:00.000001", "2024-02-28", "no time"];
    const points = times.map((at, i) => ({ id: i + 1, vector: [1, 2, 3, 4], payload: { at } }));
    await ask("PUT", "/collections/things/points", { points });
    await ask("PUT", "/collections/things/index", { field_name: "at", field_schema: "datetime" });
    const order = {
      with_payload: false,
      order_by: { key: "at", direction: "desc", start_from: "2024-02-29T11:00:00Z" },
    };
    const answer = await ask("POST", `${path}/scroll`, order);
    assert.equal(answer.statusCode, 200, answer.text);
    const { result } = answer.json;
    const noon = Date.UTC(2024, 1, 29, 11) * 1_000;
    assert.deepEqual((result as { points: unknown }).points, [
      { id: 1, order_value: noon },
      { id: 3, order_value: Date.UTC(2024, 1, 28) * 1_000 },
    ]);
    const all = (await ask("POST", `${path}/scroll`, { with_payload: false, order_by: "at" })).json.result;
    assert.deepEqual(
      (all as { points: { id: number }[] }).points.map(({ id }) => id),
      [3, 1, 2],
    );
  });

  it("refuses limits, offsets and orders that are none", async () => {
    const { ask } = await filledApp();
    const scroll = async (body: unknown) => (await ask("POST", `${path}/scroll`, body)).statusCode;
    assert.equal(await scroll({ limit: 0 }), 422);
    assert.equal(await scroll({ limit: "10" }), 400);
    assert.equal(await scroll({ offset: "x" }), 400);
    assert.equal(await scroll({ order_by: 1 }), 400);
    assert.equal(await scroll({ order_by: { key: "a", direction: "up" } }), 400);
    assert.equal(await scroll({ order_by: { key: "a", start_from: "2024-01-01" } }), 400);
    assert.equal(await scroll({ filter: "x" }), 400);
  });
});
