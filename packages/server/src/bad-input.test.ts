import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import {
  type CatalogueRequest,
  catalogueRequests,
  insightRequests,
  near,
  type RightRequest,
  readRequests,
  writeRequests,
} from "./testing/right-requests.js";
import { filledApp, type TestApp } from "./testing/test-app.js";

// Every route is sent every kind of wrong value in every place of a request that it takes. What the OpenAPI document does not allow is refused with
// 4xx and names what is wrong; nothing is answered with 5xx; what is refused leaves nothing behind. Right answers are what the document says.

type Json = unknown;
type Method = RightRequest[0];

const original = [1, 2, 3].map((id) => ({ id, vector: near, payload: { city: "Berlin", count: id } }));

const all = { limit: 100, with_vector: true };

const wrongTexts = [
  ...["5", "-1", "1.5", "18446744073709551616", "true", '"x"', JSON.stringify("n".repeat(300))],
  ...["[]", "[null]", "{}", '"\\ud800"'],
];

/** Every place of a value, as the steps to it. */
function* placesOf(value: Json, steps: readonly (string | number)[] = []): Generator<readonly (string | number)[]> {
  if (steps.length > 0) yield steps;
  if (Array.isArray(value)) for (const [i, child] of value.slice(0, 1).entries()) yield* placesOf(child, [...steps, i]);
  else if (typeof value === "object" && value !== null)
    for (const [key, child] of Object.entries(value)) yield* placesOf(child, [...steps, key]);
}

const MARK = "@@here@@";

/** The value as text with another text at a place; without one, the place is left out. */
function changed(value: Json, steps: readonly (string | number)[], text: string | undefined): string {
  const copy = structuredClone(value) as { [key: string]: Json };
  let at = copy;
  for (const step of steps.slice(0, -1)) at = at[step] as typeof at;
  const last = steps.at(-1) as string;
  if (text === undefined) {
    if (Array.isArray(at)) at.splice(Number(last), 1);
    else delete at[last];
  } else at[last] = MARK;
  return JSON.stringify(copy).replace(JSON.stringify(MARK), text ?? "");
}

function parsed(text: string): Json {
  return JSON.parse(text) as Json;
}

type Validator = (value: Json) => boolean;
interface Operation {
  readonly requestBody?: { readonly content: { readonly "application/json": { readonly schema: object } } };
  readonly responses: {
    readonly "200": { readonly content?: { readonly "application/json": { readonly schema: object } } };
  };
}

/** Validators of what a route takes and answers, by the document. */
async function documentOf({ ask }: TestApp) {
  const { paths, components } = (await ask("GET", "/openapi.json")).json as unknown as {
    readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
    readonly components: object;
  };
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const compile = (schema: object | undefined): Validator =>
    schema === undefined ? () => true : (ajv.compile({ ...schema, components }) as Validator);
  const known = new Map<string, { readonly takes: Validator; readonly answers: Validator }>();
  return (method: string, path: string) => {
    const made = known.get(`${method} ${path}`);
    if (made !== undefined) return made;
    const operation = paths[path]?.[method.toLowerCase()];
    assert.ok(operation !== undefined, `${method} ${path} is documented`);
    const both = {
      takes: compile(operation.requestBody?.content["application/json"].schema),
      answers: compile(operation.responses["200"].content?.["application/json"].schema),
    };
    known.set(`${method} ${path}`, both);
    return both;
  };
}

const c = "/collections/{collection_name}";

/** Makes the indexes that some requests need. */
async function index(test: TestApp): Promise<void> {
  for (const [field_name, field_schema] of [
    ["count", "integer"],
    ["city", "keyword"],
  ]) {
    await test.ask("PUT", "/collections/things/index?wait=true", { field_name, field_schema });
  }
}

/** Sends each with every kind of wrong value in every place of its body. Gives how many were refused. */
async function refusedOf(requests: readonly RightRequest[]): Promise<number> {
  const test = await filledApp();
  await index(test);
  const routeOf = await documentOf(test);
  const faults: string[] = [];
  let refused = 0;
  // upkeep writes at any time, links and the end of tombstones: points and the catalogue are what requests change
  const catalogueNow = () =>
    JSON.stringify(test.database.catalogue, (_, value) => (typeof value === "bigint" ? String(value) : value));
  const state = async () =>
    `${JSON.stringify((await test.ask("POST", "/collections/things/points/scroll", all)).json.result)} ${catalogueNow()}`;
  const restore = () => test.ask("PUT", "/collections/things/points", { points: original });
  for (const [method, path, body] of requests) {
    await restore();
    const whole = path.startsWith("/murmur") ? path : `${c}${path}`;
    const url = whole.replace("{collection_name}", "things");
    const { takes, answers } = routeOf(method, whole);
    const right = await test.ask(method, url, body);
    assert.equal(right.statusCode, 200, `${method} ${path}: ${right.error}`);
    assert.ok(takes(body), `${method} ${path}: the document allows ${JSON.stringify(body)}`);
    assert.ok(answers(right.json), `${method} ${path}: the document allows ${right.text}`);
    const isWrite = method !== "POST" || /delete|payload|batch$/.test(path);
    await restore();
    let before = await state();
    for (const steps of placesOf(body)) {
      // deep inside of what writes every second one, of what reads every third one
      const every = isWrite ? (steps.length > 3 ? 2 : 1) : 3;
      const texts = wrongTexts.filter((_, i) => i % every === steps.length % every);
      for (const text of [...texts, undefined]) {
        const sent = changed(body, steps, text);
        const { statusCode, error = "", json } = await test.ask(method, url, sent);
        const what = `${method} ${path} with ${steps.join(".")} ${text ?? "left out"}: ${statusCode} ${error}`;
        const isRefused = statusCode >= 400 && statusCode < 500;
        if (statusCode === 200 && isWrite) {
          await restore();
          before = await state();
        }
        if (statusCode !== 200 && !isRefused) faults.push(`${what} (neither done nor refused)`);
        if (statusCode === 200 && !takes(parsed(sent))) faults.push(`${what} (the document does not allow it)`);
        if (statusCode === 200 && !answers(json)) faults.push(`${what} (the document does not allow the answer)`);
        if (!isRefused) continue;
        refused++;
        if (isWrite && (await state()) !== before) faults.push(`${what} (something was written)`);
        // values deep inside are named by what holds them; paths and ids of points by themselves
        const names = steps.map(String).filter((step) => !/^\d*$/.test(step));
        const isNamed =
          names.some((name) => error.includes(name)) ||
          /vector|dimension|point|Empty|path|filter|Collection|index/i.test(error);
        if (!isNamed) faults.push(`${what} (nothing is named)`);
      }
    }
    if (!isWrite && (await state()) !== before) faults.push(`${method} ${path} (a read changed something)`);
  }
  assert.equal(faults.join("\n"), "");
  return refused;
}

/** The same of requests that change the catalogue: each is undone where it was done. */
async function refusedOfCatalogue(requests: readonly CatalogueRequest[]): Promise<number> {
  const test = await filledApp();
  const routeOf = await documentOf(test);
  const faults: string[] = [];
  let refused = 0;
  const catalogueNow = () =>
    JSON.stringify(test.database.catalogue.collections, (_, value) =>
      typeof value === "bigint" ? String(value) : value,
    ) + JSON.stringify(test.database.catalogue.aliases);
  for (const { method, path, url, body, undo } of requests) {
    const { takes, answers } = routeOf(method, path);
    const right = await test.ask(method, url, body);
    assert.equal(right.statusCode, 200, `${method} ${path}: ${right.error}`);
    assert.ok(takes(body), `${method} ${path}: the document allows ${JSON.stringify(body)}`);
    assert.ok(answers(right.json), `${method} ${path}: the document allows ${right.text}`);
    await test.ask(...undo);
    for (const [at, steps] of [...placesOf(body)].entries()) {
      const texts = wrongTexts.filter((_, i) => i % 3 === at % 3);
      for (const text of [...texts, undefined]) {
        const before = catalogueNow();
        const sent = changed(body, steps, text);
        const { statusCode, error = "", json } = await test.ask(method, url, sent);
        const what = `${method} ${path} with ${steps.join(".")} ${text ?? "left out"}: ${statusCode} ${error}`;
        if (statusCode === 200) {
          if (!takes(parsed(sent))) faults.push(`${what} (the document does not allow it)`);
          if (!answers(json)) faults.push(`${what} (the document does not allow the answer)`);
          await test.ask(...undo);
          continue;
        }
        refused++;
        if (statusCode < 400 || statusCode >= 500) faults.push(`${what} (neither done nor refused)`);
        if (catalogueNow() !== before) faults.push(`${what} (something was written)`);
        const names = steps.map(String).filter((step) => !/^\d*$/.test(step));
        const isNamed = names.some((name) => error.includes(name)) || /vector|collection|alias|variant/i.test(error);
        if (!isNamed) faults.push(`${what} (nothing is named)`);
      }
    }
  }
  assert.equal(faults.join("\n"), "");
  return refused;
}

describe("bad input", () => {
  it("is refused where collections, vectors and aliases are made and changed, and leaves nothing behind", async () => {
    assert.ok((await refusedOfCatalogue(catalogueRequests)) > 250);
  });

  it("is refused with what is wrong, whatever route it comes to, and leaves nothing behind", async () => {
    assert.ok((await refusedOf(writeRequests)) > 1_000);
  });

  it("is refused by every kind of query, with what is wrong", async () => {
    assert.ok((await refusedOf(readRequests)) > 700);
  });

  it("is refused by what looks into a collection", async () => {
    assert.ok((await refusedOf(insightRequests)) > 40);
  });

  it("is refused in paths and parameters of every route", async () => {
    const test = await filledApp();
    const { paths } = (await test.ask("GET", "/openapi.json")).json as unknown as {
      readonly paths: {
        readonly [path: string]: {
          readonly [method: string]: {
            readonly parameters?: readonly {
              readonly name: string;
              readonly in: string;
              readonly schema: { readonly type?: string };
            }[];
          };
        };
      };
    };
    const faults: string[] = [];
    let asked = 0;
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, { parameters = [] }] of Object.entries(operations)) {
        if (path.includes("upload")) continue;
        const ask = (url: string) => test.ask(method.toUpperCase() as Method, url, method === "get" ? undefined : {});
        const at = (name: string) =>
          path
            .replace("{collection_name}", name)
            .replace("{shard_id}", "0")
            .replaceAll(/\{\w+\}/g, "1");
        if (path.includes("{collection_name}")) {
          const long = await ask(at("n".repeat(256)));
          if (long.statusCode !== 422 || !/length must be from 1 to 255/.test(long.error ?? ""))
            faults.push(`${method} ${path} with a long name: ${long.statusCode} ${long.error}`);
        }
        for (const { name, in: place, schema } of parameters) {
          if (place !== "query" || (schema.type !== "integer" && schema.type !== "boolean")) continue;
          for (const value of ["x", "-1", "1.5", "99999999999999999999999"]) {
            asked++;
            const { statusCode, error = "" } = await ask(`${at("nowhere")}?${name}=${value}`);
            const isRefused = statusCode === 400 && error.startsWith("Deserialize error in query parameters: ");
            if (!isRefused || !error.includes(name))
              faults.push(`${method} ${path}?${name}=${value}: ${statusCode} ${error}`);
          }
        }
      }
    }
    assert.equal(faults.join("\n"), "");
    assert.ok(asked > 200, `${asked} parameters`);
  });

  it("is no alias, in any path but those in which a collection is made or deleted", async () => {
    const test = await filledApp();
    const create_alias = { collection_name: "things", alias_name: "other" };
    await test.ask("POST", "/collections/aliases", { actions: [{ create_alias }] });
    await index(test);
    for (const [method, path, body] of [...writeRequests, ...readRequests]) {
      const { statusCode, error } = await test.ask(method, `/collections/other${path}`, body);
      assert.equal(statusCode, 200, `${method} ${path}: ${error}`);
      await test.ask("PUT", "/collections/other/points", { points: original });
    }
    for (const path of [
      "",
      "/exists",
      "/aliases",
      "/cluster",
      "/shards",
      "/optimizations",
      "/points/1",
      "/snapshots",
    ]) {
      assert.ok([200, 400].includes((await test.ask("GET", `/collections/other${path}`)).statusCode), path);
    }
    assert.equal((await test.ask("PUT", "/collections/other", { vectors: {} })).statusCode, 400);
    assert.equal((await test.ask("DELETE", "/collections/other")).json.result, false);
  });

  it("answers reads as the document says", async () => {
    const test = await filledApp();
    const routeOf = await documentOf(test);
    for (const path of ["/collections", "/aliases", "/cluster", "/issues"]) {
      assert.ok(routeOf("GET", path).answers((await test.ask("GET", path)).json), path);
    }
    for (const [path, at] of [
      ["", ""],
      ["/exists", "/exists"],
      ["/aliases", "/aliases"],
      ["/cluster", "/cluster"],
      ["/points/{id}", "/points/1"],
    ] as const) {
      for (const name of ["things", "named"]) {
        const { json, text } = await test.ask("GET", `/collections/${name}${at}`);
        assert.ok(routeOf("GET", `${c}${path}`).answers(json), text);
      }
    }
    // the validator does say no
    assert.ok(!routeOf("GET", `${c}/exists`).answers({ result: { exists: 1 }, status: "ok", time: 0 }));
  });
});
