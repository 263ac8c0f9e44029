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

  it("merges entries of one id by name, in order: of one name the last wins", async () => {
    const { ask } = await filledApp();
    const points = [
      { id: 1, vector: { image: [7, 7] } },
      { id: 2, vector: { image: [5, 5] } },
      { id: 1, vector: { text: [0, 3, 4] } },
      { id: 1, vector: { image: [8, 8] } },
    ];
    assert.equal((await ask("PUT", "/collections/named/points/vectors", { points })).statusCode, 200);
    const vectorOf = async (id: number) =>
      ((await ask("GET", `/collections/named/points/${id}`)).json.result as { vector: unknown }).vector;
    assert.deepEqual(await vectorOf(1), { image: [8, 8], text: [0, 0.6, 0.8] });
    assert.deepEqual(await vectorOf(2), { image: [5, 5] });
  });

  it("deletes vectors by name, of a name given twice too", async () => {
    const { ask, written } = await filledApp();
    const body = { points: [1, 1], vector: ["image", "image"] };
    assert.equal((await ask("POST", "/collections/named/points/vectors/delete", body)).statusCode, 200);
    const command = written.at(-1);
    assert.ok(command?.kind === "delete-vectors");
    assert.deepEqual([command.vectors, command.target], [["image"], { ids: [1] }]);
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
