import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { clockOf, copyLog, Replica } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { pino } from "pino";
import { logKeyOf } from "../encryption/data-keys.js";
import { newKeyRing, wrapRing } from "../encryption/key-ring.js";
import type { MasterKeys } from "../encryption/master-keys.js";
import { newTableSeed } from "../engine/table-seed.js";
import { S3Store } from "../object-store/s3-store.js";
import { type S3Server, startS3 } from "../testing/s3-server.js";
import { backupName } from "./backup-folder.js";
import { storeSource } from "./backup-source.js";
import { Backups } from "./backups.js";
import { failsWith, openWrittenLog, REPLICA_ID, type WrittenLog } from "./backups.test-support.js";
import { collectionsOf } from "./log-contents.js";
import { decodeEntries, encodeEntry, segmentAt, segmentKey, segmentsOf } from "./log-segment.js";
import { restoreMoment } from "./restore-moment.js";
import { sendBackup } from "./send-backup.js";
import { shipLog } from "./ship-log.js";

const masterKeys: MasterKeys = [randomBytes(32)];
const ring = { ...newKeyRing(), isUnderWay: false };
const encryption = { keys: ring, ring: wrapRing(ring, masterKeys) };

describe("segments of a log in a store", () => {
  let root: string;
  let server: S3Server;
  let store: S3Store;
  let source: WrittenLog;
  const at = (name: string) => join(root, name);
  const nowMs = () => clockOf(source.log)?.wallMs as number;
  const look = () => ({ atMs: nowMs(), collections: collectionsOf(source.replica) });

  before(async () => {
    root = mkdtempSync(join(tmpdir(), "murmuration-segments-"));
    server = await startS3(root);
    store = new S3Store(server.config("sealed"));
    source = openWrittenLog(at("source.db"), logKeyOf(ring));
  });
  after(async () => {
    source.log.close();
    store.close();
    await server.stop();
    rmSync(root, { recursive: true });
  });

  const order = (createdMs: number) => ({
    logFile: at("source.db"),
    folder: at("sending"),
    name: backupName(createdMs, REPLICA_ID),
    createdMs,
    replicaId: REPLICA_ID,
    store: server.config("sealed"),
    encryption,
  });
  const ship = (afterPosition: number) =>
    shipLog({ logFile: at("source.db"), replicaId: REPLICA_ID, after: afterPosition, encryption }, store);
  const segments = async () => {
    const keys: string[] = [];
    for await (const { key } of store.list(segmentsOf())) keys.push(key);
    return keys;
  };

  it("hold the moments behind a backup, also those of which compaction leaves nothing in the log", async () => {
    source.upsert(0, 30);
    const base = await sendBackup(order(nowMs()), store);
    source.upsert(10, 20);
    const first = look();
    assert.equal((await ship(base.contents.position)).operations, 10);
    source.remove(1, 2);
    source.upsert(0, 25);
    const second = look();
    const [one] = await segments();
    // what was given its time and is not in the log yet is not in the segment
    assert.ok((segmentAt(one as string)?.wholeUntilMs as number) <= Date.now() - 30_000);
    assert.ok((await ship(segmentAt(one as string)?.to as number)).operations > 25);
    assert.deepEqual(await ship(source.log.lastPosition()), { operations: 0, bytes: 0 });
    const { log } = source;
    const clock = { now: () => nowMs() + 1 };
    const compaction = { rowsMin: 1, rowsPerLive: 0 };
    Replica.open({ log, clock, newReplicaId: () => REPLICA_ID, newTableSeed, compaction }).tick();
    assert.ok(log.operationCount("5-1") < 60, `${log.operationCount("5-1")} rows`);
    // another replica has written the log meanwhile
    source.log.close();
    source = openWrittenLog(at("source.db"), logKeyOf(ring));
    await sendBackup(order(nowMs()), store);
    for (const [number, { atMs, collections }] of [first, second].entries()) {
      const dataFolder = at(`restored-${number}`);
      let fetched = 0;
      const onStep = (step: string) => {
        if (!step.startsWith("applying")) return;
        for (const path of readdirSync(root, { recursive: true, encoding: "utf8" })) {
          if (!path.endsWith(".segment")) continue;
          fetched++;
          assert.throws(
            () => [...decodeEntries(readFileSync(at(path)))],
            failsWith("corrupt"),
            `${path} is in the clear`,
          );
        }
      };
      const options = { dataFolder, newReplicaId: () => 9, onStep, masterKeys };
      const restored = await restoreMoment(storeSource(store, masterKeys), { atMs }, options);
      assert.equal(restored.manifest.name, base.name);
      assert.deepEqual(restored.collections, collections);
      assert.ok(fetched > 0 && !existsSync(join(dataFolder, "restoring")));
    }
    // one is lost: the moments that it held are not held any more, and the others are
    const [lost, kept] = await segments();
    await store.put(lost as string, await store.get(kept as string, 1_000_000));
    const restoring = (number: number, atMs: number) =>
      restoreMoment(
        storeSource(store, masterKeys),
        { atMs },
        { dataFolder: at(`no-${number}`), newReplicaId: () => 9, masterKeys },
      );
    await assert.rejects(
      restoring(1, first.atMs),
      failsWith("corrupt", /log\/5\/0.*: a segment of the log is changed/),
    );
    await store.remove(lost as string);
    await assert.rejects(
      restoring(2, first.atMs),
      failsWith("bad-request", /is not held: operations .* are in no backup any more/),
    );
  });

  it("are opened as each is stored: where encryption was turned on, in the clear before", async () => {
    const turned = server.config("turned");
    const place = new S3Store(turned);
    let written = openWrittenLog(at("plain.db"));
    const momentOf = () => clockOf(written.log)?.wallMs as number;
    try {
      const sendAs = (logFile: string, of?: typeof encryption) =>
        sendBackup({ ...order(momentOf()), logFile: at(logFile), store: turned, encryption: of }, place);
      const shipAs = (logFile: string, after: number, of?: typeof encryption) =>
        shipLog({ logFile: at(logFile), replicaId: REPLICA_ID, after, encryption: of }, place);
      written.upsert(0, 10);
      const { contents, name } = await sendAs("plain.db");
      written.upsert(10, 20);
      await shipAs("plain.db", contents.position);
      const inTheClear = written.log.lastPosition();
      const turnedMs = momentOf();
      written.log.close();
      copyLog({ file: at("plain.db"), key: undefined }, { file: at("turned.db"), key: logKeyOf(ring) });
      written = openWrittenLog(at("turned.db"), logKeyOf(ring));
      // its clock begins anew, behind that of the log
      for (let i = 0; i < 100 && momentOf() <= turnedMs + 1; i++) written.upsert(20, 30);
      const wanted = { atMs: momentOf(), collections: collectionsOf(written.replica) };
      await shipAs("turned.db", inTheClear, encryption);
      written.upsert(30, 40);
      await sendAs("turned.db", encryption);
      const options = { dataFolder: at("restored-turned"), newReplicaId: () => 9, masterKeys };
      const restored = await restoreMoment(storeSource(place, masterKeys), { atMs: wanted.atMs }, options);
      assert.equal(restored.manifest.name, name);
      assert.deepEqual(restored.collections, wanted.collections);
    } finally {
      written.log.close();
      place.close();
    }
  });

  it("may begin alike: one that was sent counts as not sent where its answer is lost, and comes to the store later", async () => {
    const alike = server.config("alike");
    const place = new S3Store(alike);
    const written = openWrittenLog(at("alike.db"));
    const momentOf = () => clockOf(written.log)?.wallMs as number;
    const shipped = (after: number) => shipLog({ logFile: at("alike.db"), replicaId: REPLICA_ID, after }, place);
    try {
      written.upsert(0, 10);
      const to = { ...order(momentOf()), logFile: at("alike.db"), store: alike, encryption: undefined };
      const { contents } = await sendBackup(to, place);
      written.upsert(10, 20);
      await shipped(contents.position);
      written.upsert(20, 300);
      const wanted = { atMs: momentOf(), collections: collectionsOf(written.replica) };
      await shipped(contents.position);
      const options = { dataFolder: at("restored-alike"), newReplicaId: () => 9 };
      const { collections } = await restoreMoment(storeSource(place, undefined), { atMs: wanted.atMs }, options);
      assert.deepEqual(collections, wanted.collections);
    } finally {
      written.log.close();
      place.close();
    }
  });

  it("go with the backups that they follow", async () => {
    const backups = await Backups.open({
      logFile: at("source.db"),
      replicaId: REPLICA_ID,
      to: { store: server.config("sealed"), staging: at("sending") },
      everyMinutes: 0,
      keep: 1,
      log: pino({ level: "silent" }),
      ring: { keys: ring, masterKeys, written: () => encryption.ring } as unknown as NonNullable<
        Parameters<typeof Backups.open>[0]["ring"]
      >,
    });
    try {
      source.upsert(0, 5);
      await ship(source.log.lastPosition() - 5);
      assert.ok((await segments()).length >= 2);
      const { contents } = await backups.make();
      assert.deepEqual(
        (await segments()).filter((key) => (segmentAt(key)?.to as number) <= contents.position),
        [],
      );
      source.upsert(5, 10);
      await ship(contents.position);
      assert.equal((await segments()).length, 1);
      await backups.leaveOnlyBackups(new Set([REPLICA_ID]));
      assert.deepEqual(await segments(), []);
    } finally {
      await backups.close();
    }
  });

  it("come back as they went in, and what is no segment is refused", () => {
    const fields = {
      position: fc.maxSafeNat(),
      shard: fc.constantFrom("system", "5-1", "16777215-1099511627775"),
      origin: fc.nat(2 ** 24 - 1),
      sequence: fc.maxSafeNat(),
      bytes: fc.uint8Array({ maxLength: 100 }),
    };
    const entry = fc.record(fields, { noNullPrototype: true });
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        assert.deepEqual([...decodeEntries(Buffer.concat(entries.map(encodeEntry)))], entries);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          assert.deepEqual(Buffer.concat([...decodeEntries(bytes)].map(encodeEntry)).length, bytes.length);
        } catch (error) {
          assert.ok(error instanceof MurmurationError && error.code === "corrupt");
        }
      }),
    );
    const segment = { replicaId: 5, from: 1, to: 20, latestMs: 3, wholeUntilMs: 4, hash: "a".repeat(64) };
    assert.deepEqual(segmentAt(segmentKey(segment)), segment);
    assert.equal(segmentAt(`${segmentKey(segment)}0`), undefined);
  });
});
