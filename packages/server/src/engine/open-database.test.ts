import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Command, NearestHere, PointInput, VectorSpace } from "@murmuration/core";
import { type Filter, type Json, MurmurationError, type Payload } from "@murmuration/index";
import { pino } from "pino";
import type { Database } from "./database.js";
import { type DatabaseOptions, openDatabase } from "./open-database.js";
import { readsOf } from "./reads.test-support.js";

const all = { payload: true, vectors: true } as const;
const space: VectorSpace = { size: 4, distance: "Cosine", links: 8, efConstruction: 32, quantization: "int8" };
const create = (name: string): Command => ({ kind: "create-collection", name, vectors: { "": space }, settings: {} });
const failsWith =
  (code: string, message = /./) =>
  (error: unknown) =>
    error instanceof MurmurationError && error.code === code && message.test(error.message);

function point(id: number, payload: Payload = { n: id }): PointInput {
  const vector = Float32Array.of(Math.sin(id), Math.cos(id), Math.sin(3 * id), 1);
  return { id, vectors: { "": vector }, payload };
}

function upsert(from: number, to: number, payload?: Payload): Command {
  const points = Array.from({ length: to - from }, (_, i) => point(from + i, payload));
  return { kind: "upsert-points", collection: "a", points, mode: "upsert" };
}

const red: Filter = { must: [{ kind: "match-value", key: "tag", value: "red" }], should: [], mustNot: [] };

/** Everything that can be asked for without the engine's thread. */
async function answers(database: Database): Promise<unknown> {
  const query: NearestHere = {
    query: Float32Array.of(1, 2, 3, 4),
    using: "",
    limit: 20,
    offset: 0,
    parameters: {},
    selection: all,
  };
  return {
    scroll: await readsOf(database).scroll("a", { limit: 10_000, selection: all }),
    near: await readsOf(database).query("a", query),
    exact: await readsOf(database).query("a", { ...query, parameters: { exact: true } }),
    filtered: await readsOf(database).query("a", { ...query, filter: red }),
    counts: [await readsOf(database).count("a", undefined), await readsOf(database).count("a", red)],
    statistics: database.statistics("a"),
    catalogue: JSON.stringify(database.catalogue),
  };
}

/** The digest when upkeep has nothing left to do. */
async function digestAtRest(database: Database): ReturnType<Database["digest"]> {
  while (!(await database.replication()).status.upkeep.atRest) await turn();
  return database.digest("a");
}

describe("the database of a folder", () => {
  let folder: string;
  let lines: string[];
  let opened: Database[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "murmuration-database-"));
    lines = [];
    opened = [];
  });
  afterEach(async () => {
    for (const database of opened) await database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(options: Partial<DatabaseOptions> = {}): Promise<Database> {
    const log = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
    const database = await openDatabase({ dataFolder: folder, log, ...options });
    opened.push(database);
    return database;
  }

  it("answers after a restart as it did before, from its images", async () => {
    const before = await open();
    await before.write(create("a"));
    await before.write({ kind: "create-payload-index", collection: "a", path: "tag", schema: { kind: "keyword" } });
    await before.write(upsert(0, 300));
    await before.write(upsert(100, 150, { tag: "red" }));
    await before.write({ kind: "delete-points", collection: "a", target: { ids: [3, 4, 120] } });
    await before.write({ kind: "change-aliases", actions: [{ kind: "create-alias", alias: "z", collection: "a" }] });
    const wanted = [await answers(before), await digestAtRest(before)];
    await before.close();
    assert.ok(lines.some((line) => line.includes("graph images written")));
    const after = await open();
    assert.deepEqual([await answers(after), await digestAtRest(after)], wanted);
    assert.equal(after.status().replicaId, before.status().replicaId);
    await after.write(upsert(500, 501));
    assert.equal(await readsOf(after).count("z", undefined), 298);
  });

  it("leaves no write-ahead log when it is closed, whoever has read from it", async () => {
    const database = await open({ readers: 2 });
    await database.write(create("a"));
    await database.write(upsert(0, 20));
    const reads = Array.from({ length: 8 }, () => readsOf(database).scroll("a", { limit: 20, selection: all }));
    await Promise.all(reads);
    await database.close();
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes("-wal")),
      [],
    );
  });

  it("plans on several threads what its log makes again without them", async () => {
    const before = await open({ planners: 3 });
    await before.write(create("a"));
    for (let from = 0; from < 1_000; from += 100) await before.write(upsert(from, from + 130));
    const wanted = [await answers(before), await digestAtRest(before)];
    await before.close();
    rmSync(join(folder, "images"), { recursive: true });
    const after = await open();
    assert.deepEqual([await answers(after), await digestAtRest(after)], wanted);
    assert.ok(!lines.some((line) => /planner/.test(line)), "no planner was lost");
  });

  it("uses a folder alone", async () => {
    const first = await open();
    await assert.rejects(open(), failsWith("unavailable", /another process uses the data folder/));
    await first.close();
    await open();
  });

  it("does not open over a log that is no log, says so, and leaves the folder free and the file as it was", async () => {
    const file = join(folder, "murmuration.db");
    const garbage = "this is not a log, and long enough to be taken for one. ".repeat(100);
    writeFileSync(file, garbage);
    await assert.rejects(open(), failsWith("corrupt", /murmuration\.db/));
    await assert.rejects(open(), failsWith("corrupt", /murmuration\.db/));
    assert.equal(readFileSync(file, "utf8"), garbage);
  });

  it("makes a graph again whose image is damaged, and tells of it", async () => {
    const before = await open();
    await before.write(create("a"));
    await before.write(upsert(0, 100));
    const digest = await digestAtRest(before);
    await before.close();
    const [shard] = readdirSync(join(folder, "images")) as [string];
    const [image] = readdirSync(join(folder, "images", shard)).filter((file) => file !== "table.image") as [string];
    const path = join(folder, "images", shard, image);
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    writeFileSync(path, bytes);
    const after = await open();
    assert.deepEqual(await digestAtRest(after), digest);
    assert.ok(lines.some((line) => line.includes("a graph image was not usable")));
    await after.close();
    lines = [];
    await open();
    assert.deepEqual(
      lines.filter((line) => line.includes("not usable")),
      [],
    );
  });

  it("makes rows again whose image is damaged or was never finished, and tells of it", async () => {
    const before = await open();
    await before.write(create("a"));
    await before.write(upsert(0, 100));
    const wanted = [await answers(before), await digestAtRest(before)];
    await before.close();
    const [shard] = readdirSync(join(folder, "images")) as [string];
    const path = join(folder, "images", shard, "table.image");
    const whole = readFileSync(path);
    const rotted = Buffer.from(whole);
    rotted[rotted.length >> 1] = (rotted[rotted.length >> 1] as number) ^ 1;
    writeFileSync(path, rotted);
    writeFileSync(`${path}.unfinished`, whole.subarray(0, whole.length >> 1));
    const after = await open();
    assert.ok(lines.some((line) => line.includes("a table image was not usable")));
    assert.deepEqual([await answers(after), await digestAtRest(after)], wanted);
    assert.deepEqual(
      readdirSync(join(folder, "images", shard)).filter((file) => /table/.test(file)),
      [],
    );
    await after.close();
    lines = [];
    const again = await open();
    assert.deepEqual([await answers(again), await digestAtRest(again)], wanted);
    await again.close();
    assert.deepEqual(
      lines.filter((line) => line.includes("not usable") || line.includes("images written")),
      [],
      "the image is good again, and one of the same is not written",
    );
  });

  it("answers questions about digests, links and the graph's rules, and refuses those about nothing", async () => {
    const database = await open();
    await database.write(create("a"));
    await database.write(upsert(0, 200));
    await database.write({ kind: "delete-points", collection: "a", target: { ids: [7] } });
    // upkeep has purged the node of the point that is gone
    const digest = await digestAtRest(database);
    assert.deepEqual([digest.points, digest.live, digest.dead], [199, 199, 0]);
    assert.match(digest.points_digest + digest.graph_digest, /^[0-9a-f]{64}$/);
    const [ground] = (await database.links("a", 5, "")) as unknown as [
      { level: number; neighbours: { distance: number; dead: boolean }[] },
    ];
    assert.equal(ground.level, 0);
    assert.ok(ground.neighbours.length >= 4);
    const distances = ground.neighbours.map(({ distance }) => distance);
    assert.deepEqual(
      distances,
      [...distances].sort((a, b) => a - b),
    );
    const report = (await database.validate("a", 50)) as {
      graphs: { ""?: { violations: Json[]; nodes: number } };
      recall: { ""?: { samples: number; recall_at_10: number } };
    };
    assert.deepEqual([report.graphs[""]?.nodes, report.graphs[""]?.violations], [199, []]);
    assert.equal(report.recall[""]?.samples, 50);
    assert.ok((report.recall[""]?.recall_at_10 ?? 0) > 0.95);
    await assert.rejects(database.digest("none"), failsWith("not-found"));
    await assert.rejects(database.links("a", 7, ""), failsWith("not-found"));
    await assert.rejects(database.validate("none", 1), failsWith("not-found"));
    await assert.rejects(readsOf(database).count("none", undefined), failsWith("not-found"));
    assert.equal(database.status().shards[0]?.points, 199);
  });

  it("shows a write to reads before it is acknowledged, and never half of one, under many writes at once", async () => {
    const database = await open({ imageEvery: 100 });
    await database.write(create("a"));
    await database.write({ kind: "create-payload-index", collection: "a", path: "tag", schema: { kind: "keyword" } });
    const batch = 20;
    let looking = true;
    let looks = 0;
    const lookOn = async (): Promise<void> => {
      while (looking) {
        await look();
        await turn();
      }
    };
    const look = async (): Promise<void> => {
      looks++;
      // a batch is one command: its points come together
      assert.equal((await readsOf(database).count("a", undefined)) % batch, 0);
      const query = {
        query: Float32Array.of(1, 0, 0, 1),
        using: "",
        limit: 5,
        offset: 0,
        parameters: {},
        selection: all,
      } as const;
      for (const { id, payload } of await readsOf(database).query("a", query))
        assert.ok(payload !== undefined && Number(id) >= 0);
    };
    const looker = lookOn();
    const writes = Array.from({ length: 60 }, async (_, i) => {
      await database.write(upsert(batch * i, batch * (i + 1), { tag: i % 2 === 0 ? "red" : "blue", i }));
      // a field that was set in the same group of commands may be there already
      const [read] = await readsOf(database).retrieve("a", [batch * i], all);
      const { seen: _seen, ...payload } = read?.payload ?? {};
      assert.deepEqual(payload, { tag: i % 2 === 0 ? "red" : "blue", i });
      const field: Command = { kind: "set-payload", collection: "a", target: { filter: red }, payload: { seen: i } };
      if (i % 20 === 0) await database.write(field);
    });
    await Promise.all(writes);
    // beside a slow disk there are many, beside a fast one few
    while (looks <= 5) await database.write(upsert(0, batch, { tag: "red", i: 0 }));
    looking = false;
    await looker;
    assert.equal(await readsOf(database).count("a", undefined), 60 * batch);
    const live = await answers(database);
    const digest = await digestAtRest(database);
    await database.close();
    // what was read is what the replica had stored
    const after = await open();
    assert.deepEqual(await answers(after), live);
    assert.deepEqual(await digestAtRest(after), digest);
  });

  it("makes nothing of a write that finds the disk full visible, now or later, and goes on reading", async () => {
    const full = await open({ logPagesMax: 200 });
    await full.write(create("a"));
    await full.write(upsert(0, 10));
    const before = [await answers(full), await digestAtRest(full)];
    const large = upsert(5, 40, { text: "x".repeat(100_000) });
    const failures = await Promise.allSettled([full.write(large), full.write(large)]);
    for (const failure of failures) {
      assert.ok(failure.status === "rejected" && failsWith("storage", /full/)(failure.reason));
    }
    assert.deepEqual([await answers(full), await digestAtRest(full)], before);
    const { ready, reason } = full.status();
    assert.equal(ready, false);
    assert.match(reason ?? "", /writes fail: .*full/);
    // a small one still fits, and shows that writes work
    await full.write(upsert(10, 11));
    assert.equal(full.status().ready, true);
    await full.write({ kind: "delete-points", collection: "a", target: { ids: [10] } });
    const then = [await answers(full), await digestAtRest(full)];
    await full.close();
    const after = await open();
    assert.deepEqual([await answers(after), await digestAtRest(after)], then);
    await after.write(large);
    assert.equal(await readsOf(after).count("a", undefined), 40);
  });

  it("drops a collection where the disk is full to the last page, and can be written again", async () => {
    for (const logPagesMax of [404, 432, 524]) {
      rmSync(folder, { recursive: true, force: true });
      const full = await open({ logPagesMax });
      await full.write(create("a"));
      await full.write(create("b"));
      for (const length of [20_000, 3_000, 300, 10]) {
        const fill = async (id: number): Promise<never> => {
          await full.write(upsert(id, id + 1, { text: "x".repeat(length) }));
          return fill(id + 1);
        };
        await assert.rejects(fill(length), failsWith("storage", /full/));
      }
      await full.write({ kind: "delete-collection", name: "a" });
      // its payloads go after it, in slices
      const points = [point(1, { text: "x".repeat(20_000) })];
      const again = { kind: "upsert-points", collection: "b", points, mode: "upsert" } as const;
      const isWritten = () =>
        full.write(again).then(
          () => true,
          (error) => failsWith("storage", /full/)(error) && false,
        );
      for (let tries = 0; !(await isWritten()); tries++) {
        assert.ok(tries < 1000, "there is room for it in the end");
        await full.replication();
        await turn();
      }
      assert.equal(full.status().ready, true);
      await full.close();
      const after = await open();
      assert.deepEqual(
        Object.values(after.catalogue.collections).map(({ name }) => name),
        ["b"],
      );
      await after.close();
    }
  });
});
