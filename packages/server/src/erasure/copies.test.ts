import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { pino } from "pino";
import { backupName } from "../backup/backup-folder.js";
import { Backups, type BackupsOptions } from "../backup/backups.js";
import { failsWith, openWrittenLog, REPLICA_ID, type WrittenLog } from "../backup/backups.test-support.js";
import { segmentKey } from "../backup/log-segment.js";
import { manifestKey, partKey } from "../backup/stored-keys.js";
import type { StoreConfig } from "../object-store/mod.js";
import { S3Store } from "../object-store/s3-store.js";
import { type S3Server, startS3 } from "../testing/s3-server.js";
import { type Copies, eraseFromBackups } from "./copies.js";

const MEMBER = 66;
const GONE = 77;
const erased = [{ id: "1-1", shard: "5-1", collection: "c", sinceMs: 0 }];

describe("an erasure of backups", () => {
  let root: string;
  let server: S3Server;
  let config: StoreConfig;
  let store: S3Store;
  let source: WrittenLog;
  let opened: Backups[];
  let number = 0;

  before(async () => {
    root = mkdtempSync(join(tmpdir(), "murmuration-copies-"));
    server = await startS3(root);
  });
  after(async () => {
    await server.stop();
    rmSync(root, { recursive: true });
  });
  beforeEach(() => {
    config = server.config(`erased-${++number}`);
    store = new S3Store(config);
    source = openWrittenLog(join(root, `${number}.db`));
    source.upsert(0, 20);
    opened = [];
  });
  afterEach(async () => {
    for (const backups of opened) await backups.close();
    store.close();
    source.log.close();
  });

  const optionsWith = (options: Partial<BackupsOptions> = {}): BackupsOptions => ({
    logFile: join(root, `${number}.db`),
    replicaId: REPLICA_ID,
    to: { store: config, staging: join(root, "sending") },
    everyMinutes: 0,
    keep: 7,
    log: pino({ level: "silent" }),
    ...options,
  });

  async function open(options = optionsWith()): Promise<Backups> {
    const backups = await Backups.open(options);
    opened.push(backups);
    return backups;
  }

  const erase = (backups: Backups, policy: "replace" | "delete" | "keep") =>
    eraseFromBackups({ backups } as unknown as Copies, erased, policy, new Set([REPLICA_ID, MEMBER]));

  async function keys(): Promise<string[]> {
    const found: string[] = [];
    for await (const { key } of store.list("")) found.push(key);
    return found;
  }

  const part = (replica: number, digit: string) => partKey(replica, digit.repeat(64));
  const segment = (replicaId: number) =>
    segmentKey({ replicaId, from: 1, to: 2, latestMs: 3, wholeUntilMs: 4, hash: "a".repeat(64) });

  it("cleans up after every replica that is no member, also one that has no backup any more", async () => {
    const backups = await open();
    // what a member of the same bucket is sending stays
    for (const key of [part(GONE, "a"), part(MEMBER, "b"), segment(78)]) await store.put(key, Buffer.from("x"));
    assert.deepEqual(await erase(backups, "delete"), { removed: [], made: [], kept: [] });
    assert.deepEqual(await keys(), [part(MEMBER, "b")]);
  });

  it("ends where backups are kept and one cannot be read: what that is made of stays, and it is named", async () => {
    const backups = await open();
    const closed = backupName(1_000, REPLICA_ID);
    await store.put(manifestKey(REPLICA_ID, closed), Buffer.from("{"));
    await store.put(part(REPLICA_ID, "a"), Buffer.from("x"));
    assert.deepEqual(await erase(backups, "keep"), { removed: [], made: [], kept: [closed] });
    assert.ok((await keys()).includes(part(REPLICA_ID, "a")));
  });

  it("is refused while an old backup is restored in a drill", async () => {
    const folder = join(root, `backups-${number}`);
    const atDrill = Promise.withResolvers<void>();
    let isArmed = false;
    let asked: Promise<unknown> | undefined;
    const backups = await open({
      ...optionsWith({ to: { folder }, drillEveryMinutes: 0.0005 }),
      // read where a drill begins
      get drillFolder() {
        if (isArmed && asked === undefined) {
          asked = Promise.resolve().then(() => erase(backups, "delete"));
          atDrill.resolve();
        }
        return join(root, `drill-${number}`);
      },
    });
    await backups.make();
    isArmed = true;
    await atDrill.promise;
    await assert.rejects(asked as Promise<unknown>, failsWith("conflict", /restored in a drill/));
  });
});
