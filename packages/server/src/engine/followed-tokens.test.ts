import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { encodeToken, SYSTEM_SHARD, type VectorSpace } from "@murmuration/core";
import { pino } from "pino";
import type { Database } from "./database.js";
import { openDatabase } from "./open-database.js";

const space: VectorSpace = { size: 2, distance: "Dot", links: 8, efConstruction: 32, quantization: "int8" };
const forever = { timeoutMs: 60_000, signal: new AbortController().signal };

describe("the tokens of a database", () => {
  let folder: string;
  let database: Database;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "murmuration-tokens-"));
    database = await open();
    await database.write({ kind: "create-collection", name: "a", vectors: { "": space }, settings: {} });
  });
  afterEach(async () => {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = () => openDatabase({ dataFolder: folder, log: pino({ level: "silent" }) });

  async function upsert(id: number) {
    const points = [{ id, vectors: { "": Float32Array.of(id, 1) }, payload: {} }];
    return database.write({ kind: "upsert-points", collection: "a", points, mode: "upsert" });
  }

  it("include a write that was acknowledged, and are the same after a restart", async () => {
    const before = encodeToken(database.frontiers(["a"]));
    await upsert(1);
    const token = database.frontiers(["a"]);
    assert.notEqual(encodeToken(token), before);
    assert.deepEqual([...token.keys()].sort(), [SYSTEM_SHARD, database.collection("a").id].sort());
    await database.close();
    database = await open();
    assert.equal(encodeToken(database.frontiers(["a"])), encodeToken(token));
    assert.equal(database.missing(token, ["a"]), 0);
  });

  it("stay what they were when they were given, whatever is written later, and are made once for what is not", async () => {
    await upsert(1);
    const given = database.frontiers(["a"]);
    const text = encodeToken(given);
    assert.equal(database.frontiers(["a"]), given);
    await upsert(2);
    assert.equal(encodeToken(given), text);
    assert.notEqual(encodeToken(database.frontiers(["a"])), text);
    assert.equal(database.missing(given, ["a"]), 0);
  });

  it("are waited for until they are covered, the time is over, or nobody waits any more", async () => {
    await upsert(1);
    const { id } = database.collection("a");
    const [[origin, sequence]] = [...(database.frontiers(["a"]).get(id) ?? [])] as [[number, number]];
    const token = new Map([[id, new Map([[origin, sequence + 2]])]]);
    assert.equal(database.missing(token, ["a"]), 2);
    assert.equal(database.missing(token, []), 0);
    const covered = database.untilCovered(token, ["a"], forever);
    assert.equal(await database.untilCovered(token, ["a"], { ...forever, timeoutMs: 1 }), false);
    const controller = new AbortController();
    const givenUp = database.untilCovered(token, ["a"], { ...forever, signal: controller.signal });
    controller.abort();
    assert.equal(await givenUp, false);
    await upsert(2);
    assert.equal(database.missing(token, ["a"]), 1);
    await upsert(3);
    assert.equal(await covered, true);
  });

  it("of a collection that is deleted are not waited for", async () => {
    const { id } = database.collection("a");
    await database.write({ kind: "delete-collection", name: "a" });
    const token = new Map([[id, new Map([[7, 100]])]]);
    assert.equal(await database.untilCovered(token, ["a"], forever), true);
  });

  it("levels are those of the one member that there is", async () => {
    const shards = [database.collection("a").id];
    // a read of more members than one is answered by the one that stands alone
    for (const level of [{ kind: "quorum" }, { kind: "all" }, { kind: "count", count: 2 }] as const) {
      const outcome = await database.settled({ kind: "read", shards, level, timeoutMs: 1_000 }, forever.signal);
      assert.equal(outcome.result, "done");
    }
  });
});
