import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FailingOpLog } from "@murmuration/core/conformance";
import { type TestApp, testApp } from "../testing/test-app.js";

const at = "/collections/c/vectors";

/** A collection of unnamed vectors with three points. */
async function filled(log?: FailingOpLog): Promise<TestApp> {
  const test = await testApp({}, log === undefined ? {} : { log });
  await test.ask("PUT", "/collections/c", { vectors: { size: 2, distance: "Dot" } });
  const points = [1, 2, 3].map((id) => ({ id, vector: [id, 1], payload: { n: id } }));
  assert.equal((await test.ask("PUT", "/collections/c/points?wait=true", { points })).statusCode, 200);
  return test;
}

const dense = (size: number, more: object = {}) => ({ dense: { size, distance: "Dot", ...more } });

async function paramsOf({ ask }: TestApp): Promise<{ vectors: unknown; sparse_vectors?: unknown }> {
  const { result } = (await ask("GET", "/collections/c")).json;
  const { params } = (result as { config: { params: { vectors: unknown; sparse_vectors?: unknown } } }).config;
  return params;
}

async function found({ ask }: TestApp, using: string, query: unknown, more: object = {}): Promise<unknown[]> {
  const { json, error } = await ask("POST", "/collections/c/points/query", { using, query, limit: 10, ...more });
  assert.equal(error, undefined);
  return (json.result as { points: { id: number }[] }).points.map(({ id }) => id);
}

async function vectorsOf({ ask }: TestApp): Promise<unknown[]> {
  const { json } = await ask("POST", "/collections/c/points", { ids: [1, 2, 3], with_vector: true });
  return (json.result as { vector: unknown }[]).map(({ vector }) => vector);
}

describe("vectors of a collection that stands, over REST", () => {
  it("are added and shown as they were given, with what was patched, and go with it", async () => {
    const test = await filled();
    const { ask } = test;
    const added = await ask("PUT", `${at}/image?wait=true`, dense(3, { datatype: "float16" }));
    assert.equal(added.error, undefined);
    assert.equal((added.json.result as { status: string }).status, "completed");
    await ask("PUT", `${at}/parts`, dense(2, { multivector_config: { comparator: "max_sim" } }));
    await ask("PUT", `${at}/words`, { sparse: { modifier: "idf", datatype: "float16" } });
    assert.deepEqual(await paramsOf(test).then(({ vectors, sparse_vectors: sparse }) => ({ vectors, sparse })), {
      vectors: {
        "": { size: 2, distance: "Dot" },
        image: { size: 3, distance: "Dot", datatype: "float16" },
        parts: { size: 2, distance: "Dot", multivector_config: { comparator: "max_sim" } },
      },
      sparse: { words: { modifier: "idf", index: { datatype: "float16" } } },
    });
    const patch = { vectors: { image: { on_disk: true } }, sparse_vectors: { words: { index: { on_disk: true } } } };
    assert.equal((await ask("PATCH", "/collections/c", patch)).error, undefined);
    const patched = await paramsOf(test);
    assert.deepEqual((patched.vectors as { image: unknown }).image, {
      size: 3,
      distance: "Dot",
      datatype: "float16",
      on_disk: true,
    });
    assert.deepEqual(patched.sparse_vectors, {
      words: { modifier: "idf", index: { datatype: "float16", on_disk: true } },
    });
    assert.equal((await ask("DELETE", `${at}/image?wait=true`)).error, undefined);
    await ask("PUT", `${at}/image`, dense(5));
    // what was patched was of the one before
    assert.deepEqual(((await paramsOf(test)).vectors as { image: unknown }).image, { size: 5, distance: "Dot" });
  });

  it("are written, searched by, filtered on and retrieved, points that lack one left out", async () => {
    const test = await filled();
    const { ask } = test;
    await ask("PUT", `${at}/b`, dense(3));
    assert.deepEqual(await found(test, "b", [1, 0, 0]), []);
    const points = [
      { id: 2, vector: { b: [1, 0, 0] } },
      { id: 3, vector: { b: [2, 0, 0] } },
    ];
    assert.equal((await ask("PUT", "/collections/c/points/vectors?wait=true", { points })).error, undefined);
    assert.deepEqual(await found(test, "b", [1, 0, 0]), [3, 2]);
    assert.deepEqual(await found(test, "", [1, 0], { filter: { must: [{ has_vector: "b" }] } }), [3, 2]);
    assert.deepEqual(await vectorsOf(test), [[1, 1], { "": [2, 1], b: [1, 0, 0] }, { "": [3, 1], b: [2, 0, 0] }]);
    // writes by a filter look at points, not at rows
    const gone = { filter: { must: [{ has_vector: "b" }, { has_id: [3] }] }, vector: ["b"] };
    assert.equal((await ask("POST", "/collections/c/points/vectors/delete?wait=true", gone)).error, undefined);
    assert.deepEqual(await found(test, "b", [1, 0, 0]), [2]);
    await ask("DELETE", `${at}/b`);
    assert.deepEqual(await vectorsOf(test), [
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
    const unknown = await ask("POST", "/collections/c/points/query", { using: "b", query: [1, 0, 0] });
    assert.equal(unknown.error, "Wrong input: Not existing vector name error: b");
  });

  it("are there again after a start, and the unnamed one can be dropped too", async () => {
    const log = new FailingOpLog();
    const test = await filled(log);
    await test.ask("PUT", `${at}/b`, dense(3));
    await test.ask("DELETE", `${at}/?wait=true`);
    await test.ask("PUT", "/collections/c/points/vectors?wait=true", { points: [{ id: 1, vector: { b: [1, 2, 3] } }] });
    const before = [await paramsOf(test), await vectorsOf(test), await found(test, "b", [1, 1, 1])];
    const again = await testApp({}, { log });
    assert.deepEqual([await paramsOf(again), await vectorsOf(again), await found(again, "b", [1, 1, 1])], before);
  });

  it("are refused with the field where they cannot be, and nothing changes", async () => {
    const test = await filled();
    const { ask } = test;
    const before = await paramsOf(test);
    for (const [path, body, statusCode, error] of [
      ["b", {}, 400, /^Format error in JSON body: data did not match any variant/],
      ["b", { dense: { size: 0, distance: "Dot" } }, 422, /\[dense\.size: value 0 invalid, must be from 1 to 65536\]/],
      ["b", { dense: { size: 65_537, distance: "Dot" } }, 422, /dense\.size/],
      ["b", { dense: { size: 3, distance: "Far" } }, 400, /dense\.distance/],
      ["b", { sparse: { modifier: "odd" } }, 400, /sparse\.modifier/],
      ["__proto__", dense(3), 400, /__proto__/],
    ] as const) {
      const answer = await ask("PUT", `${at}/${path}`, body);
      assert.equal(answer.statusCode, statusCode, JSON.stringify(body));
      assert.match(answer.error ?? "", error);
    }
    assert.equal((await ask("PUT", "/collections/none/vectors/b", dense(3))).statusCode, 404);
    const gone = await ask("DELETE", `${at}/b`);
    assert.deepEqual([gone.statusCode, gone.error], [400, "Wrong input: Not existing vector name error: b"]);
    await ask("PUT", `${at}/b`, dense(3));
    const same = await ask("PUT", `${at}/b`, dense(3));
    assert.equal(same.statusCode, 200);
    const other = await ask("PUT", `${at}/b`, dense(4));
    assert.deepEqual(
      [other.statusCode, other.error],
      [400, "Wrong input: Vector `b` already exists with other parameters: drop it before it is added again"],
    );
    await ask("DELETE", `${at}/b`);
    assert.deepEqual(await paramsOf(test), before);
  });
});
