import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { killAllServers, newFolder, removeFolder, type ServerProcess, startServer } from "../support/server.js";
import { filter } from "./filter-arbitraries.js";
import { bodyOf, collections, drawn, expectedIds, POINTS, vectors } from "./filter-collections.js";
import type { Condition, ReferencePoint } from "./reference-filter.js";

// Filters against a plain, slow reference: generated payloads and filters, in collections without indexes and with one on every path, read by
// two threads before and after writes, and by one after a restart. MURMURATION_FILTER_ROUNDS=200 asks thousands, MURMURATION_FILTER_SEED others.

const FILTERS = 20;
const rounds = Number(process.env["MURMURATION_FILTER_ROUNDS"] ?? 3);
const seed = Number(process.env["MURMURATION_FILTER_SEED"] ?? 1);

const folder = newFolder("filters");
let server: ServerProcess;
after(() => {
  killAllServers();
  removeFolder(folder);
});

async function start(readers: number): Promise<void> {
  server = await startServer({ dataFolder: folder, options: ["--readers", String(readers)] });
}

async function ask(method: string, path: string, body: unknown): Promise<unknown> {
  const answer = await server.request(method, `/collections/${path}`, body);
  assert.equal(answer.status, 200, `${path}: ${JSON.stringify(answer.body)}\n${JSON.stringify(body)}`);
  return answer.body.result;
}

const points = new Map<number, ReferencePoint>();

async function put(written: readonly ReferencePoint[]): Promise<void> {
  for (const point of written) points.set(point.id, point);
  for (const name of Object.keys(collections)) await ask("PUT", `${name}/points?wait=true`, bodyOf(written));
}

let [asked, found] = [0, 0];

async function compare(filters: readonly Condition[]): Promise<void> {
  for (const name of Object.keys(collections)) {
    const searches = filters.map((one) => ({ filter: one, limit: POINTS }));
    const answers = (await ask("POST", `${name}/points/query/batch`, { searches })) as {
      readonly points: readonly { readonly id: number }[];
    }[];
    for (const [i, one] of filters.entries()) {
      const expected = expectedIds(name, one, points.values());
      const ids = answers[i]?.points.map(({ id }) => id);
      assert.deepEqual(ids, expected, `${name}: ${JSON.stringify(one)}`);
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

test(`filters find what a plain reference finds (MURMURATION_FILTER_SEED=${seed})`, async () => {
  await start(2);
  for (const [name, indexes] of Object.entries(collections)) {
    await ask("PUT", name, { vectors });
    for (const [field_name, field_schema] of Object.entries(indexes)) {
      await ask("PUT", `${name}/index?wait=true`, { field_name, field_schema });
    }
  }
  await put(drawn(POINTS, seed, 0));
  await check(1);

  // points that are replaced and deleted, and an index that is made of what there is
  await put(drawn(40, seed, 3));
  const gone = [...points.keys()].filter((id) => id % 9 === 0);
  for (const id of gone) points.delete(id);
  for (const name of Object.keys(collections)) await ask("POST", `${name}/points/delete?wait=true`, { points: gone });
  await check(2);

  await server.stop();
  await start(1);
  await check(3);
  assert.ok(asked >= 3 * rounds * FILTERS * Object.keys(collections).length);
  assert.ok(found > asked, `${found} points were found by ${asked} filters`);
});
