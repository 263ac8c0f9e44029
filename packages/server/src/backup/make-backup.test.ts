import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import Database from "better-sqlite3";
import { takeDataFolder } from "../engine/data-folder.js";
import { backupFiles, backupName } from "./backup-folder.js";
import { failsWith, openWrittenLog, REPLICA_ID, type WrittenLog } from "./backups.test-support.js";
import { fingerprintOf } from "./files.js";
import { makeBackup } from "./make-backup.js";
import type { Manifest } from "./manifest.js";
import { restoreBackup } from "./restore-backup.js";
import { verifyBackup } from "./verify-backup.js";

describe("a backup of a log", () => {
  let root: string;
  let folder: string;
  let logFile: string;
  let source: WrittenLog;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "murmuration-backup-"));
    folder = join(root, "backups");
    mkdirSync(folder);
    logFile = join(root, "murmuration.db");
    source = openWrittenLog(logFile);
    source.upsert(0, 60);
    source.upsert(20, 30);
    source.remove(1, 2, 25);
  });
  afterEach(() => {
    source.log.close();
    rmSync(root, { recursive: true });
  });

  const name = backupName(1_700_000_000_000, REPLICA_ID);
  const make = () => makeBackup({ logFile, folder, name, createdMs: 1_700_000_000_000 });
  const file = () => backupFiles(folder, name).log;

  /** Writes another manifest beside the backup. */
  function putManifest(change: (manifest: Manifest) => object): void {
    const { manifest } = backupFiles(folder, name);
    writeFileSync(manifest, JSON.stringify(change(JSON.parse(readFileSync(manifest, "utf8")) as Manifest)));
  }

  /** Verifying and restoring fail alike, and leave no data behind. */
  function isRefused(message: RegExp): void {
    const data = join(root, "restored");
    assert.throws(() => verifyBackup(file()), failsWith("corrupt", message));
    assert.throws(
      () => restoreBackup({ file: file(), dataFolder: data, newReplicaId: () => 8 }),
      failsWith("corrupt", message),
    );
    const left = existsSync(data) ? readdirSync(data).filter((entry) => entry.startsWith("murmuration")) : [];
    assert.deepEqual(left, []);
  }

  it("says what it restores to, and does", () => {
    const manifest = make();
    const { shard, collection, ...digest } = manifest.contents.collections[0] ?? {};
    assert.deepEqual([shard, collection], [`${REPLICA_ID}-1`, "c"]);
    assert.deepEqual(digest, source.replica.digest("c"));
    assert.equal(manifest.contents.replica_id, REPLICA_ID);
    assert.deepEqual(readdirSync(folder).sort(), [`${name}.db`, `${name}.json`]);
    assert.deepEqual(verifyBackup(file(), { replay: true }), manifest);

    const before = readFileSync(file());
    const data = join(root, "restored");
    const restored = restoreBackup({ file: file(), dataFolder: data, newReplicaId: () => 8, replay: true });
    assert.deepEqual(restored, { manifest, replicaId: 8 });
    assert.deepEqual(readFileSync(file()), before);
    assert.deepEqual(readdirSync(data).sort(), ["images", "lock", "murmuration.db"]);
    const copy = openWrittenLog(join(data, "murmuration.db"));
    assert.equal(copy.replica.id, 8);
    assert.deepEqual(copy.replica.digest("c"), source.replica.digest("c"));
    copy.upsert(100, 103);
    assert.deepEqual(copy.replica.digest("c").frontier[8], 3);
    copy.log.close();
  });

  it("holds what was committed when it was made, and what comes later not", () => {
    const expected = source.replica.digest("c");
    const manifest = make();
    source.upsert(200, 220);
    assert.deepEqual(verifyBackup(file()), manifest);
    assert.deepEqual(manifest.contents.collections[0]?.points_digest, expected.points_digest);
  });

  it("leaves nothing behind when it fails", () => {
    rmSync(folder, { recursive: true });
    assert.throws(make, failsWith("storage"));
    mkdirSync(folder);
    assert.throws(() => makeBackup({ logFile: join(root, "no.db"), folder, name, createdMs: 0 }), failsWith("storage"));
    // a log whose operations cannot all be applied: a server serves the rest, a backup would not be whole
    const shard = `${REPLICA_ID}-1`;
    const next = (source.log.frontier(shard).get(REPLICA_ID) ?? 0) + 1;
    source.log.transaction((writer) => writer.append(shard, REPLICA_ID, next, new Uint8Array([1, 2, 3])));
    assert.throws(make, failsWith("corrupt", /collection c cannot be recovered: /));
    assert.deepEqual(readdirSync(folder), []);
  });

  it("is whole where a point's row has rotted and the log tells what it was", () => {
    const expected = source.replica.digest("c");
    source.log.transaction((writer) => writer.putPoint(`${REPLICA_ID}-1`, 4, new Uint8Array([1, 2, 3])));
    const manifest = make();
    // it restores, and whoever verifies it hears that the disk it came from cannot be trusted
    assert.throws(() => verifyBackup(file()), failsWith("corrupt", /same digests, .* collection c: stored point 4/));
    const data = join(root, "restored");
    restoreBackup({ file: file(), dataFolder: data, newReplicaId: () => 8 });
    const [collection] = manifest.contents.collections;
    assert.equal(collection?.points_digest, expected.points_digest);
    assert.equal(collection?.graph_digest, expected.graph_digest);
  });

  it("names the rows that were damaged in the log that it was made of", () => {
    source.log.transaction((writer) => writer.putSetting("log.synced", "7"));
    make();
    const whole = readFileSync(file());
    const shard = `${REPLICA_ID}-1`;
    const key = `(SELECT key FROM shards WHERE name = '${shard}')`;
    const value = "value = substr(value, 1, 1) || '8' || substr(value, 3)";
    const bytes = "zeroblob(length(bytes))";
    const damages: readonly (readonly [string, RegExp])[] = [
      [
        `UPDATE operations SET bytes = ${bytes} WHERE shard = ${key} AND sequence = 2`,
        /operation 5:2 of shard 5-1 is damaged/,
      ],
      [`DELETE FROM operations WHERE shard = ${key} AND sequence = 2`, /collection c cannot be recovered/],
      [
        "DELETE FROM operations WHERE position = (SELECT max(position) FROM operations)",
        /collection c cannot be recovered: operations are missing at the end/,
      ],
      [
        `UPDATE operations SET sequence = 900 WHERE shard = ${key} AND sequence = 2`,
        /collection c cannot be recovered/,
      ],
      [`UPDATE operations SET origin = 6 WHERE shard = ${key} AND sequence = 2`, /collection c cannot be recovered/],
      [`UPDATE operations SET shard = 900 WHERE shard = ${key} AND sequence = 2`, /collection c cannot be recovered/],
      [`UPDATE points SET state = zeroblob(length(state)) WHERE shard = ${key}`, /a point of shard 5-1 is damaged/],
      [`DELETE FROM points WHERE shard = ${key} AND id = (SELECT max(id) FROM points)`, /points of shard 5-1 are lost/],
      [
        `UPDATE frontiers SET sequence = sequence - 1 WHERE shard = ${key}`,
        /shard 5-1 and origin 5 of table frontiers/,
      ],
      [`DELETE FROM frontiers WHERE shard = ${key}`, /collection c: .*(frontiers|lost)/],
      [`UPDATE settings SET ${value} WHERE name = 'causality.${shard}'`, /the row "causality.5-1" of table settings/],
      [`DELETE FROM settings WHERE name = 'causality.${shard}'`, /"causality.5-1" is not in the log/],
      [
        `UPDATE settings SET value = '0:0' WHERE name = 'log.points.' || ${key}`,
        /the row "log.points.2" of table settings/,
      ],
      [`DELETE FROM settings WHERE name = 'log.points.' || ${key}`, /points of shard 5-1 are lost/],
      ["DELETE FROM settings WHERE name = 'causality.system'", /the catalogue: .*"causality.system" is not in the log/],
      [`UPDATE settings SET ${value} WHERE name = 'replica.clock'`, /the row "replica.clock" of table settings/],
      ["DELETE FROM settings WHERE name = 'replica.clock'", /rows of table settings are lost/],
      ["UPDATE settings SET value = '0' WHERE name = 'log.settings'", /the row "log.settings" of table settings/],
      ["DELETE FROM settings WHERE name = 'log.settings'", /rows of table settings are lost/],
      ["UPDATE settings SET value = '9' WHERE name = 'log.synced'", /the row "log.synced" of table settings/],
      [`DELETE FROM shards WHERE name = '${shard}'`, /collection c cannot be recovered/],
    ];
    for (const [statement, message] of damages) {
      writeFileSync(file(), whole);
      const database = new Database(file());
      assert.ok(database.prepare(statement).run().changes > 0, statement);
      database.pragma("journal_mode = DELETE");
      database.close();
      putManifest((manifest) => ({ ...manifest, file: fingerprintOf(file()) }));
      assert.throws(
        () => verifyBackup(file()),
        (error) => {
          assert.match((error as Error).message, message, statement);
          return failsWith("corrupt")(error);
        },
      );
    }
  });

  it("is refused when a bit of it has flipped, wherever that is", () => {
    make();
    const bytes = readFileSync(file());
    for (const place of [0, 30, bytes.length >> 2, bytes.length >> 1, bytes.length - 1]) {
      const damaged = Buffer.from(bytes);
      damaged[place] = (damaged[place] as number) ^ 4;
      writeFileSync(file(), damaged);
      isRefused(/the checksum is/);
    }
  });

  it("is refused when it is shorter or longer", () => {
    const { bytes } = make().file;
    appendFileSync(file(), "x");
    isRefused(/has \d+ bytes, not \d+/);
    truncateSync(file(), bytes - 4096);
    isRefused(/has \d+ bytes, not \d+/);
    truncateSync(file(), 0);
    isRefused(/has 0 bytes/);
  });

  it("is refused when it restores to something else than its manifest says", () => {
    make();
    const [one] = (JSON.parse(readFileSync(backupFiles(folder, name).manifest, "utf8")) as Manifest).contents
      .collections;
    assert.ok(one);
    const withContents = (contents: Partial<Manifest["contents"]>) =>
      putManifest((manifest) => ({ ...manifest, contents: { ...manifest.contents, ...contents } }));
    withContents({ collections: [{ ...one, graph_digest: "0" }] });
    isRefused(/collection c \(5-1\): graph_digest is "[0-9a-f]{32}", not "0"$/);
    withContents({ collections: [{ ...one, points: 1, frontier: { 5: 1 } }] });
    isRefused(/frontier is .*\(and 1 more differences\)/);
    withContents({ collections: [one, { ...one, shard: "5-2" }] });
    isRefused(/collection c \(5-2\) is missing/);
    withContents({ collections: [] });
    isRefused(/collection c \(5-1\) is not expected/);
    withContents({ collections: [one], position: 1 });
    isRefused(/position is \d+, not 1/);
  });

  it("is refused when its manifest is none, or a newer version's", () => {
    make();
    putManifest((manifest) => ({ ...manifest, format: 3 }));
    isRefused(/newer version \(format 3, this one reads 2\)/);
    putManifest(({ contents: _, ...rest }) => ({ ...rest, format: 1 }));
    isRefused(/is not a backup's manifest: contents/);
    writeFileSync(backupFiles(folder, name).manifest, "{");
    isRefused(/is not JSON/);
    rmSync(backupFiles(folder, name).manifest);
    assert.throws(() => verifyBackup(file()), failsWith("not-found", /\.json: there is no such file/));
  });

  it("is refused when its log is of a newer version", () => {
    make();
    const database = new Database(file());
    database.pragma("user_version = 99");
    database.close();
    putManifest((manifest) => ({ ...manifest, file: fingerprintOf(file()) }));
    isRefused(/newer version \(schema 99/);
  });

  it("is not restored over data, or into a folder in use", () => {
    make();
    const data = join(root, "restored");
    const restore = () => restoreBackup({ file: file(), dataFolder: data, newReplicaId: () => 8 });
    const taken = takeDataFolder(data);
    assert.throws(restore, failsWith("unavailable", /another process uses/));
    taken.release();
    for (const path of ["murmuration.db", "murmuration.db-wal", "images/x"]) {
      writeFileSync(join(data, path), "");
      assert.throws(restore, failsWith("already-exists", /holds data already/));
      rmSync(join(data, path));
    }
    // what a restore that was broken off has left
    writeFileSync(join(data, "murmuration.db.unfinished"), "some");
    writeFileSync(join(data, "murmuration.db.unfinished-wal"), "more");
    restore();
    assert.throws(restore, failsWith("already-exists"));
    assert.deepEqual(readdirSync(data).sort(), ["images", "lock", "murmuration.db"]);
  });
});
