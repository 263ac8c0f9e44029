import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { Pair } from "../fuzz/rest/pair.js";
import { model, bodyOf as queryOf } from "./arbitrary-queries.js";
import { filter } from "./filter-arbitraries.js";
import { bodyOf, collections, drawn, expectedIds, POINTS, vectors } from "./filter-collections.js";
import type { Body, Model } from "./reference.js";
import type { Condition, ReferencePoint } from "./reference-filter.js";
import { creationOf, expectedOf, isAnswered, pointsOf, toBody } from "./scoring-bodies.js";

// Two replicas that both take writes: at equal frontiers they answer with the same bytes, and with what the references say. Rounds and seeds
// are those of the tests of filters and of scoring.

const FILTERS = 20;
const QUERIES = 25;
const DEPTH = 2;
const rounds = Number(process.env["MURMURATION_FILTER_ROUNDS"] ?? 1);
const runs = Number(process.env["DIFFERENTIAL_RUNS"] ?? 4);
const seed = Number(process.env["MURMURATION_FILTER_SEED"] ?? 1);
const BOTH = [0, 1] as const;

const pair = await Pair.open();
after(() => pair.close());

/** The text of an answer, which is the same for all but the time that it took. */
async function textOf(at: 0 | 1, method: string, path: string, body: object): Promise<string> {
  const request = { method, path: `/collections/${path}`, headers: {}, body: JSON.stringify(body) };
  const { status, text } = await pair.ask(at, request);
  assert.equal(status, 200, `${method} ${path} at ${at}: ${text.slice(0, 500)}\n${request.body.slice(0, 2_000)}`);
  return text.replace(/,"time":[^,}]*\}$/, "}");
}

interface Scored {
  readonly id: number;
  readonly score: number;
  readonly version: number;
}

/** What both answer, byte by byte the same. */
async function ask(path: string, searches: readonly object[]): Promise<readonly (readonly Scored[])[]> {
  const [here, there] = await Promise.all(BOTH.map((at) => textOf(at, "POST", path, { searches })));
  assert.equal(there, here, "both give the same bytes");
  const { result } = JSON.parse(here as string) as {
    readonly result: readonly { readonly points: readonly Scored[] }[];
  };
  return result.map(({ points }) => points);
}

test(`filters find on two replicas what a plain reference finds (MURMURATION_FILTER_SEED=${seed})`, async () => {
  const points = new Map<number, ReferencePoint>();
  const names = Object.keys(collections);
  /** Written by both at once, each its half of the points. */
  const put = async (written: readonly ReferencePoint[]): Promise<void> => {
    for (const point of written) points.set(point.id, point);
    for (const name of names) {
      await Promise.all(
        BOTH.map((at) =>
          textOf(at, "PUT", `${name}/points?wait=true`, bodyOf(written.filter(({ id }) => id % 2 === at))),
        ),
      );
    }
    await pair.untilEqual();
  };
  let [asked, found] = [0, 0];
  const compare = async (filters: readonly Condition[]): Promise<void> => {
    for (const name of names) {
      const answers = await ask(
        `${name}/points/query/batch`,
        filters.map((one) => ({ filter: one, limit: POINTS })),
      );
      for (const [i, one] of filters.entries()) {
        const expected = expectedIds(name, one, points.values());
        const ids = answers[i]?.map(({ id }) => id);
        assert.deepEqual(ids, expected, `${name}: ${JSON.stringify(one)}`);
        asked++;
        found += expected.length;
      }
    }
  };
  const check = async (salt: number): Promise<void> => {
    const some = fc.array(filter, { minLength: FILTERS, maxLength: FILTERS });
    await fc.assert(fc.asyncProperty(some, compare), { numRuns: rounds, seed: seed + salt, endOnFailure: true });
  };

  for (const [at, [name, indexes]] of Object.entries(collections).entries()) {
    const where = (at % 2) as 0 | 1;
    await textOf(where, "PUT", name, { vectors });
    for (const [field_name, field_schema] of Object.entries(indexes)) {
      await textOf(where, "PUT", `${name}/index?wait=true`, { field_name, field_schema });
    }
  }
  await pair.untilEqual();
  await put(drawn(POINTS, seed, 0));
  await check(11);
  await put(drawn(40, seed, 3));
  const gone = [...points.keys()].filter((id) => id % 9 === 0);
  for (const id of gone) points.delete(id);
  for (const name of names) await textOf(1, "POST", `${name}/points/delete?wait=true`, { points: gone });
  await pair.untilEqual();
  await check(12);
  await pair.restart(0);
  await pair.restart(1);
  await pair.untilEqual();
  await check(13);
  assert.ok(asked >= 3 * rounds * FILTERS * names.length);
  assert.ok(found > asked, `${found} points were found by ${asked} filters`);
  await pair.clear();
});

/** Writes the points, `half` of them at the other replica, and waits until both have all. */
async function write(name: string, of: Model, isMixed: boolean): Promise<void> {
  await textOf(0, "PUT", name, creationOf(of));
  await textOf(0, "PUT", `${name}/index?wait=true`, { field_name: "n", field_schema: "integer" });
  await pair.untilEqual();
  const points = pointsOf(of);
  const halves = isMixed ? BOTH.map((at) => points.filter((_, i) => i % 2 === at)) : [points];
  await Promise.all(halves.map((half, at) => textOf(at as 0 | 1, "PUT", `${name}/points?wait=true`, { points: half })));
  await pair.untilEqual();
}

test("two replicas score alike, as the rules of scoring say, whichever of them a point was written at", async () => {
  const cases = model.chain((of) =>
    fc.record({
      of: fc.constant(of),
      bodies: fc.array(queryOf(of, DEPTH), { minLength: QUERIES, maxLength: QUERIES }),
    }),
  );
  const kept: {
    readonly path: string;
    readonly searches: readonly object[];
    readonly answers: readonly (readonly Scored[])[];
  }[] = [];
  let collection = 0;
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(cases, async ({ of, bodies: given }) => {
      const bodies: readonly Body[] = given.filter((body) => isAnswered(of, body));
      const isMixed = collection % 2 === 1;
      const name = `c${collection++}`;
      await write(name, of, isMixed);
      const path = `${name}/points/query/batch`;
      const searches = bodies.map(toBody);
      const answers = await ask(path, searches);
      kept.push({ path, searches, answers });
      // among points that two replicas wrote, ties follow names of theirs that the reference does not know
      if (isMixed) return;
      for (const [i, body] of bodies.entries()) {
        const found = answers[i]?.map(({ version: _, ...one }) => ({ ...one, score: Math.fround(one.score) }));
        assert.deepEqual(found, expectedOf(of, body), JSON.stringify(body));
        compared++;
      }
    }),
    { numRuns: runs, seed, endOnFailure: true },
  );
  assert.ok(compared > 0);
  await pair.restart(1);
  await pair.untilEqual();
  for (const { path, searches, answers } of kept) assert.deepEqual(await ask(path, searches), answers);
});
