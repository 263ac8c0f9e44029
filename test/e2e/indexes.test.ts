import assert from "node:assert/strict";
import { test } from "node:test";
import { refused, startE2eServer } from "./e2e-server.js";

const { client } = await startE2eServer();
const count = 60;

await client.createCollection("indexed", { vectors: { size: 1, distance: "Dot" } });
await client.upsert("indexed", {
  wait: true,
  points: Array.from({ length: count }, (_, i) => ({
    id: i + 1,
    vector: [i],
    payload: {
      word: ["red", "green", "blue"][i % 3],
      tags: [`t${i % 4}`, `u${i % 5}`],
      number: i - 30,
      ratio: i / 7,
      flag: i % 2 === 0,
      place:
        i % 3 === 0
          ? [
              { lon: i * 6 - 180, lat: i - 30 },
              { lon: 0, lat: 90 },
            ]
          : { lon: i * 6 - 180, lat: i - 30 },
      at: `2024-0${1 + (i % 9)}-11T10:00:00.00000${i % 7}Z`,
      uuid: `00000000-0000-0000-0000-0000000000${10 + (i % 20)}`,
      deep: { list: [{ n: i }, { n: i + 1_000 }] },
      ...(i < 10 ? { rare: "yes" } : {}),
    },
  })),
});

const filters = [
  { must: [{ key: "word", match: { value: "red" } }] },
  {
    must: [
      { key: "word", match: { any: ["red", "blue"] } },
      { key: "flag", match: { value: true } },
    ],
  },
  { must: [{ key: "tags", match: { value: "t1" } }] },
  { must_not: [{ key: "tags", match: { any: ["t1", "u2"] } }] },
  { must: [{ key: "word", match: { except: ["red"] } }] },
  { must: [{ key: "number", range: { gte: -5, lt: 12 } }] },
  { must: [{ key: "number", match: { value: -30 } }] },
  { must: [{ key: "ratio", range: { gt: 1, lte: 5.0 } }] },
  {
    should: [
      { key: "flag", match: { value: false } },
      { key: "number", range: { gt: 25 } },
    ],
  },
  { must: [{ key: "deep.list[].n", match: { value: 1_005 } }] },
  { must: [{ key: "number", match: { value: "3" } }] },
  { must: [{ is_empty: { key: "rare" } }] },
  { must: [{ key: "at", range: { gt: "2024-03-11 10:00:00.000003", lte: "2024-06-11T12:00:00.000005+02:00" } }] },
  { must: [{ key: "uuid", match: { any: ["00000000-0000-0000-0000-000000000012", "no uuid"] } }] },
  { must: [{ key: "uuid", match: { prefix: "00000000-0000-0000-0000-00000000001" } }] },
  { must: [{ key: "word", match: { prefix: "b" } }] },
  { must: [{ key: "place", geo_radius: { center: { lon: 175, lat: 25 }, radius: 3_000_000 } }] },
  { must: [{ key: "place", geo_radius: { center: { lon: 90, lat: 89 }, radius: 200_000 } }] },
  {
    must: [
      { key: "place", geo_bounding_box: { top_left: { lon: 150, lat: 90 }, bottom_right: { lon: -150, lat: -90 } } },
    ],
  },
  {
    must: [
      {
        key: "place",
        geo_polygon: {
          exterior: {
            points: [
              { lon: -100, lat: -30 },
              { lon: 100, lat: -30 },
              { lon: 0, lat: 40 },
              { lon: -100, lat: -30 },
            ],
          },
        },
      },
    ],
  },
  { must: [{ key: "tags", values_count: { gte: 2 } }, { slice: { total: 3, index: 1 } }] },
];

async function found(): Promise<readonly (readonly (string | number)[])[]> {
  const all = filters.map(async (filter) => {
    const { points } = await client.scroll("indexed", { filter, limit: count });
    assert.equal((await client.count("indexed", { filter })).count, points.length);
    const nearest = await client.query("indexed", { query: [1], filter, limit: count });
    const byId = nearest.points.map(({ id }) => Number(id)).sort((a, b) => a - b);
    const ids = points.map(({ id }) => Number(id));
    assert.deepEqual(byId, ids);
    return ids;
  });
  return Promise.all(all);
}

const withoutIndexes = await found();
const types = {
  word: "keyword",
  tags: "keyword",
  number: "integer",
  ratio: "float",
  flag: "bool",
  "deep.list[].n": "integer",
  rare: "keyword",
  at: "datetime",
  uuid: "uuid",
  place: "geo",
} as const;

test("filters find the same with and without indexes", async () => {
  assert.ok(withoutIndexes.filter((ids) => ids.length > 0).length >= filters.length - 1);
  for (const [field_name, field_schema] of Object.entries(types)) {
    const answer = await client.createPayloadIndex("indexed", { wait: true, field_name, field_schema });
    assert.equal(answer.status, "completed");
    assert.deepEqual(await found(), withoutIndexes, `after ${field_name}`);
  }
});

test("the info page lists every index with its type and how many points it holds", async () => {
  type Listed = { readonly data_type: string; readonly points: number };
  const schema = (await client.getCollection("indexed")).payload_schema as Readonly<Record<string, Listed>>;
  const listed = Object.entries(schema).map(([field, { data_type, points }]) => [field, data_type, points]);
  assert.deepEqual(
    new Set(listed.map((row) => row.join(" "))),
    new Set(Object.entries(types).map(([field, type]) => `${field} ${type} ${field === "rare" ? 10 : count}`)),
  );
});

test("indexes follow the writes after them", async () => {
  await client.setPayload("indexed", { wait: true, payload: { word: "violet" }, points: [1, 2] });
  await client.delete("indexed", { wait: true, points: [3] });
  await client.upsert("indexed", { wait: true, points: [{ id: 100, vector: [5], payload: { word: "violet" } }] });
  const filter = { must: [{ key: "word", match: { value: "violet" } }] };
  const { points } = await client.scroll("indexed", { filter });
  assert.deepEqual(
    points.map(({ id }) => id),
    [1, 2, 100],
  );
  assert.equal((await client.getCollection("indexed")).payload_schema.rare?.points, 9);
});

test("an index can be made anew with another type, and dropped; filters go on", async () => {
  const filter = { must: [{ key: "number", range: { gte: 0 } }] };
  const before = (await client.count("indexed", { filter })).count;
  await client.createPayloadIndex("indexed", { wait: true, field_name: "number", field_schema: "float" });
  assert.equal((await client.getCollection("indexed")).payload_schema.number?.data_type, "float");
  assert.equal((await client.count("indexed", { filter })).count, before);

  const answer = await client.deletePayloadIndex("indexed", "number", { wait: true });
  assert.equal(answer.status, "completed");
  assert.equal((await client.getCollection("indexed")).payload_schema.number, undefined);
  assert.equal((await client.count("indexed", { filter })).count, before);
  await client.deletePayloadIndex("indexed", "deep.list[].n", { wait: true });
  assert.equal((await client.getCollection("indexed")).payload_schema["deep.list[].n"], undefined);
});

test("parameters of an index are shown again", async () => {
  await client.createPayloadIndex("indexed", {
    wait: true,
    field_name: "number",
    field_schema: { type: "integer", lookup: true, range: false },
  });
  const shown = (await client.getCollection("indexed")).payload_schema.number;
  assert.deepEqual(shown?.params, { type: "integer", lookup: true, range: false });
  await refused(client.scroll("indexed", { order_by: "number" }), 400, /No range index/);
  await refused(
    client.createPayloadIndex("indexed", {
      field_name: "n",
      field_schema: { type: "integer", lookup: false, range: false },
    }),
    422,
    /the 'lookup' and 'range' capabilities can't be both disabled/,
  );
});
