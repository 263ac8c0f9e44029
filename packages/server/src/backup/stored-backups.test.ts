import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { SqliteOpLog } from "@murmuration/core";
import { pino } from "pino";
import type { StoreConfig } from "../object-store/mod.js";
import { type S3Server, startS3 } from "../testing/s3-server.js";
import { Backups, type BackupsOptions } from "./backups.js";
import { failsWith, openWrittenLog, REPLICA_ID, type WrittenLog } from "./backups.test-support.js";
import { contentDifferences, contentsOf } from "./log-contents.js";
import { restoreStored, verifyStored } from "./restore-stored.js";
import { storedNames, withStore } from "./stored-backups.js";
import type { StoredManifest } from "./stored-manifest.js";

describe("backups in a store", () => {
  let root: string;
  let server: S3Server;
  let source: WrittenLog;
  let store: StoreConfig;
  let opened: Backups[];
  let number = 0;

  before(async () => {
    root = mkdtempSync(join(tmpdir(), "murmuration-stored-"));
    server = await startS3(root);
  });
  after(async () => {
    await server.stop();
    rmSync(root, { recursive: true });
  });
  beforeEach(() => {
    store = server.config(`cluster-${++number}/a`);
    source = openWrittenLog(join(root, `${number}.db`));
    source.upsert(0, 200);
    opened = [];
  });
  afterEach(async () => {
    for (const backups of opened) await backups.close();
    source.log.close();
  });

  async function open(options: Partial<BackupsOptions> = {}): Promise<Backups> {
    const backups = await Backups.open({
      logFile: join(root, `${number}.db`),
      replicaId: REPLICA_ID,
      to: { store, staging: join(root, "sending") },
      everyMinutes: 0,
      keep: 7,
      log: pino({ level: "silent" }),
      ...options,
    });
    opened.push(backups);
    return backups;
  }

  const restoreTo = (name: string | undefined, folder: string) =>
    withStore(store, (at) => restoreStored(at, name, { dataFolder: folder, newReplicaId: () => 9 }));

  it("restore to what they were made of, the newest one or the one that is named", async () => {
    const backups = await open();
    const first = (await backups.make()) as StoredManifest;
    source.upsert(100, 300);
    source.remove(3, 4);
    const second = (await backups.make()) as StoredManifest;
    assert.ok(!existsSync(join(root, "sending")));
    const { place, backups: listed } = await backups.report();
    assert.equal(place, `s3://backups/cluster-${number}/a`);
    assert.deepEqual(
      listed.map(({ name }) => name),
      [second.name, first.name],
    );
    for (const [name, made] of [
      [undefined, second],
      [first.name, first],
    ] as const) {
      const folder = join(root, `restored-${made.name}`);
      const { manifest, replicaId } = await restoreTo(name, folder);
      assert.equal(manifest.name, made.name);
      assert.equal(replicaId, 9);
      const log = new SqliteOpLog(join(folder, "murmuration.db"));
      try {
        assert.deepEqual(contentDifferences({ ...made.contents, replica_id: 9 }, contentsOf(log)), []);
        assert.deepEqual(log.damagedRows(), []);
        assert.equal(log.lastPosition(), made.contents.position);
      } finally {
        log.close();
      }
      await assert.rejects(restoreTo(name, folder), failsWith("already-exists"));
      await withStore(store, (at) => verifyStored(at, name, {}));
    }
  });

  it("are told of, with why a store says nothing of them, while it does not answer", async () => {
    const gone = { ...store, endpoint: "http://127.0.0.1:9" };
    const backups = await open({ to: { store: gone, staging: join(root, "sending") } });
    await assert.rejects(backups.make(), failsWith("unavailable", /127\.0\.0\.1:9 cannot be reached/));
    const { problem, lastFailure, backups: listed } = await backups.report();
    assert.deepEqual(listed, []);
    for (const why of [problem, lastFailure?.why]) assert.match(why ?? "", /127\.0\.0\.1:9 cannot be reached/);
    assert.equal(backups.counts.failures, 1);
  });

  it("send nothing again that is there already", async () => {
    const backups = await open();
    const first = (await backups.make()) as StoredManifest;
    assert.equal(first.sent.parts > 0, true);
    const again = (await backups.make()) as StoredManifest;
    assert.equal(again.sent.parts, 0);
    assert.equal(again.bytes, first.bytes);
  });

  it("stay by number, and what they alone were made of goes with them", async () => {
    const backups = await open({ keep: 1 });
    const first = (await backups.make()) as StoredManifest;
    source.upsert(0, 150);
    const second = (await backups.make()) as StoredManifest;
    assert.deepEqual(await withStore(store, (at) => storedNames(at)), [second.name]);
    await assert.rejects(restoreTo(first.name, join(root, "gone")), failsWith("not-found", /there is no backup/));
    await withStore(store, (at) => verifyStored(at, undefined, { replay: true }));
    // whoever else has a backup there may be sending parts of the next one
    const other = await open({ replicaId: 77 });
    const foreign = (await other.make()) as StoredManifest;
    const keysOf = async (of: string) => {
      const keys: string[] = [];
      await withStore(store, async (place) => {
        for await (const { key } of place.list(of)) keys.push(key);
      });
      return keys;
    };
    const parts = await keysOf("parts/77/");
    await backups.remove([foreign.name, second.name]);
    assert.deepEqual(await keysOf("parts/77/"), parts);
    await backups.leaveOnlyBackups(new Set([REPLICA_ID]));
    const left: string[] = [];
    await withStore(store, async (at) => {
      for await (const { key } of at.list("")) left.push(key);
    });
    assert.deepEqual(left, []);
  });
});
