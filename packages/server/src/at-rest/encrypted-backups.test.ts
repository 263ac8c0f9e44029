import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { BackupFolder, backupFiles } from "../backup/backup-folder.js";
import { makeBackup } from "../backup/make-backup.js";
import { restoreBackup } from "../backup/restore-backup.js";
import { verifyBackup } from "../backup/verify-backup.js";
import type { FolderRing } from "../encryption/folder-ring.js";
import type { MasterKeys } from "../encryption/master-keys.js";
import { dataFiles } from "../engine/data-folder.js";
import { readsOf } from "../engine/reads.test-support.js";
import { createPlanted, findPlanted, openWith, planted, plantedPoints } from "./encrypted-folder.test-support.js";
import { openFolderKeys } from "./folder-keys.js";

const NAME = "20261125T174653123Z-5";
const OTHER_NAME = "20261125T174653124Z-5";
const key: MasterKeys = [randomBytes(32)];

const refusal = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof MurmurationError && error.code === code && words.test(error.message);

describe("backups of a data folder under a key", () => {
  let folder: string;
  let ring: FolderRing;
  let restored = 0;
  const at = (name: string) => join(folder, name);
  const fileOf = (name: string) => backupFiles(at("backups"), name).log;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "murmuration-backups-"));
    for (const [name, points] of [
      ["a", 20],
      ["plain", 10],
    ] as const) {
      const database = await openWith(at(name), name === "a" ? key : undefined);
      await database.write(createPlanted());
      await database.write(plantedPoints(0, points));
      await database.close();
    }
    ring = openFolderKeys(dataFiles(at("a")), at("a"), key, () => undefined) as FolderRing;
    mkdirSync(at("kept"));
    const encryption = { keys: ring.keys, ring: ring.written() };
    for (const name of [NAME, OTHER_NAME])
      makeBackup({ logFile: dataFiles(at("a")).log, folder: at("kept"), name, createdMs: 1, encryption });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  beforeEach(() => {
    rmSync(at("backups"), { recursive: true, force: true });
    cpSync(at("kept"), at("backups"), { recursive: true });
  });

  async function restoreAndCount(file: string, masterKeys: MasterKeys | undefined): Promise<number> {
    const dataFolder = at(`restored-${restored++}`);
    try {
      restoreBackup({ file, dataFolder, newReplicaId: () => 9, masterKeys });
    } catch (error) {
      assert.ok(!existsSync(dataFiles(dataFolder).log), "nothing is there after a failure");
      throw error;
    }
    if (masterKeys !== undefined) assert.deepEqual(findPlanted(dataFolder), []);
    const database = await openWith(dataFolder, masterKeys);
    try {
      const selection = { payload: true, vectors: true };
      return (await readsOf(database).scroll(planted.collection, { limit: 100, selection })).points.length;
    } finally {
      await database.close();
    }
  }

  it("hold nothing in the clear, and restore with the key into a folder under it", async () => {
    assert.deepEqual(findPlanted(at("backups")), []);
    assert.equal(verifyBackup(fileOf(NAME), { masterKeys: key }).name, NAME);
    assert.equal(await restoreAndCount(fileOf(NAME), key), 20);
    const listed = await new BackupFolder(at("backups"), () => key).list();
    assert.deepEqual(
      listed.map((one) => "manifest" in one),
      [true, true],
    );
  });

  it("that are not encrypted are restored into a folder under a key", async () => {
    makeBackup({
      logFile: dataFiles(at("plain")).log,
      folder: at("backups"),
      name: "20261125T174653125Z-6",
      createdMs: 1,
    });
    assert.ok(findPlanted(at("backups")).length > 0);
    assert.equal(await restoreAndCount(fileOf("20261125T174653125Z-6"), key), 10);
  });

  it("are not opened without a key, with another one, or as another cluster's", async () => {
    const wrong: MasterKeys = [randomBytes(32)];
    for (const act of [
      (keys?: MasterKeys) => Promise.resolve(verifyBackup(fileOf(NAME), { masterKeys: keys })),
      (keys?: MasterKeys) => restoreAndCount(fileOf(NAME), keys),
    ]) {
      await assert.rejects(async () => act(wrong), refusal("forbidden", /encrypted under another key/));
      await assert.rejects(async () => act(), refusal("forbidden", /no key is given/));
    }
    const [listed] = await new BackupFolder(at("backups"), () => wrong).list();
    assert.match(listed !== undefined && "problem" in listed ? listed.problem : "", /another key/);
  });

  it("are not taken where a file is another backup's, or is damaged", async () => {
    const manifests = [NAME, OTHER_NAME].map((name) => backupFiles(at("backups"), name).manifest) as [string, string];
    const [first, other] = manifests.map((path) => readFileSync(path, "utf8")) as [string, string];
    const harms: readonly (readonly [string, RegExp])[] = [
      // the manifest of one under the name of the other: the file is not the one that it is of
      [other, /checksum is|has \d+ bytes/],
      [first.replace(NAME, OTHER_NAME), /does not decrypt/],
      [
        first.replace(/"sealed": "(.{80})(.)/, (_, begin, one) => `"sealed": "${begin}${one === "A" ? "B" : "A"}`),
        /does not decrypt/,
      ],
    ];
    for (const [text, words] of harms) {
      assert.notEqual(text, first);
      writeFileSync(manifests[0], text);
      await assert.rejects(restoreAndCount(fileOf(NAME), key), refusal("corrupt", words));
    }
    writeFileSync(manifests[0], first);
    const log = readFileSync(fileOf(NAME));
    for (const harm of [log.subarray(0, log.length - 16_384), readFileSync(fileOf(OTHER_NAME))]) {
      writeFileSync(fileOf(NAME), harm);
      await assert.rejects(restoreAndCount(fileOf(NAME), key), refusal("corrupt", /checksum|bytes/));
    }
  });

  it("go over to a new key without being made again, and the old one opens them no more", async () => {
    const next: MasterKeys = [randomBytes(32)];
    const backups = new BackupFolder(at("backups"), () => [...next, ...key]);
    const before = readFileSync(fileOf(NAME));
    assert.deepEqual(await backups.rewrap(5), []);
    assert.ok(readFileSync(fileOf(NAME)).equals(before));
    assert.equal(verifyBackup(fileOf(NAME), { masterKeys: next }).name, NAME);
    assert.throws(() => verifyBackup(fileOf(NAME), { masterKeys: key }), refusal("forbidden", /another key/));
    assert.deepEqual(
      await new BackupFolder(at("backups"), () => key).rewrap(5),
      [OTHER_NAME, NAME],
      "no longer with it",
    );
    assert.deepEqual(await new BackupFolder(at("backups"), () => key).rewrap(6), [], "those of others are left alone");
    writeFileSync(backupFiles(at("backups"), NAME).manifest, "{");
    assert.deepEqual(await backups.rewrap(5), [NAME], "one that is damaged keeps none from it");
  });
});
