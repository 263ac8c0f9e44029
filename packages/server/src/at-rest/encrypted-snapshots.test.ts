import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { pino } from "pino";
import type { DataKeys } from "../encryption/data-keys.js";
import type { FolderRing } from "../encryption/folder-ring.js";
import type { MasterKeys } from "../encryption/master-keys.js";
import { dataFiles } from "../engine/data-folder.js";
import type { Database } from "../engine/database.js";
import { openDatabase } from "../engine/open-database.js";
import { readsOf } from "../engine/reads.test-support.js";
import { recoverSnapshot } from "../routes/recover-snapshot.js";
import { checksumOf, snapshotPieces } from "../snapshots/snapshot-file.js";
import { readSnapshot } from "../snapshots/snapshot-lines.js";
import { Snapshots } from "../snapshots/snapshots.js";
import { createPlanted, findPlanted, openWith, planted, plantedPoints } from "./encrypted-folder.test-support.js";
import { openFolderKeys } from "./folder-keys.js";

const POINTS = 300;
const key: MasterKeys = [randomBytes(32)];
const create = {
  vectors: { "": { size: 8, distance: "Dot" }, [planted.vectorName]: { size: 8, distance: "Dot" } },
  hnsw_config: { m: 4, ef_construct: 16 },
};
const header = { name: planted.collection, create, indexes: [] };
const corrupt = (error: unknown) => error instanceof MurmurationError && error.code === "corrupt";

describe("snapshots in a data folder under a key", () => {
  let folder: string;
  let database: Database;
  let keys: DataKeys;
  let snapshots: Snapshots;
  const at = (name: string) => join(folder, name);
  const root = () => dataFiles(at("a")).snapshots;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "murmuration-snapshots-"));
    let ring: FolderRing | undefined;
    database = await openDatabase({
      dataFolder: at("a"),
      log: pino({ level: "silent" }),
      keysOf: (files) => {
        ring = openFolderKeys(files, at("a"), key, () => undefined);
        return ring?.keys;
      },
    });
    keys = (ring as FolderRing | undefined)?.keys as DataKeys;
    await database.write(createPlanted());
    await database.write(plantedPoints(0, POINTS));
    snapshots = await Snapshots.open(root(), database, undefined, keys);
  });
  after(async () => {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const text = (path: string) => Buffer.concat([...snapshotPieces(path, keys)]).toString();

  it("hold nothing in the clear, neither in names of files, and are what they would be", async () => {
    const one = await snapshots.create(header);
    const full = await snapshots.createFull([header], []);
    const path = await snapshots.folder.find(planted.collection, one.name);
    assert.deepEqual(findPlanted(at("a")), []);
    assert.deepEqual(await snapshots.folder.list(planted.collection), [one]);
    assert.deepEqual(await snapshots.folder.list(undefined), [full]);
    assert.equal(one.size, Buffer.byteLength(text(path)));
    assert.equal(one.checksum, await checksumOf(path, keys));
    assert.ok(text(path).includes(planted.payloadValue) && text(path).includes(planted.id));
    assert.equal(statSync(path).size > one.size, true);
    const sent = await snapshots.createToSend(header);
    assert.equal(text(sent.path), text(path));
    assert.deepEqual(findPlanted(at("a")), []);
    rmSync(sent.path);
    await snapshots.folder.remove(undefined, full.name);
    assert.deepEqual(await snapshots.folder.list(undefined), []);
  });

  it("are recovered by the path that they would have, and by one that was begun before", async () => {
    const [one] = await snapshots.folder.list(planted.collection);
    assert.ok(one);
    const wanted = await count();
    await database.write({
      kind: "delete-points",
      collection: planted.collection,
      target: { ids: [planted.id, 1, 2] },
    });
    const path = await snapshots.folder.requireInside(join(root(), "collections", planted.collection, one.name));
    await recoverSnapshot(
      { database, write: (command) => database.write(command) },
      snapshots,
      planted.collection,
      path,
    );
    assert.equal(await count(), wanted);
    const begun = await snapshots.folder.beginRecovery(planted.collection, path);
    assert.deepEqual(findPlanted(at("a")), []);
    const again = await Snapshots.open(root(), database, undefined, keys);
    const [found] = await again.folder.begunRecoveries(assert.fail);
    assert.equal(found?.collection, planted.collection);
    assert.equal(text(found?.file as string), text(path));
    await begun.end();
    assert.deepEqual(await snapshots.folder.begunRecoveries(assert.fail), []);
    assert.deepEqual(await again.folder.list(planted.collection), [one], "and stay over a start");
  });

  it("are not taken one for another, nor cut short or changed", async () => {
    const names = [(await snapshots.create(header)).name, (await snapshots.create(header)).name] as const;
    const paths = await Promise.all(names.map((name) => snapshots.folder.find(planted.collection, name)));
    const [first, second] = paths as [string, string];
    const drain = async (path: string) => {
      for await (const _ of readSnapshot(path, planted.collection, keys));
    };
    renameSync(first, `${first}.kept`);
    cpSync(second, first);
    await assert.rejects(drain(first), corrupt, "another's file");
    const whole = readFileSync(`${first}.kept`);
    writeFileSync(first, whole.subarray(0, whole.length - 1));
    await assert.rejects(drain(first), corrupt, "cut short");
    whole[100] = (whole[100] as number) ^ 1;
    writeFileSync(first, whole);
    await assert.rejects(drain(first), corrupt, "a bit that flipped");
    const note = first.replace(/\.snapshot$/, ".note");
    cpSync(second.replace(/\.snapshot$/, ".note"), note);
    const left = await snapshots.folder.list(planted.collection);
    assert.ok(!left.some(({ name }) => name === names[0]), "one under another's name is not shown");
  });

  it("that were not encrypted are, where the folder is brought over, also ones that were being recovered", async () => {
    const plain = await openWith(at("plain"));
    await plain.write(createPlanted());
    await plain.write(plantedPoints(0, 20));
    const plainRoot = dataFiles(at("plain")).snapshots;
    const before = await Snapshots.open(plainRoot, plain);
    const [one, full] = [await before.create(header), await before.createFull([header], [])];
    const path = await before.folder.find(planted.collection, one.name);
    const content = readFileSync(path, "utf8");
    await before.folder.beginRecovery(planted.collection, path);
    await plain.close();
    let ring: FolderRing | undefined;
    for (let start = 1; start <= 2; start++) {
      ring = openFolderKeys(dataFiles(at("plain")), at("plain"), key, () => undefined);
      assert.deepEqual(findPlanted(at("plain")), []);
    }
    const brought = await Snapshots.open(plainRoot, database, undefined, ring?.keys);
    const [only, ...others] = await brought.folder.list(planted.collection);
    assert.deepEqual([only?.name, only?.size, only?.checksum, others.length], [one.name, one.size, one.checksum, 0]);
    assert.deepEqual(
      (await brought.folder.list(undefined)).map(({ name }) => name),
      [full.name],
    );
    const read = (file: string) => Buffer.concat([...snapshotPieces(file, ring?.keys)]).toString();
    assert.equal(read(await brought.folder.find(planted.collection, one.name)), content);
    const [begun] = await brought.folder.begunRecoveries(assert.fail);
    assert.equal(begun?.collection, planted.collection);
    assert.equal(read(begun?.file as string), content);
    assert.ok(!existsSync(join(plainRoot, "collections")));
    assert.equal(readdirSync(join(plainRoot, "sealed")).length, 4);
  });

  async function count(): Promise<number> {
    const page = { limit: 1_000, selection: { payload: false, vectors: false } };
    return (await readsOf(database).scroll(planted.collection, page)).points.length;
  }
});
