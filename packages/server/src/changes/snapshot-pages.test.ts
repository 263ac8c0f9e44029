import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { EventReader, type ServerEvent } from "../testing/event-reader.js";
import { type TestApp, testApp } from "../testing/test-app.js";
import { snapshotReadsMax } from "./change-limits.js";

const MEBIBYTE = 1024 * 1024;
const things = "/collections/things";

async function listening(): Promise<TestApp & { readonly url: string }> {
  const test = await testApp();
  const base = await test.app.listen({ port: 0, host: "127.0.0.1" });
  await test.ask("PUT", things, { vectors: { size: 2, distance: "Dot" } });
  return { ...test, url: `${base}/murmur${things}/changes?from=snapshot` };
}

const isPage = ({ event }: ServerEvent) => event === "snapshot";
const idsOf = ({ data }: ServerEvent) => (JSON.parse(data) as { points: { id: number }[] }).points.map(({ id }) => id);
const numbers = (count: number) => Array.from({ length: count }, (_, id) => id);

async function snapshotOf(url: string): Promise<ServerEvent[]> {
  const reader = await EventReader.open(url);
  const events = await reader.until(({ event }) => event === "snapshot-end" || event === "end");
  assert.equal(events.at(-1)?.event, "snapshot-end", events.at(-1)?.data);
  reader.close();
  return events.filter(isPage);
}

describe("the pages of a snapshot", () => {
  it("have fewer points where these are large", async () => {
    const test = await listening();
    const text = "x".repeat(100_000);
    for (const from of [0, 10, 20]) {
      const points = numbers(10).map((i) => ({ id: from + i, vector: [1, 1], payload: { text } }));
      await test.ask("PUT", `${things}/points?wait=true`, { points });
    }
    const [first, ...others] = await snapshotOf(test.url);
    const pages = [first as ServerEvent, ...others];
    assert.deepEqual(pages.flatMap(idsOf), numbers(30));
    assert.ok((first?.data.length ?? 0) < 2 * MEBIBYTE, `${first?.data.length}`);
    for (const { data } of others) assert.ok(data.length < 1.1 * MEBIBYTE, `${data.length}`);
  });

  it("are no larger than what may wait for one client, unless one point is", async () => {
    const test = await listening();
    for (const [id, megabytes] of [...numbers(12).map(() => 1), 9, 1, 9].entries()) {
      const points = [{ id, vector: [1, 1], payload: { text: "x".repeat(megabytes * MEBIBYTE) } }];
      await test.ask("PUT", `${things}/points?wait=true`, { points });
    }
    const pages = await snapshotOf(test.url);
    assert.deepEqual(pages.flatMap(idsOf), numbers(15));
    for (const page of pages) {
      const [, ...others] = idsOf(page);
      assert.ok(page.data.length < 8.1 * MEBIBYTE || others.length === 0, `${page.data.length}`);
    }
  });

  it("are asked for again with fewer points where an answer is too large, and a few at a time over all clients", async () => {
    const test = await listening();
    const points = numbers(40).map((id) => ({ id, vector: [1, 1] }));
    await test.ask("PUT", `${things}/points?wait=true`, { points });
    const read = test.database.read.bind(test.database);
    let underWay = 0;
    let most = 0;
    test.database.read = async (names, reading, limits) => {
      underWay += 1;
      most = Math.max(most, underWay);
      try {
        const answer = await read(names, reading, limits);
        const isLarge = reading.kind === "scroll" && reading.request.limit > 3;
        if (isLarge) throw new MurmurationError("bad-request", "the answer is larger than a test lets it be", "limit");
        return answer;
      } finally {
        underWay -= 1;
      }
    };
    const all = await Promise.all(numbers(6).map(() => snapshotOf(test.url)));
    for (const pages of all) assert.deepEqual(pages.flatMap(idsOf), numbers(40));
    assert.ok(most <= snapshotReadsMax, `${most} at a time`);
  });
});
