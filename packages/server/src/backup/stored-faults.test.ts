import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import type { ErrorCode } from "@murmuration/index";
import { logKeyOf } from "../encryption/data-keys.js";
import { newKeyRing, wrapRing } from "../encryption/key-ring.js";
import type { MasterKeys } from "../encryption/master-keys.js";
import type { StoreConfig } from "../object-store/mod.js";
import { S3Store, type StoreTimes } from "../object-store/s3-store.js";
import { type FaultyProxy, startFaultyProxy } from "../testing/faulty-proxy.js";
import { type S3Server, startS3 } from "../testing/s3-server.js";
import { backupName } from "./backup-folder.js";
import { storeSource } from "./backup-source.js";
import { failsWith, openWrittenLog, REPLICA_ID } from "./backups.test-support.js";
import { drill } from "./drill.js";
import type { BackupEncryption } from "./manifest.js";
import { restoreStored, verifyStored } from "./restore-stored.js";
import { sendBackup } from "./send-backup.js";
import { storedManifest } from "./stored-backups.js";
import { manifestKey, partKey } from "./stored-keys.js";
import type { StoredManifest } from "./stored-manifest.js";

const BRIEF: StoreTimes = { connectMs: 500, silenceMs: 150, requestMs: 600 };
const NAME = backupName(1_800_000_000_000, REPLICA_ID);
const masterKeys: MasterKeys = [randomBytes(32)];

describe("a store that is not as it should be", () => {
  let root: string;
  let server: S3Server;
  let proxy: FaultyProxy;
  let config: StoreConfig;
  let store: S3Store;
  let number = 0;
  const at = (name: string) => join(root, name);

  before(async () => {
    root = mkdtempSync(join(tmpdir(), "murmuration-faults-"));
    server = await startS3(root);
    proxy = await startFaultyProxy(server.endpoint);
    for (const [name, key] of [
      ["plain.db", undefined],
      ["sealed.db", sealed.key],
    ] as const) {
      const source = openWrittenLog(at(name), key);
      source.upsert(0, 300);
      source.log.close();
    }
  });
  after(async () => {
    await proxy.stop();
    await server.stop();
    rmSync(root, { recursive: true });
  });
  beforeEach(() => {
    proxy.fault = () => "passes";
    proxy.passed.length = 0;
    config = server.config(`p${++number}`);
    store = new S3Store(config);
  });

  const ring = { ...newKeyRing(), isUnderWay: false };
  const sealed: { readonly key: Uint8Array; readonly encryption: BackupEncryption } = {
    key: logKeyOf(ring),
    encryption: { keys: ring, ring: wrapRing(ring, masterKeys) },
  };

  const send = (to: S3Store, encryption?: BackupEncryption): Promise<StoredManifest> =>
    sendBackup(
      {
        logFile: at(encryption === undefined ? "plain.db" : "sealed.db"),
        folder: at("sending"),
        name: NAME,
        createdMs: 1_800_000_000_000,
        replicaId: REPLICA_ID,
        store: config,
        encryption,
      },
      to,
    );

  const keysIn = async (): Promise<string[]> => {
    const keys: string[] = [];
    for await (const { key } of store.list("")) keys.push(key);
    return keys;
  };
  const somePart = async (): Promise<string> => (await keysIn()).find((key) => key.startsWith("parts/")) as string;

  /** Refused everywhere, in these words; nothing of it is left, and the process goes on. */
  async function refuses(code: ErrorCode, words: RegExp, keys?: MasterKeys, from = store): Promise<void> {
    const dataFolder = at(`data-${number}`);
    const options = { masterKeys: keys };
    const restored = restoreStored(from, undefined, { dataFolder, newReplicaId: () => 9, ...options });
    await assert.rejects(restored, failsWith(code, words));
    const left = existsSync(dataFolder)
      ? readdirSync(dataFolder).filter((name) => !["images", "lock"].includes(name))
      : [];
    assert.deepEqual(left, []);
    mkdirSync(at("temporary"), { recursive: true });
    await assert.rejects(
      verifyStored(from, undefined, { ...options, temporary: at("temporary") }),
      failsWith(code, words),
    );
    const drilled = drill(storeSource(from, keys), undefined, { ...options, temporary: at("temporary") });
    await assert.rejects(drilled, code === "not-found" ? failsWith(code) : failsWith(code, words));
    assert.deepEqual(readdirSync(at("temporary")), []);
  }

  it("refuses, has no bucket, or no keys: in words, with no key in them", async () => {
    const credentialsFile = at("wrong");
    writeFileSync(credentialsFile, "[default]\naws_access_key_id = OTHER\naws_secret_access_key = PLANTED\n");
    const refusing = new S3Store({ ...config, credentialsFile });
    const words = /s3:\/\/backups\/p\d+: listing .*: the store refuses it \(403 InvalidAccessKeyId\)/;
    await assert.rejects(
      send(refusing),
      (error: Error) => failsWith("storage", words)(error) && !/PLANTED/.test(error.message),
    );
    await assert.rejects(
      send(new S3Store({ ...config, bucket: "elsewhere" })),
      failsWith("storage", /there is no bucket elsewhere at http/),
    );
    writeFileSync(at("none"), "");
    await assert.rejects(
      send(new S3Store({ ...config, credentialsFile: at("none") })),
      failsWith("storage", /no keys of the store were found/),
    );
    assert.ok(!existsSync(at("sending")));
    await refuses("storage", words, undefined, refusing);
  });

  it("hangs, is cut off, fails for long or is not there: it ends in time", async () => {
    const through = new S3Store({ ...config, endpoint: proxy.endpoint }, BRIEF);
    for (const [fault, words] of [
      ["hangs", /does not answer in time|cannot be reached or breaks off/],
      ["is cut", /cannot be reached or breaks off|does not answer in time/],
      ["fails", /the store fails \(503|does not answer in time/],
    ] as const) {
      proxy.fault = () => fault;
      await assert.rejects(send(through), failsWith("unavailable", words), fault);
    }
    const gone = new S3Store({ ...config, endpoint: "http://127.0.0.1:9" }, BRIEF);
    await assert.rejects(send(gone), failsWith("unavailable", /cannot be reached|in time/));
    assert.deepEqual(await keysIn(), []);
  });

  it("breaks off in the middle: what was sent is not sent again, and what was read is read again", async () => {
    const through = new S3Store({ ...config, endpoint: proxy.endpoint });
    let puts = 0;
    proxy.fault = (method) => (method === "PUT" && ++puts > 3 ? "is cut" : "passes");
    await assert.rejects(send(through), failsWith("unavailable"));
    const sent = (await keysIn()).length;
    assert.ok(sent > 0 && !(await keysIn()).some((key) => key.startsWith("backups/")), `${sent} parts`);
    proxy.fault = () => "passes";
    const manifest = await send(through);
    assert.equal(manifest.sent.parts + sent, (await keysIn()).length - 1);
    // each answer breaks off once
    const seen = new Set<string>();
    proxy.fault = (method, path) => {
      if (method !== "GET" || !path.includes("/parts/") || seen.has(path)) return "passes";
      seen.add(path);
      return "breaks off";
    };
    await verifyStored(new S3Store({ ...config, endpoint: proxy.endpoint }), undefined, {});
    assert.ok(seen.size > 0);
  });

  it("has lost a part, or changed it: it is named", async () => {
    await send(store);
    const key = await somePart();
    const bytes = await store.get(key, 1_000_000);
    await store.remove(key);
    await refuses("corrupt", new RegExp(`s3://backups/p\\d+/${key}: a part of the backup is lost`));
    for (const other of [bytes.subarray(0, -1), bytes.map((byte, i) => (i === 9 ? byte ^ 1 : byte)), Buffer.of()]) {
      await store.put(key, other);
      await refuses("corrupt", new RegExp(`s3://backups/p\\d+/${key}: a part of the backup is changed`));
    }
    await store.put(key, bytes);
    await verifyStored(store, NAME, {});
  });

  it("has a manifest that is cut, of a newer version, or of another backup: before anything is written", async () => {
    const manifest = await send(store);
    const key = manifestKey(REPLICA_ID, NAME);
    const text = Buffer.from(await store.get(key, 1_000_000)).toString();
    const put = (other: string) => store.put(key, Buffer.from(other));
    await put(text.slice(0, -20));
    await refuses("corrupt", /is not JSON/);
    await put(JSON.stringify({ ...manifest, format: 4 }));
    await refuses("corrupt", /was written by a newer version \(format 4, this one reads 3\)/);
    await put(JSON.stringify({ ...manifest, schema: { ...manifest.schema, version: 999 } }));
    await refuses("corrupt", /was written by a newer version \(schema 999/);
    await put(JSON.stringify({ ...manifest, name: backupName(1, 1) }));
    await refuses("corrupt", /is the manifest of 1970/);
    const hostile = { name: "operations", sql: "CREATE TABLE operations (a); ATTACH 'x' AS y" };
    const tables = manifest.schema.tables.map((one) => (one.name === "operations" ? hostile : one));
    await put(JSON.stringify({ ...manifest, schema: { ...manifest.schema, tables } }));
    await refuses("corrupt", /rows are not those of a log|tables are not those of a log|more than one statement/);
    await put(JSON.stringify({ ...manifest, tables: manifest.tables.map((one) => ({ ...one, rows: one.rows + 1 })) }));
    await refuses("corrupt", /has \d+ rows, not \d+/);
    await put(text);
    await verifyStored(store, undefined, { replay: true });
  });

  it("keeps an encrypted backup so that nobody reads it without the key", async () => {
    await send(store, sealed.encryption);
    const needle = Buffer.from("operations");
    for (const key of await keysIn()) assert.ok(!Buffer.from(await store.get(key, 1_000_000)).includes(needle), key);
    await refuses("forbidden", /is encrypted, and no key is given/);
    await refuses("forbidden", /key/, [randomBytes(32)]);
    await verifyStored(store, undefined, { masterKeys });
    const report = await drill(storeSource(store, masterKeys), undefined, { masterKeys, temporary: at("temporary") });
    assert.equal(report.manifest.name, NAME);
    assert.deepEqual(readdirSync(at("temporary")), []);
    // a part of another name does not open
    const [one, other] = (await keysIn()).filter((key) => key.startsWith("parts/"));
    await store.put(one as string, await store.get(other as string, 1_000_000));
    await refuses("corrupt", /a part of the backup is changed/, masterKeys);
    // the next one sends nothing that is there, encrypted as it is
    await store.remove(one as string);
    const again = await send(store, sealed.encryption);
    assert.equal(again.sent.parts, 1);
    const { manifest } = await storedManifest(store, NAME, masterKeys);
    assert.equal(partKey(REPLICA_ID, manifest.tables[0]?.index[0]?.[0] as string).startsWith("parts/"), true);
    await verifyStored(store, undefined, { masterKeys });
  });
});
