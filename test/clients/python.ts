import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startE2eServer } from "../e2e/e2e-server.js";
import { killExamples, startExample } from "../support/run-example.js";

const program = process.env["MURMURATION_PYTHON"] ?? "";
const { address } = await startE2eServer();
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
