import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { parseJson } from "../json.js";
import type { Json } from "../json-value.js";
import { type ApiRequest, pathOf, pathProblem, type Target } from "./api-request.js";
import { curlOf, shellWord } from "./curl.js";
import { javascriptOf } from "./javascript.js";
import { javascriptLiteral, pythonLiteral } from "./literals.js";
import { pythonOf } from "./python.js";

const target: Target = { url: "http://127.0.0.1:6333", hasKey: true };
const c = "/collections/{collection_name}";

const query: ApiRequest = {
  method: "POST",
  route: `${c}/points/query`,
  parameters: { collection_name: "it's a/b ?" },
  query: { timeout: "5" },
  body: {
    query: [0.5, -1],
    filter: { must: [{ key: "o'clock", match: { value: 9007199254740993n } }] },
    limit: 3,
    with_payload: true,
  },
};

/** What the shell makes of words, one after the other: it is asked once, with all of them. */
function wordsOf(shellText: string): readonly string[] {
  const printed = execFileSync("sh", ["-c", `printf '%s\\0' ${shellText}`], { encoding: "utf8" });
  return printed.split("\0").slice(0, -1);
}

/** Text of every kind that can stand on a command line: all but NUL. */
const text = fc.oneof(
  fc.string({ unit: "binary" }).map((one) => one.toWellFormed().replaceAll("\0", "")),
  fc.string({ unit: fc.constantFrom("'", "\\", '"', "$", "`", "!", "\n", " ", "*", "a") }),
);

test("a word of the shell is the text that it was made of", () => {
  const texts = fc.sample(text, 300);
  assert.deepEqual(wordsOf(texts.map(shellWord).join(" ")), texts);
});

test("the arguments of a curl command are address, headers and body to the byte", () => {
  const { json } = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.integer(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }).filter((n) => !Number.isSafeInteger(Number(n))),
      fc.constantFrom(null, true, false),
      fc.array(tie("json"), { maxLength: 3 }),
      fc.dictionary(text, tie("json"), { maxKeys: 3, noNullPrototype: true }),
    ),
  }));
  const bodies = fc.sample(json, 100);
  const requests = bodies.map((body, i): ApiRequest => ({ ...query, parameters: { collection_name: `c'${i}` }, body }));
  const words = wordsOf(requests.map((request) => curlOf(request, { ...target, hasKey: false })).join(" "));
  const perRequest = words.length / requests.length;
  for (const [i, request] of requests.entries()) {
    const [curl, globoff, x, method, url, h, header, data, body, ...more] = words.slice(
      i * perRequest,
      (i + 1) * perRequest,
    );
    assert.deepEqual(
      [curl, globoff, x, method, h, data, more],
      ["curl", "--globoff", "-X", "POST", "-H", "--data-raw", []],
    );
    assert.equal(url, `${target.url}${pathOf(request)}`);
    assert.equal(header, "content-type: application/json");
    assert.deepEqual(parseJson(body ?? ""), request.body);
  }
});

test("no parameter of a path makes another path of it", () => {
  const route = "/collections/{collection_name}/index/{field_name}";
  const request = (field: string) => ({ ...query, route, parameters: { collection_name: "c", field_name: field } });
  for (const field of ["..", ".", ""]) {
    assert.throws(() => pathOf(request(field)), /cannot stand in a path/, field);
    assert.match(pathProblem(request(field)) ?? "", /^field_name/);
  }
  assert.equal(pathProblem({ ...request("a"), parameters: { collection_name: "c" } }), "field_name is missing.");
  for (const field of ["$&", "$1", "a/../b", "...", "%2e%2e"]) {
    assert.equal(new URL(pathOf(request(field)).split("?")[0] ?? "", "http://a").pathname.split("/").length, 5, field);
    assert.equal(pathProblem(request(field)), undefined);
  }
  assert.ok(pathOf(request("$&")).includes("/index/%24%26"));
});

test("the key itself stands in no code: it comes from the environment", () => {
  const words = wordsOf(`${curlOf(query, target)}`);
  assert.ok(words.includes("api-key: "), "the variable is expanded");
  assert.match(javascriptOf(query, target), /apiKey: process\.env\.MURMUR_API_KEY/);
  assert.match(pythonOf(query, target), /import os\n[\s\S]*api_key=os\.environ\["MURMUR_API_KEY"\]/);
  for (const code of [javascriptOf, pythonOf, curlOf]) {
    assert.doesNotMatch(code(query, { ...target, hasKey: false }), /MURMUR_API_KEY/);
  }
});

/** Any JSON, with the keys and texts that languages read in other ways. */
const { json: anyJson } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: "binary" }),
    fc.constantFrom("\u2028", "\\u0000", `$\{x}`, "`", "\ud800", "</script>", "%s"),
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .map((n) => (Number.isSafeInteger(n) || n % 1 !== 0 ? n + 0 : 0.5)),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }).filter((n) => !Number.isSafeInteger(Number(n))),
    fc.constantFrom(null, true, false),
    fc.array(tie("json"), { maxLength: 4 }),
    fc
      .array(
        fc.tuple(
          fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("__proto__", "class", "a-b", "0")),
          tie("json"),
        ),
        {
          maxLength: 4,
        },
      )
      .map((entries) => Object.fromEntries(entries) as Json),
  ),
}));

test("a literal of JavaScript is the JSON that it was made of", () => {
  fc.assert(
    fc.property(anyJson, (json) => {
      const value = new Function(`return ${javascriptLiteral(json)};`)() as unknown;
      assert.deepEqual(value, json);
    }),
  );
});

test("a literal of Python has the same texts, numbers and words", () => {
  // what differs are three words and a comma at the end; strings and numbers are written alike
  fc.assert(
    fc.property(anyJson, (json) => {
      const words: Readonly<Record<string, string>> = { None: "null", True: "true", False: "false" };
      const asJson = pythonLiteral(json).replace(/"(?:[^"\\]|\\.)*"|\b(?:None|True|False)\b|,(?=\s*[\]}])/g, (token) =>
        token === "," ? "" : (words[token] ?? token),
      );
      assert.deepEqual(parseJson(asJson), json);
    }),
  );
});

/** Runs a module that was made, with what it imports in place, and gives the calls that it made. */
async function callsOf(code: string): Promise<readonly (readonly unknown[])[]> {
  const calls: unknown[][] = [];
  class QdrantClient {
    constructor(options: unknown) {
      calls.push(["new", options]);
      // biome-ignore lint/correctness/noConstructorReturn: every method is recorded, whatever its name
      return new Proxy(this, {
        get:
          (_, name) =>
          (...given: unknown[]) => {
            calls.push([name, ...given]);
            return Promise.resolve("answer");
          },
      });
    }
  }
  const fetch = (...given: unknown[]) => {
    calls.push(["fetch", ...given]);
    return Promise.resolve({ json: () => "answer" });
  };
  const body = code.replace(/^import .*$/gm, "");
  const run = new Function("QdrantClient", "fetch", "process", "console", `return (async () => {${body}})();`);
  const printed: unknown[] = [];
  await (run(
    QdrantClient,
    fetch,
    { env: { MURMUR_API_KEY: "key" } },
    { log: (value: unknown) => printed.push(value) },
  ) as Promise<void>);
  assert.deepEqual(printed, ["answer"]);
  return calls;
}

test("the module of JavaScript calls the client's method with all that the request holds", async () => {
  assert.deepEqual(await callsOf(javascriptOf(query, target)), [
    ["new", { url: target.url, apiKey: "key" }],
    ["query", "it's a/b ?", { timeout: 5, ...(query.body as object) }],
  ]);
  const bare: ApiRequest = {
    method: "DELETE",
    route: `${c}/index/{field_name}`,
    parameters: { collection_name: "c", field_name: 'a"b' },
    query: {},
    body: undefined,
  };
  assert.deepEqual((await callsOf(javascriptOf(bare, { ...target, hasKey: false })))[1], [
    "deletePayloadIndex",
    "c",
    'a"b',
  ]);
});

test("what a method of the client would leave out is sent by fetch instead", async () => {
  const settled: ApiRequest = { ...query, query: { settled: "true" } };
  const [[how, url, options] = []] = await callsOf(javascriptOf(settled, target));
  assert.equal(how, "fetch");
  assert.equal(url, `${target.url}${pathOf(settled)}`);
  const { method, headers, body } = options as { method: string; headers: object; body: string };
  assert.deepEqual([method, headers], ["POST", { "content-type": "application/json", "api-key": "key" }]);
  assert.deepEqual(parseJson(body), settled.body);
});

test("the older search gives no payloads by itself, which the client would ask for", async () => {
  const search: ApiRequest = { ...query, route: `${c}/points/search`, query: {}, body: { vector: [1], limit: 1 } };
  assert.deepEqual((await callsOf(javascriptOf(search, target)))[1]?.[2], {
    with_payload: false,
    vector: [1],
    limit: 1,
  });
});

test("the program of Python passes models for what the client takes as models", () => {
  const code = pythonOf(
    {
      ...query,
      body: { ...(query.body as object), query: { recommend: { positive: [1] } }, prefetch: [{ query: [1] }] },
    },
    target,
  );
  for (const part of [
    "client.query_points(",
    "query=models.RecommendQuery(**{",
    "query_filter=models.Filter(**{",
    "prefetch=[models.Prefetch(**{",
    "timeout=5,",
    "9007199254740993",
  ]) {
    assert.ok(code.includes(part), `${part} in ${code}`);
  }
  assert.match(pythonOf({ ...query, query: { settled: "true" } }, target), /urlopen\(request\)/);
  assert.match(pythonOf({ ...query, query: { settled: "true" } }, target), /json\.dumps\(\{/);
});
