import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { killAllServers, newFolder, removeFolder, type ServerProcess, startServer } from "../support/server.js";
import { bodyOf, dimensions, model } from "./arbitrary-queries.js";
import { answerOf, type Body, type Found, type Model, NotFinite } from "./reference.js";
import { mDefault } from "./reference-formula.js";

/** Collections, and queries of each. More of them: DIFFERENTIAL_RUNS=1000. */
const RUNS = Number(process.env["DIFFERENTIAL_RUNS"] ?? 8);
const QUERIES = 40;
const DEPTH = 2;

const folder = newFolder("differential");
after(() => {
  killAllServers();
  removeFolder(folder);
});

async function ok(server: ServerProcess, method: string, path: string, body: unknown): Promise<unknown> {
  const answer = await server.request(method, path, body);
  assert.equal(answer.status, 200, `${path} ${JSON.stringify(answer.body)}`);
  return answer.body.result;
}

async function write(server: ServerProcess, name: string, { points, metrics }: Model): Promise<void> {
  const multi = { distance: "Dot", multivector_config: { comparator: "max_sim" } };
  const vectors = Object.fromEntries(
    Object.entries(dimensions).map(([vector, size]) => {
      const distance = metrics[vector];
      return [vector, { size, ...(distance === "MaxSim" ? multi : { distance }) }];
    }),
  );
  const words = metrics["words"] === "Idf" ? { modifier: "idf" } : {};
  await ok(server, "PUT", `/collections/${name}`, { vectors, sparse_vectors: { words } });
  await ok(server, "PUT", `/collections/${name}/index?wait=true`, { field_name: "n", field_schema: "integer" });
  const written = points.map(({ id, vectors: vector, tag, n, m }) => ({
    id,
    vector,
    payload: { tag, n, ...(m === undefined ? {} : { m }) },
  }));
  await ok(server, "PUT", `/collections/${name}/points?wait=true`, { points: written });
}

function toBody(body: Body): object {
  const { query, prefetch } = body;
  const isFormula = typeof query === "object" && "formula" in query;
  return {
    ...body,
    ...(isFormula ? { query: { ...query, defaults: { m: mDefault } } } : {}),
    ...(prefetch === undefined ? {} : { prefetch: prefetch.map(toBody) }),
  };
}

async function ask(server: ServerProcess, name: string, bodies: readonly Body[]): Promise<Found[][]> {
  const searches = bodies.map(toBody);
  const answers = await ok(server, "POST", `/collections/${name}/points/query/batch`, { searches });
  return (answers as { readonly points: readonly (Found & { readonly version: number })[] }[]).map(({ points }) =>
    points.map(({ version: _, ...rest }) => rest),
  );
}

/** Formulas may come to what is no finite number, and are refused then: these are left out. */
function isAnswered(of: Model, body: Body): boolean {
  try {
    answerOf(of, body);
    return true;
  } catch (error) {
    if (error instanceof NotFinite) return false;
    throw error;
  }
}

function compare(of: Model, bodies: readonly Body[], answers: readonly (readonly Found[])[]): void {
  for (const [i, body] of bodies.entries()) {
    // JSON has no −0 in the fewest digits
    const expected = answerOf(of, body).map((point) => ({ ...point, score: point.score + 0 }));
    // as they are printed: a float32 in its fewest digits
    const found = (answers[i] ?? []).map((point) => ({ ...point, score: Math.fround(point.score) }));
    assert.deepEqual(found, expected, JSON.stringify(body));
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
