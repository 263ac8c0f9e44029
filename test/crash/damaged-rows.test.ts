import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { decodeOperation, Replica, SqliteOpLog } from "@murmuration/core";
import Database from "better-sqlite3";
import {
  type Answer,
  killAllServers,
  newFolder,
  removeFolder,
  type ServerProcess,
  startServer,
} from "../support/server.js";
import { until } from "../support/until.js";

/** Two collections with points, as a killed server left them: each test has a copy. And the shard of the second. */
const prepared = newFolder("damaged-rows-prepared");
let shard: string;
let folder: string;
before(async () => {
  const server = await startServer({ dataFolder: prepared });
  for (const name of ["sound", "hurt"]) {
    await server.request("PUT", `/collections/${name}`, { vectors: { size: 2, distance: "Dot" } });
    await upsert(server, name, 0, 20);
  }
  const { shards } = (await server.request("GET", "/murmur/status")).body.result as {
    shards: { collection: string; shard: string }[];
  };
  await server.kill();
  shard = shards.find(({ collection }) => collection === "hurt")?.shard ?? assert.fail("it has a shard");
});
beforeEach(() => {
  folder = newFolder("damaged-rows");
  cpSync(prepared, folder, { recursive: true });
});
afterEach(() => removeFolder(folder));
after(() => {
  killAllServers();
  removeFolder(prepared);
});

const start = (waitFor: "ready" | "listening" = "ready") => startServer({ dataFolder: folder, waitFor });
const points = (from: number, to: number) => ({
  points: Array.from({ length: to - from }, (_, i) => ({
    id: from + i,
    vector: [i, 1],
    payload: { n: `v${from + i}` },
  })),
});
const upsert = (server: ServerProcess, name: string, from: number, to: number) =>
  server.request("PUT", `/collections/${name}/points?wait=true`, points(from, to));
const count = async (server: ServerProcess, name: string) =>
  ((await server.request("POST", `/collections/${name}/points/count`, {})).body.result as { count: number }).count;
const errorOf = ({ body }: Answer) => (body.status as { error: string }).error;

/** Statements on the log, as a bad disk might have it. */
function damage(...statements: string[]): void {
  const database = new Database(join(folder, "murmuration.db"));
  for (const statement of statements) assert.ok(database.prepare(statement).run().changes > 0, statement);
  database.close();
}
/** The replica of the log as a server's start makes it, in this process: a small part of what a server takes. */
function openHere<T>(look: (replica: Replica) => T): T {
  const log = new SqliteOpLog(join(folder, "murmuration.db"));
  try {
    const newReplicaId = () => assert.fail("the replica has an id");
    return look(Replica.open({ log, clock: { now: Date.now }, newReplicaId, newTableSeed: () => [1, 2] }));
  } finally {
    log.close();
  }
}
const placesOf = (shard: string) => `place >> 40 = ${keyOf(shard)}`;
const keyOf = (shard: string) => `(SELECT key FROM shards WHERE name = '${shard}')`;

async function expectQuarantined(server: ServerProcess): Promise<void> {
  assert.equal(await count(server, "sound"), 20);
  const reads = [
    await server.request("GET", "/collections/hurt"),
    await server.request("GET", "/collections/hurt/points/1"),
    await server.request("POST", "/collections/hurt/points/query", { query: [1, 1] }),
    await server.request("POST", "/collections/hurt/points/count", {}),
    await upsert(server, "hurt", 30, 31),
  ];
  for (const answer of reads) {
    assert.equal(answer.status, 503);
    assert.match(errorOf(answer), /collection hurt is quarantined: .* \(log position \d+\)/);
  }
  const ready = await fetch(`${server.address}/readyz`);
  assert.equal(ready.status, 503);
  assert.match(await ready.text(), /collection hurt is quarantined/);
  assert.match(await (await fetch(`${server.address}/metrics`)).text(), /^murmur_quarantined_shards 1$/m);
  const told = await server.request("GET", "/telemetry?details_level=10");
  assert.equal(told.status, 200, "what is not served keeps nothing from being told of the others");
  const status = (await server.request("GET", "/murmur/status")).body.result as { reason: string };
  assert.match(status.reason, /collection hurt is quarantined/);
}

test("a damaged operation quarantines its collection across restarts; the others are served, and it can be deleted", async () => {
  damage(`UPDATE operations SET bytes = x'010203' WHERE shard = ${keyOf(shard)} AND sequence = 7`);
  const first = await start("listening");
  await expectQuarantined(first);
  assert.equal((await upsert(first, "sound", 0, 20)).status, 200);
  await first.stop();
  const server = await start("listening");
  await expectQuarantined(server);
  assert.equal((await upsert(server, "sound", 0, 20)).status, 200);
  assert.equal((await server.request("DELETE", "/collections/hurt")).status, 200);
  assert.equal((await fetch(`${server.address}/readyz`)).status, 200);
  await server.request("PUT", "/collections/hurt", { vectors: { size: 2, distance: "Dot" } });
  assert.equal((await upsert(server, "hurt", 0, 3)).status, 200);
  await server.stop();
  const again = await start();
  assert.equal(await count(again, "hurt"), 3);
  await again.stop();
});

test("damaged points, settings and frontiers are made again from the operations", async () => {
  const damages = [
    `UPDATE points SET state = x'c1' WHERE shard = ${keyOf(shard)}`,
    `UPDATE points SET state = CAST(replace(CAST(state AS TEXT), 'v7', 'v9') AS BLOB) WHERE shard = ${keyOf(shard)}`,
    `DELETE FROM points WHERE shard = ${keyOf(shard)} AND id = x'0000000000000007'`,
    `UPDATE points SET shard = 99 WHERE shard = ${keyOf(shard)} AND id = x'0000000000000007'`,
    `UPDATE shards SET key = 77 WHERE name = '${shard}'`,
    "UPDATE shards SET key = 78 WHERE name = 'system'",
    "UPDATE frontiers SET shard = 79 WHERE shard = (SELECT key FROM shards WHERE name = 'system')",
    `UPDATE settings SET value = '{' WHERE name = 'causality.${shard}'`,
    `UPDATE frontiers SET sequence = sequence + 3 WHERE shard = ${keyOf(shard)}`,
    `UPDATE frontiers SET sequence = 1 WHERE shard = ${keyOf(shard)}`,
    "UPDATE settings SET value = 'x' WHERE name = 'causality.system'",
  ];
  // each by itself
  let wanted = openHere((replica) => replica.digest("hurt"));
  for (const [i, statement] of damages.entries()) {
    damage(statement);
    wanted = openHere((replica) => {
      assert.deepEqual(replica.digest("hurt"), wanted, statement);
      const point = { id: 20 + i, vectors: { "": Float32Array.of(i, 1) }, payload: { n: `v${20 + i}` } };
      const written = { kind: "upsert-points", collection: "hurt", points: [point], mode: "upsert" } as const;
      assert.ok(!(replica.execute([written]).outcomes[0] instanceof Error), statement);
      return replica.digest("hurt");
    });
  }
  const log = new SqliteOpLog(join(folder, "murmuration.db"), { readOnly: true });
  assert.equal([...log.points(shard)].length, 20 + damages.length);
  log.close();
  // and on a server, several at a time
  for (const together of [
    [0, 5, 7],
    [2, 8, 10],
  ]) {
    removeFolder(folder);
    cpSync(prepared, folder, { recursive: true });
    damage(...together.map((i) => damages[i] as string));
    const server = await start();
    assert.equal(await count(server, "hurt"), 20);
    const read = (await server.request("GET", "/collections/hurt/points/7")).body.result as { payload: unknown };
    assert.deepEqual(read.payload, { n: "v7" });
    assert.equal((await upsert(server, "hurt", 20, 21)).status, 200);
    assert.equal(await count(server, "hurt"), 21);
    await server.kill();
  }
});

test("a payload that cannot be read fails the request that asks for it, by the point's id, until it is written anew", async () => {
  const like = (value: string) => `${placesOf(shard)} AND CAST(bytes AS TEXT) LIKE '%"${value}"%'`;
  const readable = async (server: ServerProcess, id: number) =>
    (await server.request("GET", `/collections/hurt/points/${id}`)).status === 200;
  const server = await start();
  // a point's own one, of which the operations say what it was
  const merged = { payload: { m: "w5" }, points: [5] };
  assert.equal((await server.request("POST", "/collections/hurt/points/payload?wait=true", merged)).status, 200);
  damage(`UPDATE payloads SET bytes = x'7b7d' WHERE ${like("w5")}`);
  damage(`DELETE FROM payloads WHERE ${like("v7")}`);
  for (const id of [5, 7]) {
    const failed = await server.request("GET", `/collections/hurt/points/${id}`);
    assert.equal(failed.status, 500);
    assert.match(errorOf(failed), new RegExp(`payload of point ${id} failed its checks`));
  }
  const sound = await server.request("POST", "/collections/hurt/points", { ids: [6, 8], with_payload: true });
  assert.deepEqual(
    (sound.body.result as { payload: unknown }[]).map(({ payload }) => payload),
    [{ n: "v6" }, { n: "v8" }],
  );
  assert.equal(await count(server, "sound"), 20);
  await until(() => readable(server, 5), "it is mended");
  const { payload } = (await server.request("GET", "/collections/hurt/points/5")).body.result as { payload: unknown };
  assert.deepEqual(payload, { m: "w5", n: "v5" });
  await until(() => /are lost with the operations that had them/.test(server.log()), "it is said");
  await server.kill();
  // nor does a start end for it
  const again = await start();
  assert.deepEqual([await readable(again, 7), await count(again, "hurt")], [false, 20]);
  const anew = { payload: { n: "again" }, points: [7] };
  assert.equal((await again.request("PUT", "/collections/hurt/points/payload?wait=true", anew)).status, 200);
  assert.equal(await readable(again, 7), true);
  await again.stop();
});

test("a collection whose name in the log is lost is quarantined, and never served empty", async () => {
  damage(`UPDATE shards SET name = 'lost' WHERE name = '${shard}'`);
  const server = await start("listening");
  await expectQuarantined(server);
  await server.kill();
});

test("a log that has lost its catalogue is refused by name, with the way out", async () => {
  damage("UPDATE shards SET name = 'sys' WHERE name = 'system'");
  await assert.rejects(start("listening"), /not the catalogue that names them[\s\S]*murmur restore/);
});

test("a setting of the whole log that is damaged or lost is refused by file and row, with the way out", async () => {
  const database = new Database(join(folder, "murmuration.db"));
  const clock = database.prepare<[], string>("SELECT value FROM settings WHERE name = 'replica.clock'").pluck().get();
  database.close();
  damage("UPDATE settings SET value = '1:0' WHERE name = 'replica.clock'");
  const named = /murmuration\.db: the row "replica\.clock" of table settings is damaged[\s\S]*murmur restore/;
  await assert.rejects(start("listening"), named);
  damage(`UPDATE settings SET value = '${clock}' WHERE name = 'replica.clock'`);
  openHere((replica) => assert.deepEqual(replica.quarantined(), []));
  damage("DELETE FROM settings WHERE name = 'replica.id'");
  await assert.rejects(start("listening"), /rows of table settings are lost[\s\S]*murmur restore/);
});

test("a row of points that rots back to before a delete, then a purge, then a restart: the point stays deleted", async () => {
  const first = await start();
  const database = new Database(join(folder, "murmuration.db"));
  const ofPoint = `shard = ${keyOf(shard)} AND id = x'0000000000000003'`;
  database.exec(`CREATE TEMP TABLE kept AS SELECT state, checksum FROM points WHERE ${ofPoint}`);
  assert.equal((await first.request("POST", "/collections/hurt/points/delete?wait=true", { points: [3] })).status, 200);
  const rot = `UPDATE points SET (state, checksum) = (SELECT state, checksum FROM kept) WHERE ${ofPoint}`;
  assert.equal(database.prepare(rot).run().changes, 1);
  await until(() => hasPurge(shard), "the node of the point is purged");
  // what the purge wrote may be newer than the damage
  database.prepare(rot).run();
  database.close();
  await first.kill();
  for (let restart = 0; restart < 2; restart++) {
    const server = await start();
    assert.equal(await count(server, "sound"), 20);
    assert.equal(await count(server, "hurt"), 19);
    assert.equal((await server.request("GET", "/collections/hurt/points/3")).status, 404);
    const found = await server.request("POST", "/collections/hurt/points/query", { query: [3, 1], limit: 20 });
    assert.equal((found.body.result as { points: unknown[] }).points.length, 19);
    await server.kill();
  }
});

function hasPurge(shard: string): boolean {
  const log = new SqliteOpLog(join(folder, "murmuration.db"), { readOnly: true });
  const kinds = [...log.read(0, { shard })].map(({ origin, sequence, bytes }) =>
    decodeOperation(shard, origin, sequence, bytes),
  );
  log.close();
  return kinds.some(({ kind }) => kind === "purge");
}
