import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { filledApp } from "../testing/test-app.js";

describe("reading points", () => {
  it("answers known ids only, with payload and without vectors unless asked", async () => {
    const { ask } = await filledApp();
    const { result } = (await ask("POST", "/collections/things/points", { ids: [2, 99] })).json;
    assert.deepEqual(result, [{ id: 2, payload: { city: "London", count: 1 } }]);
  });

  it("answers with an id that is asked for twice once, where it came first", async () => {
    const { ask } = await filledApp();
    const body = { ids: [3, 1, 3, 2, 1], with_payload: false };
    const { result } = (await ask("POST", "/collections/things/points", body)).json;
    assert.deepEqual(result, [{ id: 3 }, { id: 1 }, { id: 2 }]);
  });

  it("selects payload and vectors", async () => {
    const { ask } = await filledApp();
    const read = async (collection: string, fields: object) =>
      (await ask("POST", `/collections/${collection}/points`, { ids: [1], ...fields })).json.result;
    assert.deepEqual(await read("things", { with_payload: ["city"] }), [{ id: 1, payload: { city: "Berlin" } }]);
    assert.deepEqual(await read("things", { with_payload: { include: ["count"] } }), [
      { id: 1, payload: { count: 3 } },
    ]);
    assert.deepEqual(await read("things", { with_payload: { exclude: ["count"] } }), [
      { id: 1, payload: { city: "Berlin" } },
    ]);
    assert.deepEqual(await read("things", { with_payload: null, with_vector: null }), [
      { id: 1, payload: { city: "Berlin", count: 3 } },
    ]);
    assert.deepEqual(await read("named", { with_payload: false, with_vector: ["text"] }), [
      { id: 1, vector: { text: [0.6, 0, 0.8] } },
    ]);
    assert.deepEqual(await read("named", { with_vector: true }), [
      { id: 1, payload: {}, vector: { image: [1, 2], text: [0.6, 0, 0.8] } },
    ]);
    assert.equal((await ask("POST", "/collections/things/points", { ids: [1], with_payload: 7 })).statusCode, 400);
    assert.equal((await ask("POST", "/collections/things/points", { ids: [1], with_vector: [7] })).statusCode, 400);
    assert.equal((await ask("POST", "/collections/things/points", { ids: [1, "x"] })).statusCode, 400);
  });

  it("answers 404 for a missing point and 400 for text that names none", async () => {
    const { ask } = await filledApp();
    const missing = await ask("GET", "/collections/things/points/5");
    assert.deepEqual([missing.statusCode, missing.error], [404, "Not found: Point with id 5 does not exists!"]);
    const odd = await ask("GET", "/collections/things/points/x");
    assert.deepEqual([odd.statusCode, odd.error], [400, 'Wrong input: Can not recognize "x" as point id']);
    assert.equal((await ask("GET", "/collections/things/points/18446744073709551616")).statusCode, 400);
  });
});

describe("deleting points", () => {
  it("deletes by id and by filter", async () => {
    const { ask } = await filledApp();
    const count = async () => (await ask("POST", "/collections/things/points/count", {})).json.result;
    await ask("POST", "/collections/things/points/delete", { points: [1, 1, 99] });
    assert.deepEqual(await count(), { count: 2 });
    await ask("POST", "/collections/things/points/delete", {
      filter: { must: [{ key: "city", match: { value: "London" } }] },
    });
    assert.deepEqual(await count(), { count: 1 });
  });

  it("refuses a target that is missing, doubled or malformed", async () => {
    const { ask } = await filledApp();
    for (const body of [
      {},
      { points: [1], filter: {} },
      { points: 1 },
      { points: ["x"] },
      { filter: [] },
      { filter: { must: [{ odd: 1 }] } },
    ]) {
      for (const path of ["delete", "payload/clear"]) {
        assert.equal(
          (await ask("POST", `/collections/things/points/${path}`, body)).statusCode,
          400,
          JSON.stringify(body),
        );
      }
    }
    const { error } = await ask("POST", "/collections/things/points/delete", {
      filter: { must: [{ has_id: [1] }, { odd: 1 }] },
    });
    assert.match(error ?? "", /^Format error in JSON body: .*filter\.must\[1\]/);
    const ids = await ask("POST", "/collections/things/points/delete", { points: [1, 2, "x"] });
    assert.match(ids.error ?? "", /points\[2\]/);
  });
});
