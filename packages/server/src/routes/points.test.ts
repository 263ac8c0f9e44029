import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { UpsertPoints } from "@murmuration/core";
import { denseOf, type Vector } from "@murmuration/index";
import { filledApp, type TestApp } from "../testing/test-app.js";

const everything = { with_payload: true, with_vector: true };

async function upsert(test: TestApp, points: unknown, collection = "things") {
  const { statusCode, error } = await test.ask("PUT", `/collections/${collection}/points?wait=true`, { points });
  return { statusCode, error: error ?? "" };
}

describe("upserting points", () => {
  it("answers a number for the operation and completed or acknowledged", async () => {
    const { ask } = await filledApp();
    const body = { points: [{ id: 9, vector: [1, 2, 3, 4] }] };
    assert.deepEqual((await ask("PUT", "/collections/things/points?wait=true", body)).json.result, {
      operation_id: 4,
      status: "completed",
    });
    assert.deepEqual((await ask("PUT", "/collections/things/points", body)).json.result, {
      operation_id: 5,
      status: "acknowledged",
    });
  });

  it("keeps ids of 64 bits exactly, in and out", async () => {
    const { ask } = await filledApp();
    const body = '{"points":[{"id":18446744073709551615,"vector":[1,2,3,4],"payload":{"n":9007199254740993}}]}';
    assert.equal((await ask("PUT", "/collections/things/points", body)).statusCode, 200);
    const one = await ask("GET", "/collections/things/points/18446744073709551615");
    assert.match(one.text, /"id":18446744073709551615,/);
    assert.match(one.text, /"n":9007199254740993\}/);
    const page = await ask("POST", "/collections/things/points/scroll", '{"limit":1,"offset":18446744073709551615}');
    assert.match(page.text, /"id":18446744073709551615/);
    const next = await ask("POST", "/collections/things/points/scroll", { limit: 3 });
    assert.match(next.text, /"next_page_offset":18446744073709551615/);
  });

  it("accepts UUIDs in every spelling and prints them hyphenated in lower case", async () => {
    const test = await filledApp();
    const printed = "936da01f-9abd-4d9d-80c7-02af85c822a8";
    for (const spelling of [printed, printed.toUpperCase(), printed.replaceAll("-", ""), `urn:uuid:${printed}`]) {
      assert.equal((await upsert(test, [{ id: spelling, vector: [1, 2, 3, 4] }])).statusCode, 200);
    }
    const { result } = (
      await test.ask("POST", "/collections/things/points", { ids: [printed.toUpperCase()], with_payload: false })
    ).json;
    assert.deepEqual(result, [{ id: printed }]);
  });

  it("returns vectors in the shortest decimals of float32", async () => {
    const { ask } = await filledApp();
    const { text } = await ask("GET", "/collections/things/points/2");
    assert.match(text, /"vector":\[0\.19,0\.81,0\.75,0\.11\]/);
  });

  it("keeps only the last of several points with one id", async () => {
    const { ask, written } = await filledApp();
    await ask("PUT", "/collections/things/points", {
      points: [
        { id: 7, vector: [1, 1, 1, 1] },
        { id: 8, vector: [2, 2, 2, 2] },
        { id: 7, vector: [3, 3, 3, 3] },
      ],
    });
    const { points } = written.at(-1) as UpsertPoints;
    assert.deepEqual(
      points.map(({ id, vectors }) => [id, denseOf(vectors[""] as Vector)[0]]),
      [
        [8, 2],
        [7, 3],
      ],
    );
  });

  it("accepts columns: of the unnamed vector and of named ones", async () => {
    const { ask } = await filledApp();
    const unnamed = {
      batch: {
        ids: [11, 12],
        vectors: [
          [1, 2, 3, 4],
          [5, 6, 7, 8],
        ],
        payloads: [{ a: 1 }, null],
      },
    };
    assert.equal((await ask("PUT", "/collections/things/points", unnamed)).statusCode, 200);
    assert.deepEqual((await ask("POST", "/collections/things/points", { ids: [11, 12], ...everything })).json.result, [
      { id: 11, payload: { a: 1 }, vector: [1, 2, 3, 4] },
      { id: 12, payload: {}, vector: [5, 6, 7, 8] },
    ]);
    const named = {
      batch: {
        ids: [11, 12],
        vectors: {
          image: [
            [1, 2],
            [3, 4],
          ],
        },
      },
    };
    assert.equal((await ask("PUT", "/collections/named/points", named)).statusCode, 200);
    assert.deepEqual((await ask("GET", "/collections/named/points/12")).json.result, {
      id: 12,
      payload: {},
      vector: { image: [3, 4] },
    });
  });

  it("passes on mode and update filter", async () => {
    const { ask, written } = await filledApp();
    const filter = { must: [{ key: "city", match: { value: "Berlin" } }] };
    const body = { points: [{ id: 1, vector: [1, 2, 3, 4] }], update_mode: "update_only", update_filter: filter };
    assert.equal((await ask("PUT", "/collections/things/points", body)).statusCode, 200);
    const { mode, updateFilter } = written.at(-1) as UpsertPoints;
    assert.equal(mode, "update-only");
    assert.deepEqual(updateFilter?.must, [{ kind: "match-value", key: "city", value: "Berlin" }]);
    const odd = await ask("PUT", "/collections/things/points", { ...body, update_mode: "sometimes" });
    assert.equal(odd.statusCode, 400);
    assert.match(odd.error ?? "", /update_mode/);
  });

  it("accepts a point without vectors", async () => {
    const test = await filledApp();
    assert.equal((await upsert(test, [{ id: 5, vector: {}, payload: { a: 1 } }])).statusCode, 200);
    assert.deepEqual((await test.ask("GET", "/collections/things/points/5")).json.result, {
      id: 5,
      payload: { a: 1 },
      vector: {},
    });
  });

  const good = { id: 1, vector: [1, 2, 3, 4] };
  const refused: readonly (readonly [string, unknown, number, RegExp])[] = [
    ["no id", [good, { vector: [1, 2, 3, 4] }], 400, /^Format error in JSON body: points\[1\]\.id: missing field$/],
    ["a negative id", [{ ...good, id: -1 }], 400, /points\[0\]\.id: value -1 is not a valid point ID/],
    ["a fractional id", [{ ...good, id: 1.5 }], 400, /points\[0\]\.id/],
    ["a text id", [{ ...good, id: "abc" }], 400, /points\[0\]\.id/],
    ["a null id", [{ ...good, id: null }], 400, /points\[0\]\.id/],
    ["no vector", [good, good, { id: 2 }], 400, /points\[2\]\.vector: missing field/],
    ["a vector as text", [{ id: 1, vector: "x" }], 400, /points\[0\]\.vector/],
    ["an empty vector", [{ id: 1, vector: [] }], 422, /points\[0\]\.vector/],
    ["text in a vector", [{ id: 1, vector: [1, "2", 3, 4] }], 400, /points\[0\]\.vector\[1\]/],
    ["null in a vector", [{ id: 1, vector: [1, 2, null, 4] }], 400, /points\[0\]\.vector\[2\]/],
    [
      "a number beyond float32",
      [good, { id: 1, vector: [1, 2, 3, 1e39] }],
      422,
      /^Validation error in JSON body: \[points\[1\]\.vector\[3\]: value 1e\+39 invalid/,
    ],
    [
      "too few dimensions",
      [{ id: 1, vector: [1, 2, 3] }],
      400,
      /^Wrong input: Vector dimension error: expected dim: 4, got 3$/,
    ],
    [
      "too many dimensions among others",
      [good, { id: 2, vector: [1, 2, 3, 4, 5] }],
      400,
      /^Wrong input: Vector dimension error: expected dim: 4, got 5 .*point 2/,
    ],
    [
      "an unknown vector name",
      [{ id: 1, vector: { sound: [1] } }],
      400,
      /^Wrong input: Not existing vector name error: sound$/,
    ],
    [
      "a vector named like a property of objects",
      [{ id: 1, vector: { constructor: [1] } }],
      400,
      /^Wrong input: Not existing vector name/,
    ],
    [
      "multi-vectors",
      [{ id: 1, vector: [[1, 2, 3, 4]] }],
      400,
      /^Wrong input: Conversion between multi and regular vectors failed/,
    ],
    [
      "sparse vectors of a name that there is not",
      [{ id: 1, vector: { text: { indices: [1], values: [1] } } }],
      400,
      /^Wrong input: Not existing vector name error: text/,
    ],
    [
      "sparse vectors with an index twice",
      [{ id: 1, vector: { text: { indices: [1, 1], values: [1, 2] } } }],
      422,
      /^Validation error in JSON body: \[points\[0\]\.vector\.text\.indices: must be unique\]/,
    ],
    [
      "sparse vectors of unequal lengths",
      [{ id: 1, vector: { text: { indices: [1], values: [1, 2] } } }],
      422,
      /^Validation error in JSON body: \[points\[0\]\.vector\.text\.values: must be the same length as indices\]/,
    ],
    [
      "documents",
      [{ id: 1, vector: { text: "hello", model: "m" } }],
      400,
      /^Bad request: points\[0\]\.vector: inference/,
    ],
    ["a payload that is no object", [{ ...good, payload: [1] }], 400, /points\[0\]\.payload: expected object/],
    ["a point that is no object", [good, 7], 400, /points\[1\]/],
    ["points that are no array", { id: 1 }, 400, /points: expected array/],
    ["no points", [], 400, /^Bad request: Empty update request/],
  ];
  for (const [what, points, expectedCode, expectedMessage] of refused) {
    it(`refuses ${what} whole, and writes nothing`, async () => {
      const test = await filledApp();
      const written = test.written.length;
      const { statusCode, error } = await upsert(test, points);
      assert.equal(statusCode, expectedCode, error);
      assert.match(error, expectedMessage);
      assert.equal(test.written.length, written);
    });
  }

  it("looks for the collection before it looks for points", async () => {
    const { ask } = await filledApp();
    for (const path of ["points", "points/vectors"]) {
      const { statusCode, error } = await ask("PUT", `/collections/none/${path}`, { points: [] });
      assert.deepEqual([statusCode, error], [404, "Not found: Collection `none` doesn't exist!"], path);
    }
  });

  it("refuses bodies with neither or both of points and batch, uneven columns and shard keys", async () => {
    const { ask } = await filledApp();
    const batch = { ids: [1, 2], vectors: [[1, 2, 3, 4]] };
    const even = { ids: [1], vectors: [[1, 2, 3, 4]] };
    assert.equal((await ask("PUT", "/collections/things/points", {})).statusCode, 400);
    assert.equal((await ask("PUT", "/collections/things/points", { points: [good], batch: even })).statusCode, 400);
    const uneven = await ask("PUT", "/collections/things/points", { batch });
    assert.equal(uneven.statusCode, 422);
    assert.match(uneven.error ?? "", /batch\.vectors: .*same length as ids/);
    const deep = await ask("PUT", "/collections/named/points", { batch: { ids: [1], vectors: { image: [[1, "x"]] } } });
    assert.match(deep.error ?? "", /batch\.vectors\.image\[0\]\[1\]: expected number/);
    const sharded = await ask("PUT", "/collections/things/points", { points: [good], shard_key: "a" });
    assert.match(sharded.error ?? "", /^Wrong input: Shard key "a" not found/);
    assert.equal((await ask("PUT", "/collections/none/points", { points: [good] })).statusCode, 404);
  });
});
