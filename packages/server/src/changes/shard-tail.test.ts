import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testApp } from "../testing/test-app.js";
import type { ChangesReply } from "./messages.js";
import { openCursor } from "./op-cursor.js";
import { ShardTail } from "./shard-tail.js";

const MEBIBYTE = 1024 * 1024;
const things = "/collections/things";

describe("the tail of a log", () => {
  it("tells in one turn no more than a reader that keeps up may have waiting, and the rest in the next ones", async () => {
    const test = await testApp();
    await test.ask("PUT", things, { vectors: { size: 2, distance: "Dot" } });
    const { database, log } = test;
    const collection = database.collection("things");
    const frontierOf = () => new Map(database.frontiers(["things"]).get(collection.id));
    const replies: ChangesReply[] = [];
    const cursor = openCursor(log, collection.id, frontierOf());
    const tail = new ShardTail(log, cursor, collection, (reply) => replies.push(reply));
    const told = { withPayload: true, withVector: false };
    tail.groups.set("true false", { number: 1, told, clients: new Set([1]) });
    tail.groups.set("names", { number: 2, told: "names", clients: new Set([2]) });
    const text = "x".repeat(300_000);
    const ids = Array.from({ length: 12 }, (_, id) => id);
    for (const id of ids)
      await test.ask("PUT", `${things}/points?wait=true`, { points: [{ id, vector: [id, 1], payload: { text } }] });
    const frontier = frontierOf();
    const texts: string[] = [];
    const names: unknown[] = [];
    let turns = 0;
    for (let stop = "more"; stop === "more"; turns++) {
      stop = tail.advance(frontier);
      const turn = replies.splice(0);
      const said = turn.map((reply) => ("bytes" in reply ? Buffer.from(reply.bytes).toString() : "")).join("");
      assert.ok(said.length < 1.5 * MEBIBYTE, `${said.length} bytes in turn ${turns}`);
      texts.push(said);
      for (const reply of turn) if (reply.kind === "names") names.push(...reply.operations.flatMap((one) => one.ids));
    }
    const found = [...texts.join("").matchAll(/"id":(\d+),/g)].map(([, id]) => Number(id));
    assert.deepEqual(found, ids);
    assert.deepEqual(names, ids);
    assert.ok(turns >= 3, `${turns} turns`);
  });
});
