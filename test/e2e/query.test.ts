import assert from "node:assert/strict";
import { test } from "node:test";
import { readWords } from "../support/words.js";
import { close, refused, startE2eServer } from "./e2e-server.js";

const { client } = await startE2eServer();
const data = readWords({ limit: 1_000 });
const vectorOf = (row: number) => [...data.vectors.subarray(row * data.dimensions, (row + 1) * data.dimensions)];
const idOf = (word: string) => data.words.indexOf(word) + 1;

await client.createCollection("words", { vectors: { size: data.dimensions, distance: "Cosine" } });
await client.upsert("words", {
  wait: true,
  points: data.words.map((word, row) => ({
    id: row + 1,
    vector: vectorOf(row),
    payload: { word, letter: word[0], length: word.length, about: { rank: row + 1, source: "corpus" } },
  })),
});

const cosine = (a: number, b: number) => {
  const [x, y] = [vectorOf(a - 1), vectorOf(b - 1)];
  const norm = (v: number[]) => Math.sqrt(v.reduce((sum, value) => sum + value * value, 0));
  return x.reduce((sum, value, d) => sum + value * (y[d] ?? 0), 0) / (norm(x) * norm(y));
};

/** Ids of all other points by falling similarity to this one. */
function truth(id: number): number[] {
  const others = data.words.map((_, row) => row + 1).filter((other) => other !== id);
  const score = new Map(others.map((other) => [other, cosine(id, other)]));
  return others.sort((a, b) => (score.get(b) ?? 0) - (score.get(a) ?? 0));
}

const january = idOf("january");
const ids = (points: readonly { readonly id: unknown }[]) => points.map(({ id }) => id);

test("a query by vector finds the point itself first, with the cosine as its score", async () => {
  const { points } = await client.query("words", { query: vectorOf(january - 1), limit: 5 });
  assert.equal(points.length, 5);
  assert.equal(points[0]?.id, january);
  for (const { id, score } of points) close(score, cosine(january, Number(id)));
  assert.deepEqual(ids(points), [january, ...truth(january).slice(0, 4)]);
  for (const point of points) {
    assert.equal(typeof point.version, "number");
    assert.deepEqual(Object.keys(point).sort(), ["id", "score", "version"]);
  }
});

test("a query by id leaves that point out and is the same as `nearest`", async () => {
  const { points } = await client.query("words", { query: january });
  assert.deepEqual(ids(points), truth(january).slice(0, 10));
  const nearest = await client.query("words", { query: { nearest: january } });
  assert.deepEqual(ids(nearest.points), ids(points));
  await refused(client.query("words", { query: 99_999 }), 404, /^Not found: No point with id 99999 found/);
});

test("a filter bounds the results and never the number that can be found", async () => {
  const filter = { must: [{ key: "letter", match: { value: "j" } }] };
  const expected = truth(january).filter((id) => data.words[id - 1]?.startsWith("j"));
  const { points } = await client.query("words", { query: january, filter, limit: 100 });
  assert.ok(expected.length > 5);
  assert.deepEqual(ids(points), expected);
  const { count } = await client.count("words", { filter });
  assert.equal(count, expected.length + 1);
  const none = { must: [{ key: "letter", match: { value: "—" } }] };
  assert.deepEqual((await client.query("words", { query: january, filter: none })).points, []);
});

test("every kind of condition selects what it says", async () => {
  const where = async (filter: NonNullable<Parameters<typeof client.count>[1]>["filter"]) =>
    (await client.count("words", filter === undefined ? {} : { filter })).count;
  const expected = (holds: (word: string, id: number) => boolean) =>
    data.words.filter((word, row) => holds(word, row + 1)).length;
  const length = (range: object) => ({ key: "length", range });
  const letter = (value: string) => ({ key: "letter", match: { value } });
  assert.equal(await where({}), 1_000);
  assert.equal(
    await where({ must: [length({ gte: 3, lt: 6 })] }),
    expected((w) => w.length >= 3 && w.length < 6),
  );
  assert.equal(
    await where({ must_not: [letter("a")] }),
    expected((w) => !w.startsWith("a")),
  );
  assert.equal(
    await where({ should: [letter("a"), letter("b")] }),
    expected((w) => /^[ab]/.test(w)),
  );
  assert.equal(
    await where({ min_should: { conditions: [letter("a"), length({ gt: 5 }), length({ gt: 7 })], min_count: 2 } }),
    expected((w) => [w.startsWith("a"), w.length > 5, w.length > 7].filter(Boolean).length >= 2),
  );
  assert.equal(
    await where({ must: [{ key: "length", match: { value: 4 } }] }),
    expected((w) => w.length === 4),
  );
  assert.equal(
    await where({ must: [{ key: "letter", match: { any: ["x", "y", "z"] } }] }),
    expected((w) => /^[xyz]/.test(w)),
  );
  assert.equal(
    await where({ must: [{ key: "letter", match: { except: ["a"] } }] }),
    expected((w) => !w.startsWith("a")),
  );
  assert.equal(await where({ must: [{ key: "about.rank", range: { lte: 10 } }] }), 10);
  assert.equal(await where({ must: [{ has_id: [1, 2, 5_000] }] }), 2);
  assert.equal(await where({ must: [{ is_empty: { key: "nothing" } }] }), 1_000);
  assert.equal(await where({ must: [{ is_null: { key: "letter" } }] }), 0);
  assert.equal(await where({ must: [{ has_vector: "" }] }), 1_000);
  assert.equal(
    await where({ must: [{ should: [letter("a")], must_not: [length({ gt: 3 })] }] }),
    expected((w) => w.startsWith("a") && w.length <= 3),
  );
});

test("pages by limit and offset are slices of the whole", async () => {
  const whole = (await client.query("words", { query: january, limit: 30, params: { exact: true } })).points;
  for (const offset of [0, 10, 25]) {
    const page = await client.query("words", { query: january, limit: 5, offset, params: { exact: true } });
    assert.deepEqual(page.points, whole.slice(offset, offset + 5));
  }
  const beyond = await client.query("words", { query: january, limit: 5, offset: 999 });
  assert.deepEqual(beyond.points, []);
  const all = await client.query("words", { query: january, limit: 100_000 });
  assert.equal(all.points.length, 999);
});

test("a score threshold keeps the similar ones", async () => {
  const { points } = await client.query("words", { query: january, limit: 1_000, score_threshold: 0.6 });
  const expected = truth(january).filter((id) => cosine(january, id) >= 0.6);
  assert.deepEqual(new Set(ids(points)), new Set(expected));
  assert.ok(points.every(({ score }, i) => score >= 0.6 && score <= (points[i - 1]?.score ?? 1)));
  assert.ok(points.length > 0 && points.length < 200);
});

test("search parameters of the dialect are served", async () => {
  const exact = truth(january).slice(0, 10);
  for (const params of [
    { hnsw_ef: 256 },
    { exact: true },
    { quantization: { ignore: true } },
    { quantization: { rescore: true, oversampling: 3 } },
    { indexed_only: true },
  ]) {
    const { points } = await client.query("words", { query: january, params });
    assert.deepEqual(ids(points), exact, JSON.stringify(params));
  }
  const rough = await client.query("words", { query: january, params: { quantization: { rescore: false } } });
  const shared = rough.points.filter(({ id }) => exact.includes(Number(id)));
  assert.ok(shared.length >= 8, `int8 distances alone find ${shared.length} of 10`);
});

test("payload and vectors are selected per query", async () => {
  const first = async (more: object) => (await client.query("words", { query: january, limit: 1, ...more })).points[0];
  const nearest = truth(january)[0] ?? 0;
  const word = data.words[nearest - 1] ?? "";
  const payload = { word, letter: word[0], length: word.length, about: { rank: nearest, source: "corpus" } };
  assert.deepEqual((await first({ with_payload: true }))?.payload, payload);
  assert.deepEqual((await first({ with_payload: ["word", "about.rank"] }))?.payload, {
    word,
    about: { rank: nearest },
  });
  assert.deepEqual((await first({ with_payload: { include: ["letter"] } }))?.payload, { letter: word[0] });
  const { about: _about, length: _length, ...rest } = payload;
  assert.deepEqual((await first({ with_payload: { exclude: ["about", "length"] } }))?.payload, rest);
  assert.equal((await first({ with_payload: false }))?.payload, undefined);
  assert.equal((await first({}))?.vector, undefined);
  const vector = (await first({ with_vector: true }))?.vector as number[];
  assert.equal(vector.length, 100);
  close(
    vector.reduce((sum, value) => sum + value * value, 0),
    1,
  );
});

test("a query without a query pages by id with score 0", async () => {
  const { points } = await client.query("words", { limit: 3, offset: 2, with_payload: ["word"] });
  assert.deepEqual(
    points.map(({ id, score, payload }) => ({ id, score, payload })),
    [3, 4, 5].map((id) => ({ id, score: 0, payload: { word: data.words[id - 1] } })),
  );
});

test("a batch answers each query in order, as if asked alone", async () => {
  const searches = [
    { query: january, limit: 3 },
    { query: vectorOf(0), limit: 2, with_payload: true },
    { query: 7, filter: { must: [{ key: "length", match: { value: 5 } }] } },
  ];
  const answers = await client.queryBatch("words", { searches });
  assert.equal(answers.length, 3);
  for (const [i, search] of searches.entries()) {
    assert.deepEqual(answers[i], await client.query("words", search));
  }
  assert.deepEqual(await client.queryBatch("words", { searches: [] }), []);
});

test("the legacy search and its batch answer as the query does", async () => {
  const vector = vectorOf(january - 1);
  const filter = { must: [{ key: "letter", match: { value: "m" } }] };
  const expected = (await client.query("words", { query: vector, filter, limit: 4, offset: 1, with_payload: true }))
    .points;
  const found = await client.search("words", { vector, filter, limit: 4, offset: 1 });
  assert.deepEqual(found, expected);
  const [bare, named] = await client.searchBatch("words", {
    searches: [
      { vector, limit: 2 },
      { vector: { name: "", vector }, limit: 3, with_payload: true, score_threshold: 0.1 },
    ],
  });
  assert.deepEqual(ids(bare ?? []), ids((await client.query("words", { query: vector, limit: 2 })).points));
  assert.equal(bare?.[0]?.payload ?? null, null);
  assert.equal(named?.length, 3);
  assert.equal((named?.[0]?.payload as { word?: string })?.word, "january");
});

test("named vectors are searched each in their own space", async () => {
  const vectors = { small: { size: 2, distance: "Dot" }, large: { size: 3, distance: "Euclid" } } as const;
  await client.createCollection("spaces", { vectors });
  await client.upsert("spaces", {
    wait: true,
    points: [
      { id: 1, vector: { small: [1, 0], large: [0, 0, 9] } },
      { id: 2, vector: { small: [2, 0], large: [0, 0, 1] } },
      { id: 3, vector: { small: [3, 0] } },
    ],
  });
  const small = await client.query("spaces", { query: [1, 0], using: "small", with_vector: ["large"] });
  assert.deepEqual(ids(small.points), [3, 2, 1]);
  assert.deepEqual(
    small.points.map(({ vector }) => vector),
    [{}, { large: [0, 0, 1] }, { large: [0, 0, 9] }],
  );
  const large = await client.query("spaces", { query: [0, 0, 0], using: "large" });
  assert.deepEqual(
    large.points.map(({ id, score }) => [id, score]),
    [
      [2, 1],
      [1, 9],
    ],
  );
  const legacy = await client.search("spaces", { vector: { name: "small", vector: [1, 0] }, limit: 1 });
  assert.equal(legacy[0]?.id, 3);
  const has = await client.count("spaces", { filter: { must: [{ has_vector: "large" }] } });
  assert.equal(has.count, 2);
  await refused(
    client.query("spaces", { query: [1], using: "none" }),
    400,
    /^Wrong input: Not existing vector name error: none/,
  );
  await refused(client.query("spaces", { query: [1, 0] }), 400, /^Wrong input: Not existing vector name error/);
});

test("a query can take its vector from a point of another collection", async () => {
  await client.createCollection("elsewhere", { vectors: { size: data.dimensions, distance: "Cosine" } });
  await client.upsert("elsewhere", { wait: true, points: [{ id: 4_242, vector: vectorOf(january - 1) }] });
  const { points } = await client.query("words", { query: 4_242, lookup_from: { collection: "elsewhere" }, limit: 2 });
  assert.equal(points[0]?.id, january);
  await refused(
    client.query("words", { query: 1, lookup_from: { collection: "nowhere" } }),
    404,
    /^Not found: Collection nowhere not found/,
  );
});

test("prefetches are fused by rank or by score, or ranked again", async () => {
  const other = idOf("monday");
  const filter = { must_not: [{ has_id: [january, other] }] };
  const lists = [truth(january), truth(other)].map((ids) => ids.filter((id) => id !== january && id !== other));
  const prefetch = [
    { query: january, limit: 20, params: { exact: true } },
    { query: other, limit: 20, params: { exact: true } },
  ];
  const ranks = new Map<number, number>();
  for (const list of lists) {
    for (const [i, id] of list.slice(0, 20).entries()) ranks.set(id, (ranks.get(id) ?? 0) + 1 / (i + 2));
  }
  const rrf = await client.query("words", { prefetch, query: { fusion: "rrf" }, filter, limit: 100 });
  assert.equal(rrf.points.length, ranks.size);
  for (const { id, score } of rrf.points) close(score, ranks.get(Number(id)) ?? 0);
  const dbsf = await client.query("words", { prefetch, query: { fusion: "dbsf" }, filter, limit: 100 });
  assert.deepEqual(new Set(ids(dbsf.points)), new Set(ranks.keys()));
  const again = await client.query("words", { prefetch, query: january, filter, limit: 100 });
  assert.deepEqual(
    ids(again.points),
    truth(january).filter((id) => ranks.has(id)),
  );
});
