import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { filledApp } from "../testing/test-app.js";

describe("changing vectors", () => {
  it("sets the given vectors and keeps the others", async () => {
    const { ask } = await filledApp();
    const { statusCode } = await ask("PUT", "/collections/named/points/vectors", {
      points: [{ id: 1, vector: { image: [7, 8] } }],
    });
    assert.equal(statusCode, 200);
    const { result } = (await ask("GET", "/collections/named/points/1")).json;
    assert.deepEqual(result, { id: 1, payload: {}, vector: { image: [7, 8], text: [0.6, 0, 0.8] } });
  });

  it("deletes vectors by name", async () => {
    const { ask } = await filledApp();
    assert.equal(
      (await ask("POST", "/collections/named/points/vectors/delete", { points: [1], vector: ["image"] })).statusCode,
      200,
    );
    assert.deepEqual((await ask("GET", "/collections/named/points/1")).json.result, {
      id: 1,
      payload: {},
      vector: { text: [0.6, 0, 0.8] },
    });
  });

  it("refuses unknown points, names, sizes and empty lists", async () => {
    const { ask } = await filledApp();
    const put = async (points: unknown) =>
      (await ask("PUT", "/collections/named/points/vectors", { points })).statusCode;
    assert.equal(await put([{ id: 99, vector: { image: [7, 8] } }]), 404);
    assert.equal(await put([{ id: 1, vector: { sound: [7, 8] } }]), 400);
    assert.equal(await put([{ id: 1, vector: { image: [7] } }]), 400);
    assert.equal(await put([{ id: 1, vector: { image: [] } }]), 422);
    assert.equal(await put([]), 400);
    const drop = async (body: unknown) =>
      (await ask("POST", "/collections/named/points/vectors/delete", body)).statusCode;
    assert.equal(await drop({ points: [1], vector: [] }), 422);
    assert.equal(await drop({ points: [1], vector: ["sound"] }), 400);
    assert.equal(await drop({ vector: ["image"] }), 400);
    assert.equal(await drop({ points: [1] }), 400);
  });
});
