import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { filledApp } from "../testing/test-app.js";

describe("changing payloads", () => {
  it("merges, replaces, deletes keys and clears", async () => {
    const { ask } = await filledApp();
    const path = "/collections/things/points/payload";
    const payload = async () =>
      ((await ask("GET", "/collections/things/points/1")).json.result as { payload: unknown }).payload;
    await ask("POST", path, { points: [1], payload: { a: 1 } });
    assert.deepEqual(await payload(), { city: "Berlin", count: 3, a: 1 });
    await ask("POST", `${path}/delete`, { points: [1], keys: ["city", "none"] });
    assert.deepEqual(await payload(), { count: 3, a: 1 });
    await ask("PUT", path, { filter: { must: [{ has_id: [1] }] }, payload: { b: 2 } });
    assert.deepEqual(await payload(), { b: 2 });
    await ask("POST", `${path}/clear`, { points: [1] });
    assert.deepEqual(await payload(), {});
  });

  it("refuses payloads that are no objects and keys that are no texts", async () => {
    const { ask } = await filledApp();
    const path = "/collections/things/points/payload";
    for (const method of ["POST", "PUT"] as const) {
      assert.equal((await ask(method, path, { points: [1] })).statusCode, 400);
      assert.equal((await ask(method, path, { points: [1], payload: [] })).statusCode, 400);
      assert.equal((await ask(method, path, { payload: {} })).statusCode, 400);
      assert.equal((await ask(method, path, { points: [1], payload: {}, key: 1 })).statusCode, 400);
    }
    assert.equal((await ask("POST", `${path}/delete`, { points: [1] })).statusCode, 400);
    assert.equal((await ask("POST", `${path}/delete`, { points: [1], keys: [1] })).statusCode, 400);
  });
});
