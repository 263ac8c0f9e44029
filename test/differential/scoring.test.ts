import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { ok } from "../support/ok.js";
import { killAllServers, newFolder, removeFolder, type ServerProcess, startServer } from "../support/server.js";
import { bodyOf, model } from "./arbitrary-queries.js";
import type { Body, Found, Model } from "./reference.js";
import { creationOf, expectedOf, isAnswered, pointsOf, toBody } from "./scoring-bodies.js";

/** Collections, and queries of each. More of them: DIFFERENTIAL_RUNS=1000. */
const RUNS = Number(process.env["DIFFERENTIAL_RUNS"] ?? 8);
const QUERIES = 40;
const DEPTH = 2;

const folder = newFolder("differential");
after(() => {
  killAllServers();
  removeFolder(folder);
});

async function write(server: ServerProcess, name: string, of: Model): Promise<void> {
  await ok(server, "PUT", `/collections/${name}`, creationOf(of));
  await ok(server, "PUT", `/collections/${name}/index?wait=true`, { field_name: "n", field_schema: "integer" });
  await ok(server, "PUT", `/collections/${name}/points?wait=true`, { points: pointsOf(of) });
}

async function ask(server: ServerProcess, name: string, bodies: readonly Body[]): Promise<Found[][]> {
  const searches = bodies.map(toBody);
  const answers = await ok(server, "POST", `/collections/${name}/points/query/batch`, { searches });
  return (answers as { readonly points: readonly (Found & { readonly version: number })[] }[]).map(({ points }) =>
    points.map(({ version: _, ...rest }) => rest),
  );
}

function compare(of: Model, bodies: readonly Body[], answers: readonly (readonly Found[])[]): void {
  for (const [i, body] of bodies.entries()) {
    // as they are printed: a float32 in its fewest digits
    const found = (answers[i] ?? []).map((point) => ({ ...point, score: Math.fround(point.score) }));
    assert.deepEqual(found, expectedOf(of, body), JSON.stringify(body));
  }
}

test("answers are those of the rules of scoring, by two readers, and by one after a restart", async () => {
  const asked: { readonly name: string; readonly bodies: readonly Body[]; readonly answers: Found[][] }[] = [];
  const first = await startServer({ dataFolder: folder, options: ["--readers", "2"] });
  const cases = model.chain((of) =>
    fc.record({ of: fc.constant(of), bodies: fc.array(bodyOf(of, DEPTH), { minLength: QUERIES, maxLength: QUERIES }) }),
  );
  let collections = 0;
  await fc.assert(
    fc.asyncProperty(cases, async ({ of, bodies: drawn }) => {
      const bodies = drawn.filter((body) => isAnswered(of, body));
      const name = `c${collections++}`;
      await write(first, name, of);
      const answers = await ask(first, name, bodies);
      compare(of, bodies, answers);
      asked.push({ name, bodies, answers });
    }),
    { numRuns: RUNS },
  );
  assert.ok(asked.some(({ answers }) => answers.some((found) => found.length > 5)));
  await first.stop();

  const second = await startServer({ dataFolder: folder, options: ["--readers", "1"] });
  for (const { name, bodies, answers } of asked) assert.deepEqual(await ask(second, name, bodies), answers);
  await second.stop();
});
