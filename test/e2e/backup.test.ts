import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, beforeEach, describe, test } from "node:test";
import { replayedDigest } from "../crash/replayed.js";
import { killAllServers, newFolder, removeFolder, runCli, type ServerProcess, startServer } from "../support/server.js";
import { failuresIn } from "./e2e-server.js";

const DIMENSIONS = 16;
const BATCH_POINTS = 20;

interface Digest {
  readonly frontier: { readonly [origin: string]: number };
  readonly points: number;
}

interface Backup {
  readonly name: string;
  readonly bytes: number;
  readonly replica_id: number;
  readonly collections: readonly (Digest & { readonly shard: string; readonly collection: string })[];
}

const canLimitFiles = process.platform === "linux" && spawnSync("prlimit", ["--version"]).status === 0;

after(killAllServers);

describe("a server with a backup folder", () => {
  let root: string;
  let backups: string;
  let server: ServerProcess;
  beforeEach(async () => {
    root = newFolder("backup");
    backups = join(root, "backups");
    server = await start("data");
    await server.request("PUT", "/collections/c", { vectors: { size: DIMENSIONS, distance: "Euclid" } });
  });
  afterEach(() => {
    killAllServers();
    removeFolder(root);
  });

  const start = (data: string) =>
    startServer({ dataFolder: join(root, data), options: ["--backup-folder", backups, "--backup-keep", "3"] });
  const fileOf = ({ name }: Backup) => join(backups, `${name}.db`);

  /** New points only: nothing dies, so that no upkeep follows. */
  async function writeBatch(to: ServerProcess, batch: number): Promise<number> {
    const points = Array.from({ length: BATCH_POINTS }, (_, i) => {
      const id = batch * BATCH_POINTS + i;
      return { id, vector: Array.from({ length: DIMENSIONS }, (_, d) => Math.sin(id * (d + 1))), payload: { batch } };
    });
    return (await to.request("PUT", "/collections/c/points?wait=true", { points })).status;
  }

  async function makeBackup(): Promise<Backup> {
    const { status, body } = await server.request("POST", "/murmur/backups");
    assert.equal(status, 200, JSON.stringify(body));
    return body.result as Backup;
  }

  async function digestOf(of: ServerProcess): Promise<Digest> {
    return (await of.request("GET", "/murmur/collections/c/digest")).body.result as Digest;
  }

  async function answersOf(of: ServerProcess, query: readonly number[]): Promise<unknown> {
    const near = { query, limit: 30, with_payload: true, with_vector: true, params: { hnsw_ef: 64 } };
    const all = { limit: 10_000, with_vector: true };
    const found = await of.request("POST", "/collections/c/points/query", near);
    const scrolled = await of.request("POST", "/collections/c/points/scroll", all);
    return [found.body.result, scrolled.body.result];
  }

  const digestIn = ({ collections }: Backup) => {
    const { shard: _, collection: __, ...digest } = collections[0] as Backup["collections"][number];
    return digest;
  };

  test("is restored after a kill -9 to the digest that its backup names, and goes on under a new id", async () => {
    const query = Array.from({ length: DIMENSIONS }, (_, d) => Math.cos(d));
    for (let batch = 0; batch < 5; batch++) await writeBatch(server, batch);
    const quiet = await makeBackup();
    assert.deepEqual(digestIn(quiet), await digestOf(server));
    const answers = await answersOf(server, query);

    // writes and reads go on while the second one is made
    let batch = 5;
    let isMade = false;
    const making = makeBackup().finally(() => {
      isMade = true;
    });
    while (!isMade) {
      assert.equal(await writeBatch(server, batch++), 200);
      assert.equal((await server.request("GET", "/readyz")).status, 200);
    }
    const busy = await making;
    assert.ok(batch > 5 && digestIn(busy).points >= digestIn(quiet).points);
    assert.ok(digestIn(busy).points <= batch * BATCH_POINTS);
    assert.equal(digestIn(busy).points % BATCH_POINTS, 0, "a batch is in the backup whole or not at all");
    await server.kill();
    assert.deepEqual(failuresIn(server.log()), []);

    for (const backup of [quiet, busy]) {
      const restored = runCli("restore", fileOf(backup), "--data", join(root, backup.name), "--json");
      assert.equal(restored.code, 0, restored.err);
      const { ok, replica_id: replicaId } = JSON.parse(restored.out) as { ok: boolean; replica_id: number };
      assert.ok(ok && replicaId !== backup.replica_id);
      assert.equal(restored.err, "", "steps are told only on a terminal");
      const again = await start(backup.name);
      assert.deepEqual(await digestOf(again), digestIn(backup));
      if (backup === quiet) assert.deepEqual(await answersOf(again, query), answers);
      assert.equal(await writeBatch(again, 1_000), 200);
      const { frontier } = await digestOf(again);
      assert.equal(frontier[backup.replica_id], digestIn(backup).frontier[backup.replica_id]);
      assert.equal(frontier[replicaId], BATCH_POINTS);
      const digest = await digestOf(again);
      await again.kill();
      assert.deepEqual(replayedDigest(join(root, backup.name), "c"), digest);
    }
  });

  test("keeps the newest backups, lists and removes them, and refuses to verify a damaged one", async () => {
    await writeBatch(server, 0);
    const made: Backup[] = [];
    for (let i = 0; i < 4; i++) made.push(await makeBackup());
    const list = async () => {
      const { body } = await server.request("GET", "/murmur/backups");
      return (body.result as { backups: Backup[] }).backups;
    };
    const kept = made.slice(1).reverse();
    assert.deepEqual(await list(), kept);
    assert.equal((await server.request("DELETE", `/murmur/backups/${kept[0]?.name}`)).status, 200);
    assert.deepEqual(await list(), kept.slice(1));
    assert.equal(readdirSync(backups).length, 4);

    const file = fileOf(kept[1] as Backup);
    assert.equal(runCli("verify", file, "--replay").code, 0);
    const bytes = readFileSync(file);
    appendFileSync(file, "x");
    const longer = runCli("verify", file, "--json");
    assert.equal(longer.code, 1);
    const { ok, error } = JSON.parse(longer.out) as { ok: boolean; error: string };
    assert.ok(!ok && /bytes, not/.test(error), error);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    writeFileSync(file, bytes);
    for (const command of [
      ["verify", file],
      ["restore", file, "--data", join(root, "no")],
    ]) {
      const { code, out, err } = runCli(...command);
      assert.deepEqual([code, out], [1, ""]);
      assert.match(err, /^error: .*the checksum is .*\n$/);
    }
    assert.ok(!existsSync(join(root, "no", "murmuration.db")));
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
  });

  test("says what is wrong with a command, and exits with 2", async () => {
    await writeBatch(server, 0);
    const file = fileOf(await makeBackup());
    await server.stop();
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [["verify"], /missing required argument 'backup'/],
      [["restore", file], /required option '--data <folder>'/],
      [["restore", file, "--data", join(root, "data")], /holds data already/],
      [["restore", join(root, "none.db"), "--data", join(root, "no")], /none\.json: there is no such file/],
      [["verify", file, "more"], /too many arguments/],
      [["verify", file, "--deep"], /unknown option '--deep'/],
    ];
    for (const [argv, message] of wrong) {
      const { code, err } = runCli(...argv);
      assert.equal(code, 2, argv.join(" "));
      assert.match(err, message);
    }
    for (const command of ["restore", "verify"]) {
      const { code, out } = runCli(command, "--help");
      assert.equal(code, 0);
      assert.match(out, new RegExp(`^Usage: murmur ${command} .*Exit codes: 0`, "s"));
    }
    assert.match(runCli("--help").out, /restore +make a data folder from a backup/);
  });

  test("whose disk takes no more fails a backup with a reason, leaves nothing of it, and goes on", {
    skip: canLimitFiles ? false : "prlimit is needed to limit the size of files",
  }, async () => {
    for (let batch = 0; batch < 30; batch++) await writeBatch(server, batch);
    const before = await digestOf(server);
    const limit = (bytes: string) => {
      assert.equal(spawnSync("prlimit", ["--pid", String(server.pid), `--fsize=${bytes}:unlimited`]).status, 0);
    };
    limit("65536");
    const { status, body } = await server.request("POST", "/murmur/backups");
    assert.equal(status, 500);
    assert.match((body.status as { error: string }).error, /^Service internal error: .*\.db\.unfinished: .*SQLITE_/);
    assert.deepEqual(readdirSync(backups), []);
    assert.equal((await server.request("GET", "/readyz")).status, 200);
    assert.deepEqual(await digestOf(server), before);
    const report = (await server.request("GET", "/murmur/backups")).body.result as { last_failure: { why: string } };
    assert.match(report.last_failure.why, /SQLITE_/);
    limit("unlimited");
    assert.equal(await writeBatch(server, 30), 200);
    const { name } = await makeBackup();
    assert.deepEqual(readdirSync(backups).sort(), [`${name}.db`, `${name}.json`]);
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
  });
});
