import assert from "node:assert/strict";
import { test } from "node:test";
import { refused, startE2eServer } from "./e2e-server.js";

const { client } = await startE2eServer();
const uuids = ["00000000-0000-4000-8000-000000000001", "ffffffff-0000-4000-8000-000000000002"];
const numbers = Array.from({ length: 25 }, (_, i) => i * 3 + 1);

await client.createCollection("pages", { vectors: { size: 2, distance: "Dot" } });
await client.upsert("pages", {
  wait: true,
  points: [...uuids, ...numbers.toReversed()].map((id, i) => ({
    id,
    vector: [i, 1],
    // The last three in order of insertion have no price.
    payload: { parity: i % 2, ...(i < 24 ? { price: (i * 7) % 24, rating: i / 4 } : {}), several: [i, i + 100] },
  })),
});

type Scroll = NonNullable<Parameters<typeof client.scroll>[1]>;

/** All pages, one after the other. */
async function pages(request: Scroll): Promise<readonly (string | number)[][]> {
  const found: (string | number)[][] = [];
  let offset: Scroll["offset"];
  do {
    const page = await client.scroll("pages", { ...request, ...(offset === undefined ? {} : { offset }) });
    found.push(page.points.map(({ id }) => id));
    offset = (page.next_page_offset as string | number | null) ?? undefined;
  } while (offset !== undefined && found.length < 100);
  return found;
}

test("pages hold every point once, numbers ascending and then UUIDs ascending", async () => {
  for (const limit of [1, 4, 9, 27, 1_000]) {
    const found = await pages({ limit });
    assert.deepEqual(found.flat(), [...numbers, ...uuids], `limit ${limit}`);
    assert.ok(found.every((page) => page.length <= limit));
  }
  assert.equal((await client.scroll("pages")).points.length, 10);
});

test("the offset is the first id of the page, whether it exists or not", async () => {
  const from = async (offset: number | string) =>
    (await client.scroll("pages", { offset, limit: 2 })).points.map(({ id }) => id);
  assert.deepEqual(await from(4), [4, 7]);
  assert.deepEqual(await from(5), [7, 10]);
  assert.deepEqual(await from(73), [73, uuids[0]]);
  assert.deepEqual(await from(uuids[1] ?? ""), [uuids[1]]);
});

test("a filter holds on every page", async () => {
  const filter = { must: [{ key: "parity", match: { value: 1 } }] };
  const found = (await pages({ limit: 3, filter })).flat();
  assert.equal(found.length, (await client.count("pages", { filter })).count);
  assert.equal(found.length, 13);
  assert.equal(new Set(found).size, 13);
});

test("payload comes by default, vectors when asked for", async () => {
  const [plain] = (await client.scroll("pages", { limit: 1 })).points;
  assert.deepEqual(Object.keys(plain ?? {}).sort(), ["id", "payload"]);
  const selected = { limit: 1, with_payload: { exclude: ["several", "price", "rating"] }, with_vector: true };
  const [chosen] = (await client.scroll("pages", selected)).points;
  assert.deepEqual(chosen, { id: 1, payload: { parity: 0 }, vector: [26, 1] });
});

test("ordering needs a range index and says so", async () => {
  await refused(
    client.scroll("pages", { order_by: "price" }),
    400,
    /^Wrong input: No range index for `order_by` key: `price`\./,
  );
  await client.createPayloadIndex("pages", { wait: true, field_name: "parity", field_schema: "keyword" });
  await refused(client.scroll("pages", { order_by: "parity" }), 400, /No range index/);
});

test("points are ordered by an indexed number, both ways and from a start", async () => {
  await client.createPayloadIndex("pages", { wait: true, field_name: "price", field_schema: "integer" });
  const ordered = async (order_by: Scroll["order_by"], limit = 100) => {
    const page = await client.scroll("pages", { order_by: order_by ?? null, limit });
    assert.equal(page.next_page_offset ?? null, null);
    for (const { payload, order_value } of page.points) assert.equal(order_value, payload?.price);
    return page.points.map(({ payload }) => payload?.price);
  };
  const ascending = Array.from({ length: 24 }, (_, i) => i);
  assert.deepEqual(await ordered("price"), ascending);
  assert.deepEqual(await ordered({ key: "price", direction: "desc" }), ascending.toReversed());
  assert.deepEqual(await ordered({ key: "price", start_from: 20 }), [20, 21, 22, 23]);
  assert.deepEqual(await ordered({ key: "price", direction: "desc", start_from: 2 }), [2, 1, 0]);
  assert.deepEqual(await ordered("price", 3), [0, 1, 2]);
  await refused(client.scroll("pages", { order_by: "price", offset: 4 }), 400, /offset/);
});

test("points are ordered by an indexed float, with a filter", async () => {
  await client.createPayloadIndex("pages", { wait: true, field_name: "rating", field_schema: "float" });
  const filter = { must: [{ key: "parity", match: { value: 0 } }] };
  const { points } = await client.scroll("pages", { order_by: "rating", filter, limit: 4 });
  assert.deepEqual(
    points.map(({ order_value }) => order_value),
    [0, 0.5, 1, 1.5],
  );
});

test("a point with several values comes once for each", async () => {
  await client.createPayloadIndex("pages", { wait: true, field_name: "several", field_schema: "integer" });
  const { points } = await client.scroll("pages", { order_by: { key: "several", start_from: 25 }, limit: 4 });
  assert.deepEqual(
    points.map(({ order_value }) => order_value),
    [25, 26, 100, 101],
  );
});

test("a count is exact, with and without a filter", async () => {
  assert.deepEqual(await client.count("pages"), { count: 27 });
  assert.deepEqual(await client.count("pages", { filter: {}, exact: false }), { count: 27 });
  const range = { must: [{ key: "price", range: { gte: 20 } }] };
  assert.deepEqual(await client.count("pages", { filter: range }), { count: 4 });
});
