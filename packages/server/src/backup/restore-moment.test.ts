import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { clockOf, encodeToken, Replica, SqliteOpLog } from "@murmuration/core";
import { newTableSeed } from "../engine/table-seed.js";
import { backupName } from "./backup-folder.js";
import { type BackupSource, folderSource } from "./backup-source.js";
import { failsWith, openWrittenLog, REPLICA_ID, type WrittenLog } from "./backups.test-support.js";
import { type CollectionContents, collectionsOf, contentsOf } from "./log-contents.js";
import { makeBackup } from "./make-backup.js";
import type { Manifest } from "./manifest.js";
import { type Moment, parseFrontier, parseMoment } from "./moment.js";
import { restoreMoment } from "./restore-moment.js";

/** What there was at a moment. */
interface Seen {
  readonly atMs: number;
  readonly token: string;
  readonly collections: readonly CollectionContents[];
}

describe("a restore to a moment", () => {
  let root: string;
  let source: WrittenLog;
  let backups: BackupSource;
  let seen: Seen[];
  let made: Manifest[];
  let number = 0;
  const at = (name: string) => join(root, name);
  const nowMs = () => clockOf(source.log)?.wallMs as number;

  function look(): void {
    const token = encodeToken(source.replica.frontiers());
    seen.push({ atMs: nowMs(), token, collections: collectionsOf(source.replica) });
  }

  function backUp(): void {
    const createdMs = nowMs();
    const name = backupName(createdMs, REPLICA_ID);
    made.push(makeBackup({ logFile: at("source.db"), folder: at("backups"), name, createdMs }));
  }

  before(() => {
    root = mkdtempSync(join(tmpdir(), "murmuration-moment-"));
    mkdirSync(at("backups"));
    source = openWrittenLog(at("source.db"));
    backups = folderSource(at("backups"), undefined);
    [seen, made] = [[], []];
    const steps = [
      () => source.upsert(0, 40),
      backUp,
      () => source.upsert(40, 60),
      () => source.remove(1, 2, 3),
      () => source.upsert(0, 10),
      backUp,
      () =>
        source.replica.execute([
          { kind: "create-collection", name: "d", vectors: source.replica.shard("c").collection.vectors, settings: {} },
        ]),
      () => source.upsert(5, 25),
      backUp,
    ];
    for (const step of steps) {
      step();
      look();
    }
  });
  after(() => {
    source.log.close();
    rmSync(root, { recursive: true });
  });

  const restore = (moment: Moment) => {
    const dataFolder = at(`restored-${++number}`);
    const options = { dataFolder, newReplicaId: () => 9 };
    return { dataFolder, restored: restoreMoment(backups, moment, options) };
  };

  it("has everything that was written until then and nothing that came later, at every moment", async () => {
    const [first] = made;
    for (const { atMs, collections } of seen.slice(1)) {
      const { dataFolder, restored } = restore({ atMs });
      const { collections: now, replicaId } = await restored;
      assert.deepEqual(now, collections, new Date(atMs).toISOString());
      const log = new SqliteOpLog(join(dataFolder, "murmuration.db"));
      try {
        assert.deepEqual(contentsOf(log).collections, collections);
        assert.deepEqual(contentsOf(log, "log").collections, collections);
        assert.deepEqual(log.damagedRows(), []);
        assert.equal(replicaId, 9);
      } finally {
        log.close();
      }
    }
    assert.ok((first?.contents.position as number) > 0);
    for (const name of readdirSync(root).filter((one) => one.startsWith("restored-"))) {
      assert.ok(!existsSync(join(root, name, "restoring")));
    }
  });

  it("goes to what a session had seen", async () => {
    for (const { token, collections } of seen.slice(1)) {
      assert.deepEqual((await restore(parseFrontier(token)).restored).collections, collections);
    }
  });

  it("refuses a moment that is not held, and names what is", async () => {
    const [from, to] = [made[0]?.clock?.wall_ms, made[2]?.clock?.wall_ms].map((ms) =>
      new Date(ms as number).toISOString(),
    );
    for (const atMs of [0, (made[0]?.clock?.wall_ms as number) - 1, (made[2]?.clock?.wall_ms as number) + 60_000]) {
      const { dataFolder, restored } = restore({ atMs });
      await assert.rejects(
        restored,
        failsWith("bad-request", new RegExp(`is not held: backups go from ${from} to ${to}`)),
      );
      assert.ok(!existsSync(dataFolder));
    }
    const other = encodeToken(new Map([["5-1", new Map([[REPLICA_ID, 9_999]])]]));
    await assert.rejects(
      restore(parseFrontier(other)).restored,
      failsWith("bad-request", /what the token has seen is not held/),
    );
    for (const wrong of ["", "yesterday", "2026-11-28", "2026-11-28T20:00:00", "2026-13-28T20:00:00Z"]) {
      assert.throws(() => parseMoment(wrong), failsWith("bad-request", /is no time as/));
    }
    assert.throws(() => parseFrontier("x"), failsWith("format", /--at-frontier/));
    assert.deepEqual(parseMoment("2026-11-28T21:00:00.5+01:00"), { atMs: Date.UTC(2026, 10, 28, 20, 0, 0, 500) });
  });

  it("refuses a moment of which operations are gone, and leaves nothing", async () => {
    source.upsert(0, 30);
    const lostMs = nowMs();
    source.upsert(0, 30);
    const { log } = source;
    // reopened, it has much to drop
    const clock = { now: () => nowMs() + 1 };
    const replica = Replica.open({
      log,
      clock,
      newReplicaId: () => REPLICA_ID,
      newTableSeed,
      compaction: { rowsMin: 1, rowsPerLive: 0 },
    });
    replica.tick();
    assert.ok(log.operationCount("5-1") < 100, `${log.operationCount("5-1")} rows`);
    backUp();
    const { dataFolder, restored } = restore({ atMs: lostMs });
    await assert.rejects(
      restored,
      failsWith("bad-request", /is not held: operations that were written after .* are in no backup any more/),
    );
    assert.deepEqual(readdirSync(dataFolder).sort(), ["images", "lock"]);
    // of the moment of the backup itself nothing is missing
    const { collections } = await restore({ atMs: made[3]?.clock?.wall_ms as number }).restored;
    assert.deepEqual(collections, made[3]?.contents.collections);
  });

  it("says what cannot be read, which may be why a moment is not held", async () => {
    const problem = "b.json: the backup is encrypted, and no key is given";
    const unread = (names: readonly string[]): BackupSource => ({
      ...backups,
      list: async () =>
        (await backups.list()).map((one) => (names.includes(one.name) ? { name: one.name, problem } : one)),
    });
    const names = (await backups.list()).map(({ name }) => name);
    const [first] = seen as [Seen];
    const before = { atMs: first.atMs - 1 };
    const dataFolder = at("unread");
    const options = { dataFolder, newReplicaId: () => 77 };
    await assert.rejects(
      restoreMoment(unread(names), { atMs: first.atMs }, options),
      failsWith("bad-request", /there is no backup that can be read; \d+ backups cannot be read: .*no key is given/),
    );
    await assert.rejects(
      restoreMoment(unread(names.slice(0, 1)), before, options),
      failsWith("bad-request", /backups go from .*; a backup cannot be read: .*no key is given/),
    );
    assert.ok(!existsSync(dataFolder));
  });
});
