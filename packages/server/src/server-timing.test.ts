import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { filledApp } from "./testing/test-app.js";

const asked = { "x-murmur-timing": "1" };

/** The parts of a Server-Timing header, each checked against the grammar of the W3C: a token, then parameters. */
function partsOf(header: unknown): Map<string, { readonly ms: number; readonly description: string | undefined }> {
  const parts = new Map<string, { ms: number; description: string | undefined }>();
  for (const metric of String(header).split(", ")) {
    const [, name, ms, description] = /^([a-z]+);dur=(\d+(?:\.\d{1,3})?)(?:;desc="([a-z+]+)")?$/.exec(metric) ?? [];
    assert.ok(name !== undefined && ms !== undefined, `${metric} of ${header}`);
    parts.set(name, { ms: Number(ms), description });
  }
  return parts;
}

describe("Server-Timing", () => {
  it("names the parts of a search in their order, which add up to no more than the whole", async () => {
    const { ask } = await filledApp();
    const filter = { must: [{ key: "city", match: { value: "Berlin" } }] };
    const body = { query: [1, 0, 0, 0], filter, with_payload: true };
    const { headers } = await ask("POST", "/collections/things/points/query", body, asked);
    const parts = partsOf(headers["server-timing"]);
    assert.deepEqual([...parts.keys()], ["parse", "wait", "filter", "walk", "fetch", "render", "total"]);
    assert.equal(parts.get("walk")?.description, "exact");
    const { ms: total = 0 } = parts.get("total") ?? {};
    const sum = [...parts].reduce((all, [name, { ms }]) => (name === "total" ? all : all + ms), 0);
    assert.ok(sum > 0 && sum <= total + 0.01, `${sum} of ${total}`);
  });

  it("names the engine's parts of a write", async () => {
    const { ask } = await filledApp();
    const points = [{ id: 9, vector: [1, 2, 3, 4] }];
    const { headers } = await ask("PUT", "/collections/things/points?wait=true", { points }, asked);
    const parts = partsOf(headers["server-timing"]);
    assert.deepEqual([...parts.keys()], ["parse", "wait", "plan", "append", "publish", "total"]);
  });

  it("stands in refusals too, and nowhere unless it is asked for", async () => {
    const { ask } = await filledApp();
    const refused = await ask("POST", "/collections/things/points/query", { query: [1] }, asked);
    assert.deepEqual([...partsOf(refused.headers["server-timing"]).keys()].at(-1), "total");
    const body = { query: [1, 0, 0, 0] };
    for (const headers of [{}, { "x-murmur-timing": "0" }]) {
      const answer = await ask("POST", "/collections/things/points/query", body, headers);
      assert.equal(answer.headers["server-timing"], undefined);
    }
  });
});
