import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, beforeEach, describe, it } from "node:test";
import { MurmurationError } from "@murmuration/index";
import type { MasterKeys } from "../encryption/master-keys.js";
import type { Database } from "../engine/database.js";
import { readsOf } from "../engine/reads.test-support.js";
import { createPlanted, findPlanted, openWith, planted, plantedPoints } from "./encrypted-folder.test-support.js";

const POINTS = 40;
const key: MasterKeys = [randomBytes(32)];

const refusal = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof MurmurationError && error.code === code && words.test(error.message);

describe("a data folder under a key", () => {
  let folder: string;
  let opened: Database[];
  let lines: string[];
  const at = (name: string) => join(folder, name);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "murmuration-at-rest-"));
    opened = [];
    lines = [];
  });
  afterEach(async () => {
    for (const database of opened) await database.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const kept = mkdtempSync(join(tmpdir(), "murmuration-at-rest-kept-"));
  after(() => rmSync(kept, { recursive: true, force: true }));
  let wantedOfKept: unknown;

  async function open(name: string, keys?: MasterKeys): Promise<Database> {
    const database = await openWith(at(name), keys, (line) => lines.push(line));
    opened.push(database);
    return database;
  }

  /** Everything that a client sees of it. */
  async function answers(database: Database): Promise<unknown> {
    const reads = readsOf(database);
    const selection = { payload: true, vectors: true };
    return JSON.parse(
      JSON.stringify({
        scroll: await reads.scroll(planted.collection, { limit: 100, selection }),
        near: await reads.query(planted.collection, {
          query: Float32Array.from({ length: 8 }, (_, i) => i),
          using: planted.vectorName,
          limit: 20,
          offset: 0,
          parameters: {},
          selection,
        }),
      }),
    );
  }

  async function make(name: string, keys?: MasterKeys): Promise<unknown> {
    const database = await open(name, keys);
    await database.write(createPlanted());
    await database.write(plantedPoints(0, POINTS));
    const wanted = await answers(database);
    return wanted;
  }

  const closeAll = async () => {
    for (const database of opened.splice(0)) await database.close();
  };

  function keep(name: string, wanted: unknown): void {
    cpSync(at(name), kept, { recursive: true });
    wantedOfKept = wanted;
  }

  /** A folder under the key, closed: made once, since each opening takes most of a second of processor time. */
  async function makeClosed(name: string): Promise<unknown> {
    if (wantedOfKept === undefined) {
      const wanted = await make(name, key);
      await closeAll();
      keep(name, wanted);
    } else cpSync(kept, at(name), { recursive: true });
    return wantedOfKept;
  }

  const images = (name: string) =>
    readdirSync(at(`${name}/images`), { recursive: true }).filter((one) => `${one}`.endsWith(".image"));

  it("holds nothing in the clear while it runs, and nothing when it has stopped, and answers as it did", async () => {
    const wanted = await make("a", key);
    assert.deepEqual(findPlanted(at("a")), []);
    cpSync(at("a"), at("killed"), { recursive: true });
    await closeAll();
    keep("a", wanted);
    assert.deepEqual(findPlanted(at("a")), []);
    assert.equal(images("a").length, 3, "the images are there, and looked through too");
    for (const name of ["a", "killed"]) assert.deepEqual(await answers(await open(name, key)), wanted, name);
    assert.deepEqual(
      lines.filter((line) => line.includes("not usable")),
      [],
    );
    // the same folder without a key shows that the scan finds what there is
    await make("plain");
    await closeAll();
    assert.ok(findPlanted(at("plain")).length >= 4);
  });

  it("is not opened with another key or none, in words, and stays as it was", async () => {
    const wanted = await makeClosed("a");
    const before = readdirSync(at("a"));
    await assert.rejects(
      open("a", [randomBytes(32)]),
      refusal("forbidden", /another key \([0-9a-f]{16}\).*nothing was changed/),
    );
    await assert.rejects(
      open("a"),
      refusal("forbidden", /encrypted, and no key is given: give it by --encryption-key-file/),
    );
    assert.deepEqual(readdirSync(at("a")), before);
    assert.deepEqual(
      await answers(await open("a", [randomBytes(32), ...key])),
      wanted,
      "an older key behind a new one",
    );
    await closeAll();
    await assert.rejects(
      open("a", key),
      refusal("forbidden", /another key/),
      "the ring is under the new key from then on",
    );
  });

  it("brings a folder over that was not encrypted, and one that was killed over it", async () => {
    const wanted = await make("a");
    // with a write-ahead log, as a kill leaves it
    cpSync(at("a"), at("killed"), { recursive: true });
    await closeAll();
    for (const name of ["a", "killed"]) {
      assert.ok(findPlanted(at(name)).length > 0);
      writeFileSync(at(`${name}/murmuration.db.encrypting`), "what a kill left");
      assert.deepEqual(await answers(await open(name, key)), wanted, name);
      assert.deepEqual(findPlanted(at(name)), [], name);
    }
    await closeAll();
    for (const name of ["a", "killed"]) assert.deepEqual(await answers(await open(name, key)), wanted, name);
  });

  it("notices files of another folder under the same key, of an older kind, and a ring that is damaged", async () => {
    const wanted = await makeClosed("a");
    await make("b", key);
    await closeAll();
    cpSync(at("a"), at("kept"), { recursive: true });
    const again = async () => {
      rmSync(at("a"), { recursive: true });
      cpSync(at("kept"), at("a"), { recursive: true });
    };
    copyFileSync(at("b/murmuration.db"), at("a/murmuration.db"));
    await assert.rejects(open("a", key), refusal("corrupt", /it is the log of another folder/));
    await again();
    const plain = await open("plain");
    await plain.write(createPlanted());
    await closeAll();
    copyFileSync(at("plain/murmuration.db"), at("a/murmuration.db"));
    await assert.rejects(open("a", key), refusal("corrupt", /is not encrypted, though its folder is/));
    await again();
    for (const name of ["keyring.json", "keyring.copy.json"]) {
      writeFileSync(at(`a/${name}`), readFileSync(at(`a/${name}`), "utf8").replace(/"wrapped": "(.)/, '"wrapped": "_'));
      if (name === "keyring.json") {
        assert.deepEqual(await answers(await open("a", key)), wanted, "its copy is whole");
        await closeAll();
        assert.equal(readFileSync(at("a/keyring.json"), "utf8"), readFileSync(at("a/keyring.copy.json"), "utf8"));
        writeFileSync(at("a/keyring.json"), "{");
      }
    }
    await assert.rejects(open("a", key), refusal("corrupt", /key ring .* is damaged in all of its copies/));
    await again();
    for (const name of ["keyring.json", "keyring.copy.json"]) rmSync(at(`a/${name}`));
    await assert.rejects(open("a", key), refusal("corrupt", /folder has no key ring/));
    await assert.rejects(open("a"), refusal("corrupt", /folder has no key ring/));
  });

  it("does not take an image or a file of vectors for another, and makes them again", async () => {
    const wanted = await makeClosed("a");
    cpSync(at("a"), at("kept"), { recursive: true });
    const [shard] = readdirSync(at("a/images")) as [string];
    const graphs = readdirSync(at(`a/images/${shard}`)).filter((name) => name !== "table.image");
    const [one, other] = graphs.map((name) => at(`a/images/${shard}/${name}`)) as [string, string];
    const [rows] = readdirSync(at(`a/vectors/${shard}`)).map((name) => at(`a/vectors/${shard}/${name}`)) as [string];
    const harms: readonly (() => void)[] = [
      () => {
        renameSync(one, `${one}.swapped`);
        renameSync(other, one);
        renameSync(`${one}.swapped`, other);
      },
      () => {
        const bytes = readFileSync(rows);
        bytes.fill(0x5a, 100, 400);
        writeFileSync(rows, bytes);
      },
      () => writeFileSync(rows, readFileSync(rows).subarray(0, 60)),
    ];
    for (const [i, harm] of harms.entries()) {
      harm();
      lines = [];
      const database = await open("a", key);
      await database.replication();
      assert.deepEqual(await settled(database, () => answers(database)), wanted, `harm ${i}`);
      assert.equal(
        lines.some((line) => line.includes("not usable")),
        i !== 1,
        `harm ${i}: an image is refused`,
      );
      await closeAll();
      rmSync(at("a"), { recursive: true });
      cpSync(at("kept"), at("a"), { recursive: true });
    }
  });
});

/** What is answered once what was damaged is made again. */
async function settled<T>(database: Database, ask: () => Promise<T>): Promise<T> {
  for (const began = Date.now(); ; await database.replication()) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof MurmurationError) || Date.now() - began > 20_000) throw error;
    }
  }
}
