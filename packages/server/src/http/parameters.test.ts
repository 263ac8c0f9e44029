import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { filledApp } from "../testing/test-app.js";

describe("common query parameters", () => {
  it("refuses a timeout of 0 with 422 and text with 400", async () => {
    const { ask } = await filledApp();
    const zero = await ask("POST", "/collections/things/points/delete?timeout=0", { points: [1] });
    assert.equal(zero.statusCode, 422);
    assert.equal(zero.error, "Validation error in query parameters: [timeout: value 0 invalid, must be 1 or larger]");
    const text = await ask("PUT", "/collections/other?timeout=soon", { vectors: { size: 1, distance: "Dot" } });
    assert.equal(text.statusCode, 400);
    assert.match(text.error ?? "", /^Deserialize error in query parameters: timeout: /);
    assert.equal((await ask("GET", "/collections/other")).statusCode, 404);
  });

  it("accepts every value of wait, ordering and consistency that the dialect knows, and no other", async () => {
    const { ask } = await filledApp();
    for (const accepted of ["wait=true", "wait=false", "ordering=weak", "ordering=strong", "timeout=60"]) {
      assert.equal(
        (await ask("POST", `/collections/things/points/delete?${accepted}`, { points: [9] })).statusCode,
        200,
        accepted,
      );
    }
    for (const level of ["1", "majority", "quorum", "all", "eventual", "session"]) {
      const read = await ask("POST", `/collections/things/points/scroll?consistency=${level}`, {});
      assert.equal(read.statusCode, 200, level);
      const write = await ask("POST", `/collections/things/points/delete?write_consistency=${level}`, { points: [9] });
      assert.equal(write.statusCode, 200, level);
    }
    assert.equal((await ask("POST", "/collections/things/points/delete?wait=maybe", { points: [9] })).statusCode, 400);
    assert.equal(
      (await ask("POST", "/collections/things/points/delete?ordering=odd", { points: [9] })).statusCode,
      400,
    );
    assert.equal((await ask("POST", "/collections/things/points/scroll?consistency=0", {})).statusCode, 422);
  });
});
