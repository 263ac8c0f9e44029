import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { ReceivedSpan } from "@murmuration/server/testing/otlp-receiver";
import { traceOneWrite } from "../support/regions/traced-write.js";
import { killAllServers } from "../support/server.js";
import { traceTree } from "../support/trace-tree.js";

describe("the trace of a write", { timeout: 120_000 }, () => {
  after(killAllServers);

  test("goes through every region, and that of a search has its parts", async () => {
    const names = ["eu", "us", "ap"];
    const { write, search, parentId } = await traceOneWrite({ names, purpose: "traces" });
    const partsOf = (spans: readonly ReceivedSpan[], { spanId }: ReceivedSpan) =>
      spans
        .filter((span) => span.parentId === spanId)
        .sort((a, b) => a.startMs - b.startMs)
        .map(({ name }) => name);
    const roots = write.filter((span) => span.parentId === parentId);
    const [root] = roots;
    assert.ok(root !== undefined && roots.length === 1, traceTree(write));
    assert.deepEqual(
      [root.name, root.resource["murmur.region"], root.attributes["http.response.status_code"]],
      ["PUT /collections/{collection_name}/points", "eu", 200],
    );
    assert.deepEqual(
      partsOf(write, root).filter((name) => name !== "replicate"),
      ["parse", "plan", "publish", "append"],
      traceTree(write),
    );
    const replicated = write.filter(({ name }) => name === "replicate");
    assert.deepEqual(replicated.map(({ resource }) => resource["murmur.region"]).sort(), ["ap", "us"]);
    for (const span of replicated) {
      assert.equal(span.parentId, root.spanId);
      assert.deepEqual(partsOf(write, span).sort(), ["append", "apply", "check", "publish", "receive", "visible"]);
      assert.ok(span.startMs >= root.startMs - 5, "they are of one machine's clock");
    }
    const [asked] = search.filter((span) => span.parentId === parentId);
    assert.deepEqual(
      asked && partsOf(search, asked),
      ["parse", "filter", "walk", "fetch", "render"],
      traceTree(search),
    );
    const walk = search.find(({ name }) => name === "walk");
    assert.equal(walk?.attributes["murmur.method"], "graph");
    assert.equal(walk?.attributes["murmur.matches"], 601);
  });
});
