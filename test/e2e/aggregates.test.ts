import assert from "node:assert/strict";
import { test } from "node:test";
import { readWords } from "../support/words.js";
import { refused, startE2eServer } from "./e2e-server.js";

const { client, request } = await startE2eServer();
const data = readWords({ limit: 600 });
const vectorOf = (row: number) => [...data.vectors.subarray(row * data.dimensions, (row + 1) * data.dimensions)];
const letterOf = (row: number) => data.words[row]?.[0] ?? "";

await client.createCollection("words", { vectors: { size: data.dimensions, distance: "Cosine" } });
await client.createCollection("letters", { vectors: {} });
await client.createPayloadIndex("words", { field_name: "letter", field_schema: "keyword", wait: true });
await client.createPayloadIndex("words", { field_name: "length", field_schema: "integer", wait: true });
await client.upsert("words", {
  wait: true,
  points: data.words.map((word, row) => ({
    id: row + 1,
    vector: vectorOf(row),
    payload: { word, letter: letterOf(row), length: word.length },
  })),
});
await client.upsert("letters", {
  wait: true,
  points: Array.from({ length: 12 }, (_, i) => ({ id: i, vector: {}, payload: { name: `of ${i} letters` } })),
});

const ids = (points: readonly { readonly id: unknown }[]) => points.map(({ id }) => id);
type Answered = { readonly id: unknown; readonly score: number };
async function legacy(path: string, body: object): Promise<unknown> {
  const { status, body: answer } = await request("POST", `/collections/words/points/${path}`, body);
  assert.equal(status, 200, JSON.stringify(answer));
  return answer.result;
}

test("a query in groups has the best points of each value, and what is looked up for it", async () => {
  const all = (await client.query("words", { query: 5, limit: 1_000, params: { exact: true } })).points;
  const expected = new Map<number, unknown[]>();
  for (const { id } of all) {
    const length = data.words[Number(id) - 1]?.length ?? 0;
    const hits = expected.get(length);
    if (hits === undefined && expected.size < 4) expected.set(length, [id]);
    else if (hits !== undefined && hits.length < 5) hits.push(id);
  }
  const { groups } = await client.queryGroups("words", {
    query: 5,
    group_by: "length",
    group_size: 5,
    limit: 4,
    with_payload: ["word"],
    with_lookup: "letters",
    params: { exact: true },
  });
  assert.deepEqual(
    groups.map(({ id, hits }) => [id, ids(hits)]),
    [...expected],
  );
  for (const { id, hits, lookup } of groups) {
    assert.deepEqual([lookup?.id, lookup?.payload], [id, { name: `of ${id} letters` }]);
    for (const hit of hits) assert.deepEqual(hit.payload, { word: data.words[Number(hit.id) - 1] });
  }
  const older = await legacy("search/groups", {
    vector: vectorOf(4),
    filter: { must_not: [{ has_id: [5] }] },
    group_by: "length",
    group_size: 5,
    limit: 4,
    params: { exact: true },
  });
  assert.deepEqual(
    (older as { groups: { id: unknown; hits: Answered[] }[] }).groups.map(({ id, hits }) => [id, ids(hits)]),
    [...expected],
  );
  await refused(
    client.queryGroups("words", { query: 5, group_by: "length", with_lookup: "nowhere" }),
    404,
    /^Not found: Collection nowhere not found/,
  );
});

test("facets count points by the values of an indexed path", async () => {
  const counts = new Map<string, number>();
  for (const [row] of data.words.entries()) counts.set(letterOf(row), (counts.get(letterOf(row)) ?? 0) + 1);
  const expected = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const { hits } = await client.facet("words", { key: "letter", limit: 100, exact: true });
  assert.deepEqual(
    hits.map(({ value, count }) => [value, count]),
    expected,
  );
  const filtered = await client.facet("words", {
    key: "letter",
    filter: { must: [{ key: "word", match: { value: data.words[7] ?? "" } }] },
  });
  assert.deepEqual(filtered.hits, [{ value: letterOf(7), count: 1 }]);
  await refused(
    client.facet("words", { key: "word" }),
    400,
    /^Wrong input: No appropriate index for faceting: `word`\. /,
  );
});

test("a distance matrix has the nearest others of each point of a sample, in both forms", async () => {
  const filter = { must: [{ key: "letter", match: { value: "s" } }] };
  const all = data.words.flatMap((word, row) => (word.startsWith("s") ? [row + 1] : []));
  const body = { filter, sample: all.length, limit: 2 };
  const { pairs } = await client.searchMatrixPairs("words", body);
  assert.equal(pairs.length, all.length * 2);
  for (const id of all) {
    const { points } = await client.query("words", { query: id, filter, limit: 2, params: { exact: true } });
    const found = pairs.filter(({ a }) => a === id);
    assert.deepEqual(
      found.map(({ b, score }) => [b, score]),
      points.map((point) => [point.id, point.score]),
    );
  }
  const offsets = await client.searchMatrixOffsets("words", body);
  assert.deepEqual(offsets.ids, all);
  assert.deepEqual(
    offsets.offsets_row.map((row, i) => [
      offsets.ids[row],
      offsets.ids[offsets.offsets_col[i] ?? -1],
      offsets.scores[i],
    ]),
    pairs.map(({ a, b, score }) => [a, b, score]),
  );
  const some = await client.searchMatrixOffsets("words", { sample: 5 });
  assert.equal(new Set(some.ids).size, 5);
});

test("the older routes recommend and discover as queries do", async () => {
  const examples = { positive: [1, 2, vectorOf(2)], negative: [9] };
  for (const strategy of ["average_vector", "best_score", "sum_scores"] as const) {
    const { points } = await client.query("words", {
      query: { recommend: { ...examples, strategy } },
      limit: 7,
      offset: 1,
    });
    assert.equal(points.length, 7);
    assert.ok(points.every(({ id }) => ![1, 2, 9].includes(Number(id))));
    assert.deepEqual(await legacy("recommend", { ...examples, strategy, limit: 7, offset: 1 }), points);
    assert.deepEqual(
      await legacy("recommend/batch", {
        searches: [
          { ...examples, strategy, limit: 7, offset: 1 },
          { positive: [3], limit: 1 },
        ],
      }),
      [points, (await client.query("words", { query: { recommend: { positive: [3] } }, limit: 1 })).points],
    );
  }
  const context = [{ positive: 1, negative: 2 }];
  const discovered = (await client.query("words", { query: { discover: { target: 4, context } } })).points;
  assert.deepEqual(await legacy("discover", { target: 4, context, limit: 10 }), discovered);
  const inContext = (await client.query("words", { query: { context }, limit: 3 })).points;
  assert.deepEqual(await legacy("discover/batch", { searches: [{ context, limit: 3 }] }), [inContext]);
  const groups = await legacy("recommend/groups", { positive: [1], group_by: "letter", group_size: 2, limit: 3 });
  assert.deepEqual(
    groups,
    await client.queryGroups("words", {
      query: { recommend: { positive: [1] } },
      group_by: "letter",
      group_size: 2,
      limit: 3,
    }),
  );
  const aimless = await request("POST", "/collections/words/points/discover", { limit: 1 });
  assert.deepEqual(
    [aimless.status, aimless.body.status],
    [400, { error: "Bad request: A target or a context is needed to discover points" }],
  );
});

test("a query orders by a number, samples, and picks what is unlike", async () => {
  const { points } = await client.query("words", {
    query: { order_by: { key: "length", direction: "desc" } },
    limit: 20,
  });
  const lengths = data.words
    .map(({ length }, row) => [length, row + 1] as const)
    .sort(([a, m], [b, n]) => b - a || m - n);
  assert.deepEqual(
    points.map((point) => [(point as { order_value?: unknown }).order_value, point.id, point.score]),
    lengths.slice(0, 20).map(([length, id]) => [length, id, 0]),
  );
  const sample = await client.query("words", { query: { sample: "random" }, limit: 50 });
  assert.equal(new Set(ids(sample.points)).size, 50);
  const other = await client.query("words", { query: { sample: "random" }, limit: 50 });
  assert.notDeepEqual(ids(other.points), ids(sample.points));
  const mmr = { diversity: 0.7, candidates_limit: 100 };
  const diverse = await client.query("words", { query: { nearest: 5, mmr } as never, limit: 5 });
  assert.equal(diverse.points[0]?.id, (await client.query("words", { query: 5, limit: 1 })).points[0]?.id);
  assert.notDeepEqual(ids(diverse.points), ids((await client.query("words", { query: 5, limit: 5 })).points));
});

test("a formula ranks what was prefetched by scores and payloads", async () => {
  const prefetch = { query: 5, limit: 30, params: { exact: true } };
  const formula = { sum: ["$score", { mult: [0.1, "length"] }, { key: "letter", match: { value: "s" } }] };
  const near = (await client.query("words", prefetch)).points;
  const expected = near.map(({ id, score }) => {
    const word = data.words[Number(id) - 1] ?? "";
    return [Number(id), Math.fround(score + 0.1 * word.length + (word.startsWith("s") ? 1 : 0))] as const;
  });
  const { points } = await client.query("words", { prefetch, query: { formula } as never, limit: 30 });
  const found = new Map(points.map(({ id, score }) => [Number(id), score]));
  assert.equal(found.size, 30);
  for (const [id, score] of expected) assert.ok(Math.abs((found.get(id) ?? 0) - score) < 1e-6, `${id}`);
  assert.ok(points.every(({ score }, i) => score <= (points[i - 1]?.score ?? score)));
});
