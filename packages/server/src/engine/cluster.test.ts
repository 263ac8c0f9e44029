import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as after } from "node:timers/promises";
import type { Command, NearestHere, VectorSpace } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { pino } from "pino";
import type { Database } from "./database.js";
import { openDatabase } from "./open-database.js";
import { readsOf } from "./reads.test-support.js";

const DEADLINE_MS = 60_000;
const space: VectorSpace = { size: 4, distance: "Cosine", links: 8, efConstruction: 32, quantization: "int8" };
const create: Command = { kind: "create-collection", name: "a", vectors: { "": space }, settings: {} };
const all = { payload: true, vectors: true } as const;

function upsert(from: number, to: number): Command {
  const points = Array.from({ length: to - from }, (_, i) => {
    const id = from + i;
    const vector = Float32Array.of(Math.sin(id), Math.cos(id), Math.sin(3 * id), 1);
    return { id, vectors: { "": vector }, payload: { n: id } };
  });
  return { kind: "upsert-points", collection: "a", points, mode: "upsert" };
}

/** Everything that tells the answers of two databases apart. */
async function answers(database: Database): Promise<string> {
  const near = [1, 2, 3].map((x) => {
    const query: NearestHere = {
      query: Float32Array.of(x, 2, -x, 1),
      using: "",
      limit: 20,
      offset: 0,
      parameters: {},
      selection: all,
    };
    return readsOf(database).query("a", query);
  });
  const page = await readsOf(database).scroll("a", { limit: 10_000, selection: all });
  return JSON.stringify([await Promise.all(near), page]);
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    assert.ok(performance.now() < endMs, `not within ${DEADLINE_MS} ms: ${what}`);
    await after(20);
  }
}

const isUnavailable = (reason: RegExp) => (error: unknown) =>
  error instanceof MurmurationError && error.code === "unavailable" && reason.test(error.message);

describe("databases of one cluster", () => {
  let folder: string;
  let channel: string;
  let opened: Database[];
  const cuts = new Map<string, Int32Array>();
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "murmuration-cluster-"));
    channel = randomUUID();
    opened = [];
    cuts.clear();
  });
  afterEach(async () => {
    for (const database of opened) await database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(region: string, peers: number, name = "c"): Promise<Database> {
    const cut = new Int32Array(new SharedArrayBuffer(4));
    cuts.set(region, cut);
    const module = new URL("./channel-transport.test-support.js", import.meta.url).href;
    const database = await openDatabase({
      dataFolder: join(folder, region),
      log: pino({ level: "silent" }),
      cluster: { name, region, peers, transport: { module, exportName: "connectChannel", options: { channel, cut } } },
    });
    opened.push(database);
    return database;
  }

  const ready = (database: Database) => until("it takes writes", () => database.status().ready);
  const cut = (region: string, isCut: boolean) => Atomics.store(cuts.get(region) as Int32Array, 0, isCut ? 1 : 0);

  async function openAll(...regions: string[]): Promise<Database[]> {
    const databases = await Promise.all(regions.map((region) => open(region, regions.length - 1)));
    // one that begins a cluster is ready before the others have joined, and then asks them what they hold of its writes
    await until("all know each other and take writes", () =>
      databases.every((one) => one.status().ready && one.catalogue.members.length === regions.length),
    );
    return databases;
  }

  async function settle(databases: readonly Database[]): Promise<void> {
    await until("equal digests at rest", async () => {
      const states = await Promise.all(
        databases.map(async (database) => {
          if (database.collectionNamed("a") === undefined) return "none";
          const { status } = await database.replication();
          return status.upkeep.atRest ? JSON.stringify(await database.digest("a")) : "busy";
        }),
      );
      return !states.includes("none") && !states.includes("busy") && new Set(states).size === 1;
    });
    const [first, ...others] = await Promise.all(databases.map(answers));
    for (const other of others) assert.equal(other, first, "byte-equal answers");
  }

  it("all take writes and come to the same data, graph and answers", async () => {
    const [eu, us, asia] = (await openAll("eu", "us", "asia")) as [Database, Database, Database];
    assert.equal(eu.catalogue.members.length, 3);
    await eu.write(create);
    await until("the collection is everywhere", () =>
      [us, asia].every((one) => one.collectionNamed("a") !== undefined),
    );
    await Promise.all([eu.write(upsert(0, 100)), us.write(upsert(50, 150)), asia.write(upsert(100, 200))]);
    await us.write({ kind: "delete-points", collection: "a", target: { ids: [60, 61, 120] } });
    await settle([eu, us, asia]);
    const { dead, live } = await asia.digest("a");
    assert.deepEqual([dead, live], [0, 197], "dead nodes are purged everywhere");
  });

  it("take writes while one is cut off, which catches up; and go on after a restart", async () => {
    const [eu, us] = (await openAll("eu", "us")) as [Database, Database];
    await eu.write(create);
    await until("the collection is there", () => us.collectionNamed("a") !== undefined);
    cut("us", true);
    await eu.write(upsert(0, 300));
    await us.write(upsert(200, 500));
    assert.deepEqual([await readsOf(eu).count("a", undefined), await readsOf(us).count("a", undefined)], [300, 300]);
    await until("the other is suspect", async () => {
      const { status } = await eu.replication();
      return status.peering?.peers[0]?.suspect === true;
    });
    cut("us", false);
    await settle([eu, us]);
    assert.equal(await readsOf(us).count("a", undefined), 500);

    await us.close();
    await eu.write(upsert(500, 600));
    const again = await open("us", 1);
    await until("it takes writes again", async () => again.status().ready);
    await again.write(upsert(600, 610));
    await settle([eu, again]);
    assert.equal(await readsOf(again).count("a", undefined), 610);
  });

  it("refuse writes before the cluster has begun, and say why", async () => {
    const alone = await open("eu", 1);
    await until("it says why", () => /must hear 1 others/.test(alone.status().reason ?? ""));
    await assert.rejects(alone.write(create), isUnavailable(/must hear 1 others/));
  });

  it("refuse what an evicted one writes, which refuses writes itself", async () => {
    const [eu, us] = (await openAll("eu", "us")) as [Database, Database];
    await eu.write(create);
    await until("the collection is there", () => us.collectionNamed("a") !== undefined);
    const { status } = await us.replication();
    await eu.write({ kind: "evict-member", id: status.replica });
    await until("it knows", () => /evicted/.test(us.status().reason ?? ""));
    await assert.rejects(us.write(upsert(0, 1)), isUnavailable(/evicted/));
    await eu.write(upsert(0, 10));
    await eu.write({ kind: "delete-points", collection: "a", target: { ids: [1] } });
    await until("nobody waits for it", async () => (await eu.digest("a")).dead === 0);
  });

  it("do not listen to another cluster, and count its messages", async () => {
    const eu = await open("eu", 0);
    const stranger = await open("us", 0, "other");
    await Promise.all([eu, stranger].map(ready));
    await until("they are counted", async () => {
      const { status } = await eu.replication();
      return (status.peering?.refused["wrong cluster"] ?? 0) > 0;
    });
    assert.deepEqual(
      eu.catalogue.members.map(({ region }) => region),
      ["eu"],
    );
  });
});
