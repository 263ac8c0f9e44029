import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { filledApp } from "../testing/test-app.js";

interface Hit {
  readonly id: number;
  readonly score: number;
  readonly version: number;
}

const path = "/collections/things/points";
const ids = (hits: unknown) => (hits as readonly Hit[]).map((hit) => hit.id);

describe("legacy search", () => {
  it("answers an array, for unnamed and named vectors", async () => {
    const { ask } = await filledApp();
    const plain = await ask("POST", `${path}/search`, {
      vector: [0.2, 0.1, 0.9, 0.7],
      limit: 3,
      with_payload: ["count"],
    });
    assert.deepEqual(ids(plain.json.result), [1, 3, 2]);
    const named = await ask("POST", "/collections/named/points/search", {
      vector: { name: "image", vector: [1, 2] },
      limit: 1,
    });
    assert.deepEqual(named.json.result, [{ id: 1, version: 1, score: 0 }]);
    const batch = await ask("POST", `${path}/search/batch`, {
      searches: [
        { vector: [1, 0, 0, 0], limit: 1 },
        { vector: [0, 1, 0, 0], limit: 1 },
      ],
    });
    assert.deepEqual((batch.json.result as unknown[]).map(ids), [[3], [2]]);
  });

  it("refuses what is missing or wrong", async () => {
    const { ask } = await filledApp();
    const search = async (body: unknown) => {
      const { statusCode, error } = await ask("POST", `${path}/search`, body);
      return [statusCode, error ?? ""] as const;
    };
    assert.deepEqual(await search({ vector: [1, 2, 3, 4] }), [400, "Format error in JSON body: limit: missing field"]);
    assert.equal((await search({ limit: 1 }))[0], 400);
    assert.equal((await search({ vector: [1], limit: 1 }))[0], 400);
    assert.equal((await search({ vector: { name: 1, vector: [1] }, limit: 1 }))[0], 400);
    const sparse = await search({ vector: { name: "", vector: { indices: [], values: [] } }, limit: 1 });
    assert.deepEqual(sparse, [400, "Wrong input: Conversion between sparse and regular vectors failed"]);
    assert.equal((await search({ vector: [1, 2, 3, 4], limit: 0 }))[0], 422);
  });
});
