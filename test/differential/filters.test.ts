import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { testSeed } from "../support/random.js";
import { killAllServers, newFolder, removeFolder, type ServerProcess, startServer } from "../support/server.js";
import { filter, payload } from "./filter-arbitraries.js";
import { type Condition, holds, type ReferencePoint } from "./reference-filter.js";

// Filters against a plain, slow reference: generated payloads and filters, in collections without indexes and with one on every path, read by
// one thread and by two, before and after writes and a restart. MURMURATION_FILTER_ROUNDS=200 asks thousands, MURMUR_TEST_SEED others.

const POINTS = 140;
const FILTERS = 20;
const rounds = Number(process.env["MURMURATION_FILTER_ROUNDS"] ?? 3);
const seed = testSeed();

/** Collections by name, with the indexes that each has. */
const collections: { readonly [name: string]: { readonly [path: string]: unknown } } = {
  plain: {},
  equality: { a: "keyword", b: { type: "integer" }, "c.d": "uuid", "e[].x": "bool", "e[].t": "keyword" },
  order: { a: "datetime", b: "float", "c.d": "datetime", "e[].x": { type: "integer", lookup: false } },
  words: { a: "text", b: "text", "c.d": { type: "text", phrase_matching: true }, "e[].t": "text", "e[].x": "text" },
  places: { a: "geo", b: "geo", "c.d": "geo", "e[].x": "geo", "e[].t": "uuid" },
};

const folders = [newFolder("one-reader"), newFolder("two-readers")];
const options = [
  ["--readers", "1"],
  ["--readers", "2"],
];
let servers: ServerProcess[] = [];
after(async () => {
  killAllServers();
  for (const folder of folders) removeFolder(folder);
});

async function start(): Promise<void> {
  servers = await Promise.all(
    folders.map((dataFolder, i) => startServer({ dataFolder, options: options[i] as readonly string[] })),
  );
}

async function ask(method: string, path: string, body: unknown): Promise<unknown> {
  const results = await Promise.all(
    servers.map(async (server) => {
      const answer = await server.request(method, `/collections/${path}`, body);
      assert.equal(answer.status, 200, `${path}: ${JSON.stringify(answer.body)}\n${JSON.stringify(body)}`);
      return answer.body.result;
    }),
  );
  assert.deepEqual(results[0], results[1], "one reader and two give the same");
  return results[0];
}

const points = new Map<number, ReferencePoint>();

async function put(written: readonly ReferencePoint[]): Promise<void> {
  for (const point of written) points.set(point.id, point);
  const body = {
    points: written.map(({ id, payload, vectors }) => ({
      id,
      payload,
      vector: Object.fromEntries(vectors.map((name) => [name, [1, id]])),
    })),
  };
  for (const name of Object.keys(collections)) await ask("PUT", `${name}/points?wait=true`, body);
}

function drawn(count: number, salt: number): ReferencePoint[] {
  const payloads = fc.sample(payload, { numRuns: count, seed: seed + salt });
  return payloads.map((one, i) => ({
    id: (i * 7 + salt) % POINTS,
    payload: one,
    vectors: ["v", "w"].filter((_, which) => ((i >> which) & 1) === 0),
  }));
}

function textsOf(name: string): string[] {
  const isText = (schema: unknown) => schema === "text" || (schema as { readonly type?: string }).type === "text";
  return Object.entries(collections[name] ?? {}).flatMap(([path, schema]) => (isText(schema) ? [path] : []));
}

let [asked, found] = [0, 0];

async function compare(filters: readonly Condition[]): Promise<void> {
  for (const name of Object.keys(collections)) {
    const texts = textsOf(name);
    const searches = filters.map((one) => ({ filter: one, limit: POINTS }));
    const answers = (await ask("POST", `${name}/points/query/batch`, { searches })) as {
      readonly points: readonly { readonly id: number }[];
    }[];
    for (const [i, one] of filters.entries()) {
      const expected = [...points.values()].filter((point) => holds(one, point, texts)).map(({ id }) => id);
      const ids = answers[i]?.points.map(({ id }) => id);
      assert.deepEqual(
        ids,
        expected.sort((a, b) => a - b),
        `${name}: ${JSON.stringify(one)}`,
      );
      asked++;
      found += expected.length;
    }
  }
}

/** Filters of this round, the same in each run with the seed. A fault is made smaller. */
async function check(salt: number): Promise<void> {
  const some = fc.array(filter, { minLength: FILTERS, maxLength: FILTERS });
  await fc.assert(fc.asyncProperty(some, compare), { numRuns: rounds, seed: seed + salt });
}

test(`filters find what a plain reference finds (MURMUR_TEST_SEED=${seed})`, async () => {
  await start();
  for (const [name, indexes] of Object.entries(collections)) {
    const vectors = { v: { size: 2, distance: "Dot" }, w: { size: 2, distance: "Euclid" } };
    await ask("PUT", name, { vectors });
    for (const [field_name, field_schema] of Object.entries(indexes)) {
      await ask("PUT", `${name}/index?wait=true`, { field_name, field_schema });
    }
  }
  await put(drawn(POINTS, 0));
  await check(1);

  // points that are replaced and deleted, and an index that is made of what there is
  await put(drawn(40, 3));
  const gone = [...points.keys()].filter((id) => id % 9 === 0);
  for (const id of gone) points.delete(id);
  for (const name of Object.keys(collections)) await ask("POST", `${name}/points/delete?wait=true`, { points: gone });
  await check(2);

  for (const server of servers) await server.stop();
  await start();
  await check(3);
  assert.ok(asked >= 3 * rounds * FILTERS * Object.keys(collections).length);
  assert.ok(found > asked, `${found} points were found by ${asked} filters`);
});
