import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, test } from "node:test";
import { pathOf, printJson, pythonOf } from "@murmuration/dashboard";
import { startE2eServer } from "../e2e/e2e-server.js";
import { codeCollection, codeRequests } from "../support/code-requests.js";
import { killExamples, startExample } from "../support/run-example.js";

const program = process.env["MURMURATION_PYTHON"] ?? "";
const server = await startE2eServer();
const { address } = server;
after(killExamples);

test("the official client for Python: questions to a folder of texts", async () => {
  const argv = ["rag/rag_with_client.py", "How do starlings avoid crashing into each other?"] as const;
  // twice: the collection is there then, and so are the points
  for (let run = 0; run < 2; run++) {
    const { code, out, err } = await startExample(program, argv, { MURMUR_URL: address }).ended;
    assert.equal(code, 0, err);
    assert.match(out, /^\[1\] starlings\.md, chunk \d \(score \d+\.\d\d\)\nStarlings\n.*crashing into each other/);
  }
});

test("the official client for Python: the code that the dashboard's console writes finds what the request itself finds", async () => {
  const { name, settings, points, index } = codeCollection;
  const collection = `/collections/${encodeURIComponent(name)}`;
  await server.request("PUT", collection, settings);
  await server.request("PUT", `${collection}/index?wait=true`, index);
  await server.request("PUT", `${collection}/points?wait=true`, { points });
  let tried = 0;
  for (const request of codeRequests) {
    const code = pythonOf(request, { url: address, hasKey: false });
    if (!code.includes("qdrant_client")) continue;
    tried++;
    const { text } = await server.request(request.method, pathOf(request), printJson(request.body));
    const idsIn = (found: string) => [...found.matchAll(/\bid"?[:=]\s*(\d+)/g)].map(([, id]) => id);
    const printed = execFileSync(program, ["-c", code], { encoding: "utf8" });
    const ofValues = (found: string) => [...found.matchAll(/\bcount"?[=:]\s*(\d+)/g)].map(([, count]) => count);
    assert.deepEqual(idsIn(printed), idsIn(text), `${code}\n${printed}`);
    assert.equal(/payload=\{/.test(printed), text.includes('"payload":{'), `${code}\n${printed}`);
    assert.deepEqual(ofValues(printed), ofValues(text), `${code}\n${printed}`);
  }
  assert.ok(tried > 6, `${tried} were tried`);
});
