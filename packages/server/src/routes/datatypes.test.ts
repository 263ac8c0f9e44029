import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FailingOpLog } from "@murmuration/core/conformance";
import { type TestApp, testApp } from "../testing/test-app.js";

async function filled(vectors: object, points: readonly object[], log = new FailingOpLog()): Promise<TestApp> {
  const test = await testApp({}, { log });
  assert.equal((await test.ask("PUT", "/collections/c", { vectors })).error, undefined);
  if (points.length > 0)
    assert.equal((await test.ask("PUT", "/collections/c/points?wait=true", { points })).error, undefined);
  return test;
}

const vectorsOf = async ({ ask }: TestApp) => {
  const { json } = await ask("POST", "/collections/c/points/scroll", { with_vector: true });
  return (json.result as { points: { vector: unknown }[] }).points.map(({ vector }) => vector);
};

const scoresOf = async ({ ask }: TestApp, query: readonly number[]) => {
  const { json, error } = await ask("POST", "/collections/c/points/query", { query, limit: 10 });
  assert.equal(error, undefined);
  return (json.result as { points: { id: number; score: number }[] }).points.map(({ id, score }) => [id, score]);
};

describe("datatype uint8", () => {
  const points = [
    { id: 1, vector: [0, 1.9, 255, 300] },
    { id: 2, vector: [-5, 0.5, 128, 254.999] },
  ];

  it("keeps whole numbers from 0 to 255, cut off behind the point, and compares these", async () => {
    for (const distance of ["Dot", "Euclid", "Manhattan"]) {
      const log = new FailingOpLog();
      const test = await filled({ size: 4, distance, datatype: "uint8" }, points, log);
      const kept = [
        [0, 1, 255, 255],
        [0, 0, 128, 254],
      ];
      assert.deepEqual(await vectorsOf(test), kept);
      const expected = {
        Dot: [
          [1, 255 + 255],
          [2, 128 + 254],
        ],
        Euclid: undefined,
        Manhattan: [
          [2, 380],
          [1, 509],
        ],
      }[distance];
      const scores = await scoresOf(test, [0, 0, 1, 1]);
      if (expected !== undefined) assert.deepEqual(scores, expected);
      // after a start, too
      const again = await testApp({}, { log });
      assert.deepEqual([await vectorsOf(again), await scoresOf(again, [0, 0, 1, 1])], [kept, scores]);
    }
  });

  it("is made as long as others by Cosine when it is cut off", async () => {
    const test = await filled({ size: 2, distance: "Cosine", datatype: "uint8" }, [{ id: 1, vector: [3.7, 4.2] }]);
    assert.deepEqual(await vectorsOf(test), [[0.6, 0.8]]);
    assert.deepEqual(await scoresOf(test, [3, 4]), [[1, 1]]);
  });
});

describe("datatype turbo4", () => {
  const values = (seed: number) => Array.from({ length: 48 }, (_, i) => Math.fround(Math.sin(seed * 31 + i * i)));
  const points = Array.from({ length: 20 }, (_, id) => ({ id, vector: values(id) }));

  it("keeps what a code of four bits a dimension stands for, the same when it is written again", async () => {
    const log = new FailingOpLog();
    const test = await filled({ size: 48, distance: "Dot", datatype: "turbo4" }, points, log);
    const kept = (await vectorsOf(test)) as number[][];
    for (const [id, vector] of kept.entries()) {
      const given = values(id);
      const off = vector.reduce((sum, value, i) => sum + (value - (given[i] as number)) ** 2, 0);
      assert.ok(off > 0 && off < 0.02 * given.reduce((sum, value) => sum + value * value, 0));
    }
    const again = kept.map((vector, id) => ({ id, vector }));
    await test.ask("PUT", "/collections/c/points?wait=true", { points: again });
    assert.deepEqual(await vectorsOf(test), kept);
    const [[first] = []] = await scoresOf(test, values(7));
    assert.equal(first, 7);
    assert.deepEqual(await vectorsOf(await testApp({}, { log })), kept);
  });

  it("never has a cosine beyond 1", async () => {
    const test = await filled({ size: 48, distance: "Cosine", datatype: "turbo4" }, points);
    for (const vector of (await vectorsOf(test)) as number[][]) {
      for (const [, score] of await scoresOf(test, vector)) assert.ok(Math.abs(score as number) <= 1);
    }
  });

  it("refuses what is too large for it, with the point", async () => {
    const test = await filled({ size: 2, distance: "Dot", datatype: "turbo4" }, []);
    const { statusCode, error } = await test.ask("PUT", "/collections/c/points", {
      points: [{ id: 1, vector: [1e36, 0] }],
    });
    assert.equal(statusCode, 400);
    assert.match(error ?? "", /points\[0\]\.vector: a value is beyond 1e\+35, the largest of turbo4/);
  });
});

describe("a datatype", () => {
  it("is shown as it was given, added later too, and goes with no other way to travel", async () => {
    const test = await filled({ a: { size: 2, distance: "Dot", datatype: "turbo4" } }, []);
    const { ask } = test;
    await ask("PUT", "/collections/c/vectors/b", { dense: { size: 2, distance: "Dot", datatype: "uint8" } });
    const { result } = (await ask("GET", "/collections/c")).json;
    assert.deepEqual((result as { config: { params: { vectors: unknown } } }).config.params.vectors, {
      a: { size: 2, distance: "Dot", datatype: "turbo4" },
      b: { size: 2, distance: "Dot", datatype: "uint8" },
    });
    const vectors = { size: 2, distance: "Dot", datatype: "uint8", encoding: "sq8" };
    const { statusCode, error } = await ask("PUT", "/collections/d", { vectors });
    assert.equal(statusCode, 400);
    assert.match(error ?? "", /vectors\.encoding: vectors of datatype uint8 travel as u8, not as sq8/);
    const unknown = await ask("PUT", "/collections/d", { vectors: { size: 2, distance: "Dot", datatype: "int4" } });
    assert.match(unknown.error ?? "", /vectors\.datatype/);
  });
});
