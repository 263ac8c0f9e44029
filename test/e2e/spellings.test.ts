import assert from "node:assert/strict";
import { test } from "node:test";
import { ok as okOf } from "../support/ok.js";
import { startE2eServer } from "./e2e-server.js";

const { request } = await startE2eServer();

const ok = (method: string, path: string, body?: unknown) => okOf({ request }, method, path, body);

async function status(method: string, path: string, body: unknown): Promise<number> {
  return (await request(method, path, body)).status;
}

const vectors = { a: { size: 2, distance: "Dot" }, b: { size: 2, distance: "Dot" } };

await ok("PUT", "/collections/c", { vectors });
await ok("PUT", "/collections/c/points?wait=true", {
  points: [1, 2, 3].map((id) => ({ id, vectors: { a: [id, 0], b: [0, id] } })),
});

test("vectors of a point, of an update and of a delete go by `vectors` too", async () => {
  await ok("PUT", "/collections/c/points?wait=true", { points: [{ id: 9, vectors: { a: [1, 1], b: [1, 1] } }] });
  await ok("PUT", "/collections/c/points/vectors?wait=true", { points: [{ id: 9, vectors: { a: [5, 5] } }] });
  await ok("POST", "/collections/c/points/vectors/delete?wait=true", { points: [9], vectors: ["b"] });
  assert.deepEqual(await ok("GET", "/collections/c/points/9"), { id: 9, payload: {}, vector: { a: [5, 5] } });
  const both = { points: [{ id: 9, vector: { a: [1, 1] }, vectors: { a: [1, 1] } }] };
  const refused = await request("PUT", "/collections/c/points", both);
  assert.equal(refused.status, 400);
  assert.match(refused.text, /points\[0\]\.vectors: duplicate field/);
  await ok("POST", "/collections/c/points/delete?wait=true", { points: [9] });
});

test("every read returns vectors for `with_vectors`, and refuses names that there are not", async () => {
  const reads: readonly (readonly [string, object])[] = [
    ["", { ids: [1] }],
    ["/scroll", { limit: 1 }],
    ["/query", { query: [0, 0], using: "a", limit: 1 }],
    ["/query", { limit: 1 }],
    ["/query/batch", { searches: [{ query: [0, 0], using: "a", limit: 1 }] }],
    ["/search", { vector: { name: "a", vector: [0, 0] }, limit: 1 }],
    ["/search/batch", { searches: [{ vector: { name: "a", vector: [0, 0] }, limit: 1 }] }],
  ];
  for (const [path, body] of reads) {
    const withField = (field: object) => {
      const { searches } = body as { searches?: readonly object[] };
      return searches === undefined
        ? { ...body, ...field }
        : { searches: searches.map((one) => ({ ...one, ...field })) };
    };
    const read = async (field: object) =>
      JSON.stringify(await ok("POST", `/collections/c/points${path}`, withField(field)));
    assert.match(await read({ with_vectors: true }), /"vector":\{"a":\[1,0\],"b":\[0,1\]\}/, path);
    assert.match(await read({ with_vectors: ["b"] }), /"vector":\{"b":\[0,1\]\}/, path);
    for (const name of ["with_vector", "with_vectors"]) {
      const answer = await request("POST", `/collections/c/points${path}`, withField({ [name]: ["a", "nope"] }));
      assert.equal(answer.status, 400, path);
      assert.match(answer.text, /Wrong input: .*Not existing vector name error: nope/, path);
    }
  }
});

test("the limit of a legacy search goes by `top` too, and any limit of 64 bits is as much as there is", async () => {
  const search = { vector: { name: "a", vector: [1, 1] } };
  assert.equal(((await ok("POST", "/collections/c/points/search", { ...search, top: 2 })) as unknown[]).length, 2);
  assert.equal(await status("POST", "/collections/c/points/search", { ...search, top: 2, limit: 2 }), 400);
  const most = "18446744073709551615";
  for (const [path, body] of [
    ["/search", `{"vector":{"name":"a","vector":[1,1]},"top":${most}}`],
    ["/search", `{"vector":{"name":"a","vector":[1,1]},"limit":${most}}`],
    ["/query", `{"query":[1,1],"using":"a","limit":${most}}`],
    ["/query", `{"limit":${most}}`],
    ["/scroll", `{"limit":${most}}`],
  ]) {
    const result = (await ok("POST", `/collections/c/points${path}`, body)) as unknown[] | { points: unknown[] };
    assert.equal((Array.isArray(result) ? result : result.points).length, 3, body);
  }
  const passed = (await ok("POST", "/collections/c/points/query", `{"query":[1,1],"using":"a","offset":${most}}`)) as {
    points: unknown[];
  };
  assert.deepEqual(passed.points, []);
  const beyond = '{"limit":18446744073709551616}';
  assert.equal(await status("POST", "/collections/c/points/scroll", beyond), 400);
});

test("quantization and the optimizer's settings go by their other names, at creation and later", async () => {
  const scalar = { scalar: { type: "int8" } };
  await ok("PUT", "/collections/q", {
    vectors: { a: { size: 2, distance: "Dot", quantization: "Disabled" }, b: { size: 2, distance: "Dot" } },
    quantization: scalar,
    optimizer_config: { indexing_threshold_kb: 7, memmap_threshold_kb: 8 },
    hnsw_config: { full_scan_threshold_kb: 11 },
  });
  const config = async () =>
    ((await ok("GET", "/collections/q")) as { config: { [name: string]: { [name: string]: unknown } } }).config;
  const made = await config();
  assert.deepEqual(made.quantization_config, scalar);
  assert.deepEqual([made.optimizer_config?.indexing_threshold, made.optimizer_config?.memmap_threshold], [7, 8]);
  assert.equal(made.hnsw_config?.full_scan_threshold, 11);
  assert.deepEqual((made.params as { vectors: { a: unknown } }).vectors.a, {
    ...vectors.a,
    quantization_config: "Disabled",
  });
  await ok("PATCH", "/collections/q", { optimizer_config: { max_segment_size_kb: 9 }, quantization: scalar });
  assert.equal((await config()).optimizer_config?.max_segment_size, 9);
  await ok("PATCH", "/collections/q", { quantization: "Disabled", vectors: { a: { quantization: scalar } } });
  assert.equal((await config()).quantization_config, "Disabled");
  assert.equal(await status("PUT", "/collections/r", { vectors: {}, quantization: { unary: {} } }), 400);
  const twice = { vectors: {}, optimizer_config: {}, optimizers_config: {} };
  assert.equal(await status("PUT", "/collections/r", twice), 400);
  assert.equal(await status("PUT", "/collections/r", { vectors: {}, init_from: { collection: "q" } }), 400);
});

test("the type of a payload index goes by `field_type` too", async () => {
  await ok("PUT", "/collections/c/index?wait=true", { field_name: "n", field_type: "integer" });
  const { payload_schema: schema } = (await ok("GET", "/collections/c")) as { payload_schema: object };
  assert.deepEqual(schema, { n: { data_type: "integer", points: 0 } });
});

test("counts below 0 or beyond 32 bits are no counts: 400", async () => {
  for (const field of ["shard_number", "replication_factor", "write_consistency_factor"]) {
    for (const count of [-1, 4_294_967_296]) {
      const answer = await request("PUT", "/collections/n", { vectors: {}, [field]: count });
      assert.equal(answer.status, 400, `${field} ${count}`);
      assert.match(answer.text, new RegExp(`Format error in JSON body: ${field}: invalid value`));
    }
    assert.equal(await status("PUT", "/collections/n", { vectors: {}, [field]: 0 }), 422);
  }
});

test("an update of no vectors is 422, a field condition without a condition too", async () => {
  const update = await request("PUT", "/collections/c/points/vectors", { points: [{ id: 1, vector: {} }] });
  assert.equal(update.status, 422);
  assert.match(update.text, /points\[0\]\.vector: .*must specify vectors to update/);
  for (const condition of [{ key: "x" }, { key: "x", match: null }]) {
    const count = await request("POST", "/collections/c/points/count", { filter: { must: [condition] } });
    assert.equal(count.status, 422);
    assert.match(count.text, /filter\.must\[0\]: At least one field condition must be specified/);
  }
});

test("a query without a query scores 0, and knows the names of vectors", async () => {
  const { points } = (await ok("POST", "/collections/c/points/query", { limit: 2, using: "a" })) as {
    points: readonly { id: number; score: number }[];
  };
  assert.deepEqual(
    points.map(({ id, score }) => [id, score]),
    [
      [1, 0],
      [2, 0],
    ],
  );
  assert.equal(await status("POST", "/collections/c/points/query", { using: "nope" }), 400);
});

test("a replica that stands alone reads with any factor of consistency", async () => {
  for (const factor of ["1", "2", "1001", "4294967295"]) {
    await ok("POST", `/collections/c/points/scroll?consistency=${factor}`, {});
  }
  assert.equal(await status("POST", "/collections/c/points/scroll?consistency=0", {}), 422);
});
