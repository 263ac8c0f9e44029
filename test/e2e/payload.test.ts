import assert from "node:assert/strict";
import { test } from "node:test";
import { refused, startE2eServer } from "./e2e-server.js";

const { client, request } = await startE2eServer();

async function collection(name: string, payload: Record<string, unknown>): Promise<string> {
  await client.createCollection(name, { vectors: { size: 1, distance: "Dot" } });
  await client.upsert(name, { wait: true, points: [1, 2, 3].map((id) => ({ id, vector: [id], payload })) });
  return name;
}

async function payloads(name: string): Promise<readonly unknown[]> {
  return (await client.scroll(name)).points.map(({ payload }) => payload);
}

const first = { must: [{ has_id: [1] }] };

test("setting merges top-level keys, by ids and by filter", async () => {
  const name = await collection("set", { a: 1, b: { c: 2 } });
  const answer = await client.setPayload(name, { wait: true, payload: { b: { d: 3 }, e: [1] }, points: [1, 2] });
  assert.equal(answer.status, "completed");
  await client.setPayload(name, { wait: true, payload: { a: 9 }, filter: first });
  assert.deepEqual(await payloads(name), [
    { a: 9, b: { d: 3 }, e: [1] },
    { a: 1, b: { d: 3 }, e: [1] },
    { a: 1, b: { c: 2 } },
  ]);
});

test("a change of a point that does not exist is 404 and changes none; clearing it is fine", async () => {
  const name = await collection("unknown", { a: 1 });
  const missing = /^Not found: No point with id 99 found/;
  const change = { wait: true, points: [1, 99] };
  await refused(client.setPayload(name, { ...change, payload: { b: 1 } }), 404, missing);
  await refused(client.overwritePayload(name, { ...change, payload: { b: 1 } }), 404, missing);
  await refused(client.deletePayload(name, { ...change, keys: ["a"] }), 404, missing);
  assert.deepEqual(await payloads(name), [{ a: 1 }, { a: 1 }, { a: 1 }]);
  await client.clearPayload(name, { wait: true, points: [99] });
});

test("setting at a key path merges into the object there and creates what is missing", async () => {
  const name = await collection("set-key", { a: { b: { c: 1 } } });
  await client.setPayload(name, { wait: true, payload: { d: 2 }, key: "a.b", points: [1] });
  await client.setPayload(name, { wait: true, payload: { y: 3 }, key: "new.deep", points: [2] });
  assert.deepEqual(await payloads(name), [
    { a: { b: { c: 1, d: 2 } } },
    { a: { b: { c: 1 } }, new: { deep: { y: 3 } } },
    { a: { b: { c: 1 } } },
  ]);
});

test("overwriting replaces the whole payload", async () => {
  const name = await collection("overwrite", { a: 1, b: 2 });
  await client.overwritePayload(name, { wait: true, payload: { z: 1 }, points: [1] });
  await client.overwritePayload(name, { wait: true, payload: {}, filter: { must: [{ has_id: [2] }] } });
  assert.deepEqual(await payloads(name), [{ z: 1 }, {}, { a: 1, b: 2 }]);
});

test("overwriting at a key path replaces the object there and leaves the rest", async () => {
  const name = await collection("overwrite-key", { a: { b: 1, c: 2 }, d: 3 });
  await client.overwritePayload(name, { wait: true, payload: { e: 4 }, key: "a", points: [1] });
  assert.deepEqual(await payloads(name), [
    { a: { e: 4 }, d: 3 },
    { a: { b: 1, c: 2 }, d: 3 },
    { a: { b: 1, c: 2 }, d: 3 },
  ]);
});

test("keys are deleted by path, also inside arrays", async () => {
  const name = await collection("delete", { a: { b: 1, c: 2 }, list: [{ x: 1, y: 2 }, { x: 3 }], d: 3 });
  await client.deletePayload(name, { wait: true, keys: ["a.b", "list[].x", "no.such"], points: [1] });
  await client.deletePayload(name, { wait: true, keys: ["a", "list"], filter: { must: [{ has_id: [2] }] } });
  assert.deepEqual(await payloads(name), [
    { a: { c: 2 }, list: [{ y: 2 }, {}], d: 3 },
    { d: 3 },
    { a: { b: 1, c: 2 }, list: [{ x: 1, y: 2 }, { x: 3 }], d: 3 },
  ]);
});

test("clearing leaves the point without payload and with its vector", async () => {
  const name = await collection("clear", { a: 1 });
  await client.clearPayload(name, { wait: true, points: [1] });
  await client.clearPayload(name, { wait: true, filter: { must: [{ has_id: [2] }] } });
  assert.deepEqual(await payloads(name), [{}, {}, { a: 1 }]);
  const found = await client.query(name, { query: [1] });
  assert.deepEqual(
    found.points.map(({ id }) => id),
    [3, 2, 1],
  );
});

test("a changed payload is what filters see, with and without an index", async () => {
  const name = await collection("seen", { color: "red" });
  const count = async (value: string) =>
    (await client.count(name, { filter: { must: [{ key: "color", match: { value } }] } })).count;
  for (const withIndex of [false, true]) {
    if (withIndex) await client.createPayloadIndex(name, { wait: true, field_name: "color", field_schema: "keyword" });
    await client.setPayload(name, { wait: true, payload: { color: "red" }, filter: {} });
    assert.equal(await count("red"), 3);
    await client.setPayload(name, { wait: true, payload: { color: "blue" }, points: [1] });
    await client.deletePayload(name, { wait: true, keys: ["color"], points: [2] });
    assert.deepEqual([await count("red"), await count("blue")], [1, 1]);
    await client.clearPayload(name, { wait: true, points: [1] });
    assert.deepEqual([await count("red"), await count("blue")], [1, 0]);
  }
});

test("every JSON value comes back as it was", async () => {
  const payload = {
    text: "ä \u0000 \u2028 😀",
    empty: "",
    numbers: [0, -1, 0.1, 1e300, 5e-324, 123456789012345],
    yes: true,
    nothing: null,
    list: [[], [[]], {}],
    "key with . and [0]": { "": 1 },
    constructor: "own",
  };
  const name = await collection("values", payload);
  assert.deepEqual(JSON.parse(JSON.stringify((await payloads(name))[0])), payload);
});

test("neither points nor a filter is an error on every route that takes one of them", async () => {
  const name = await collection("neither", {});
  await refused(client.setPayload(name, { payload: { a: 1 } }), 400, /points|filter/);
  await refused(client.overwritePayload(name, { payload: { a: 1 } }), 400, /points|filter/);
  for (const path of ["payload/clear", "payload/delete", "delete"]) {
    const { status, text } = await request("POST", `/collections/${name}/points/${path}`, { keys: ["a"] });
    assert.equal(status, 400, text);
  }
  assert.deepEqual(await payloads(name), [{}, {}, {}]);
});

test("payloads that are kept in memory are answered like those on disk", async () => {
  const answers: unknown[] = [];
  for (const isOnDisk of [true, false]) {
    const name = `on-disk-${isOnDisk}`;
    await client.createCollection(name, { vectors: { size: 1, distance: "Dot" }, on_disk_payload: isOnDisk });
    const points = [1, 2, 3, 4].map((id) => ({
      id,
      vector: [id],
      payload: { n: id, text: "é🌍".repeat(id), nested: { id } },
    }));
    await client.upsert(name, { wait: true, points });
    await client.setPayload(name, { wait: true, payload: { n: 20 }, points: [2] });
    await client.clearPayload(name, { wait: true, points: [3] });
    await client.updateVectors(name, { wait: true, points: [{ id: 1, vector: [10] }] });
    await client.delete(name, { wait: true, points: [4] });
    const filter = { must: [{ key: "nested.id", match: { value: 2 } }] };
    answers.push([
      await payloads(name),
      await client.query(name, { query: [1], with_payload: true }),
      await client.scroll(name, { filter, with_payload: ["n"] }),
      (await client.getCollection(name)).config.params.on_disk_payload === isOnDisk,
    ]);
  }
  assert.deepEqual(answers[1], answers[0]);
  assert.deepEqual((answers[0] as unknown[])[0], [
    { n: 1, text: "é🌍", nested: { id: 1 } },
    { n: 20, nested: { id: 2 }, text: "é🌍é🌍" },
    {},
  ]);
});
