import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { before, test } from "node:test";
import { type ApiRequest, javascriptOf, parseJson, pathOf, printJson, pythonOf } from "@murmuration/dashboard";
import { QdrantClient } from "@qdrant/js-client-rest";
import { startE2eServer } from "../e2e/e2e-server.js";
import { codeCollection, codeRequests } from "../support/code-requests.js";
import { findPython } from "../support/python.js";

const server = await startE2eServer();
const target = { url: server.address, hasKey: false };

before(async () => {
  const { name, settings, points, index } = codeCollection;
  const collection = `/collections/${encodeURIComponent(name)}`;
  await server.request("PUT", collection, settings);
  await server.request("PUT", `${collection}/index?wait=true`, index);
  await server.request("PUT", `${collection}/points?wait=true`, { points });
});

/** What the server answers to a request as it is. */
async function resultOf(request: ApiRequest): Promise<unknown> {
  const { status, text } = await server.request(request.method, pathOf(request), printJson(request.body));
  assert.equal(status, 200, text);
  return (parseJson(text) as { readonly result: unknown }).result;
}

/** Runs a module of JavaScript with the official client, and gives what it prints. */
async function printedBy(code: string): Promise<unknown> {
  const printed: unknown[] = [];
  const run = new Function("QdrantClient", "console", `return (async () => {${code.replace(/^import .*$/gm, "")}})();`);
  await (run(QdrantClient, { log: (value: unknown) => printed.push(value) }) as Promise<void>);
  assert.equal(printed.length, 1);
  return printed[0];
}

test("the code for JavaScript, run with the official client, gives what the request itself gives", async () => {
  let byClient = 0;
  for (const request of codeRequests) {
    const code = javascriptOf(request, target);
    const isByClient = code.includes("QdrantClient");
    if (isByClient) byClient++;
    const printed = await printedBy(code);
    // without the client it is the whole answer
    const result = isByClient ? printed : (printed as { readonly result: unknown }).result;
    assert.deepEqual(result, await resultOf(request), code);
  }
  assert.equal(byClient, codeRequests.length - 1, "all but the one with a parameter that the client does not know");
});

const python = findPython();

test("the code for Python without the client gives what the request itself gives", {
  skip: python === undefined ? "needs Python 3.9 or newer" : false,
}, async () => {
  const programs = codeRequests.map((request) => [request, pythonOf(request, target)] as const);
  const plain = programs.filter(([, code]) => !code.includes("qdrant_client"));
  assert.ok(plain.length > 5);
  for (const [request, code] of plain) {
    // printed as JSON in place of Python's own way
    const program = code.replace("print(json.load(response))", "print(json.dumps(json.load(response)))");
    const printed = execFileSync(python ?? "", ["-c", program], { encoding: "utf8" });
    assert.deepEqual((parseJson(printed) as { result: unknown }).result, await resultOf(request), code);
  }
});
