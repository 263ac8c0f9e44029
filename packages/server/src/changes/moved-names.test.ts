import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EventReader, type ServerEvent } from "../testing/event-reader.js";
import { type TestApp, testApp } from "../testing/test-app.js";

const dataOf = (event: ServerEvent | undefined) => JSON.parse((event as ServerEvent).data) as Record<string, unknown>;
const made = { vectors: { size: 2, distance: "Dot" } };
const pointsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: first + i, vector: [1, 1] }));

/** The name `here` is of `things`; `others` has points of its own. */
async function named(): Promise<TestApp & { readonly url: string; readonly move: () => Promise<void> }> {
  const test = await testApp();
  const base = await test.app.listen({ port: 0, host: "127.0.0.1" });
  for (const [name, first] of [["things", 0] as const, ["others", 1_000] as const]) {
    await test.ask("PUT", `/collections/${name}`, made);
    await test.ask("PUT", `/collections/${name}/points?wait=true`, { points: pointsFrom(first, 250) });
  }
  const point = async (name: string, isThere: boolean) => {
    const create = { create_alias: { collection_name: name, alias_name: "here" } };
    const actions = isThere ? [{ delete_alias: { alias_name: "here" } }, create] : [create];
    const { statusCode, text } = await test.ask("POST", "/collections/aliases", { actions });
    assert.equal(statusCode, 200, text);
  };
  await point("things", false);
  return { ...test, url: `${base}/murmur/collections`, move: () => point("others", true) };
}

/** Does something before the second read that follows. */
function beforeSecondRead({ database }: TestApp, act: () => Promise<unknown>): void {
  const read = database.read.bind(database);
  let reads = 0;
  database.read = async (...asked) => {
    reads += 1;
    if (reads === 2) await act();
    return read(...asked);
  };
}

const again = (test: TestApp) => async () => {
  await test.ask("DELETE", "/collections/things");
  await test.ask("PUT", "/collections/things", made);
  await test.ask("PUT", "/collections/things/points?wait=true", { points: pointsFrom(2_000, 5) });
};

describe("a name that names another collection while points are read", () => {
  it("gives no page of the other one, and no end of the snapshot", async () => {
    const test = await named();
    beforeSecondRead(test, test.move);
    const reader = await EventReader.open(`${test.url}/here/changes?from=snapshot`);
    const events = await reader.until(({ event }) => event === "end" || event === "snapshot-end");
    assert.deepEqual(
      events.map(({ event }) => event),
      ["snapshot-begin", "snapshot", "end"],
    );
    assert.deepEqual(dataOf(events.at(-1)), { reason: "moved", message: "here names another collection now" });
    reader.close();
  });

  it("gives no page of one that was made anew", async () => {
    const test = await named();
    beforeSecondRead(test, again(test));
    const reader = await EventReader.open(`${test.url}/things/changes?from=snapshot`);
    const events = await reader.until(({ event }) => event === "end" || event === "snapshot-end");
    assert.equal(events.at(-1)?.event, "end");
    assert.match(String(dataOf(events.at(-1))["reason"]), /^(moved|dropped)$/);
    assert.equal(events.filter(({ event }) => event === "snapshot").length, 1);
    reader.close();
  });

  it("gives no answer of the other one to a live query", async () => {
    const test = await named();
    beforeSecondRead(test, test.move);
    const reader = await EventReader.open(`${test.url}/here/live`, {
      method: "POST",
      body: JSON.stringify({ query: [1, 1], limit: 2 }),
      headers: { "content-type": "application/json" },
    });
    assert.equal((await reader.next())?.event, "top");
    await test.ask("PUT", "/collections/things/points?wait=true", { points: [{ id: 7, vector: [9, 9] }] });
    const end = await reader.next();
    assert.equal(end?.event, "end", end?.data);
    assert.equal(dataOf(end)["reason"], "moved");
    reader.close();
  });
});
