import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { filledApp } from "../testing/test-app.js";

const path = "/collections/things/points";

describe("count", () => {
  it("counts all points, or those that match", async () => {
    const { ask } = await filledApp();
    assert.deepEqual((await ask("POST", `${path}/count`, {})).json.result, { count: 3 });
    assert.deepEqual((await ask("POST", `${path}/count`)).json.result, { count: 3 });
    const filter = { must: [{ key: "city", match: { value: "Berlin" } }] };
    assert.deepEqual((await ask("POST", `${path}/count`, { filter, exact: false })).json.result, { count: 2 });
    assert.equal((await ask("POST", `${path}/count`, { exact: 1 })).statusCode, 400);
    assert.equal((await ask("POST", "/collections/none/points/count", {})).statusCode, 404);
  });
});
