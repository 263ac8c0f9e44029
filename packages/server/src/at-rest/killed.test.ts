import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { MurmurationError } from "@murmuration/index";
import type { MasterKeys } from "../encryption/master-keys.js";
import { dataFiles } from "../engine/data-folder.js";
import { readsOf } from "../engine/reads.test-support.js";
import { createPlanted, findPlanted, openWith, planted, plantedPoints } from "./encrypted-folder.test-support.js";
import { openFolderKeys } from "./folder-keys.js";

const child = fileURLToPath(new URL("./bring-over-child.test-support.js", import.meta.url));
/** Of about a dozen: as the log begins, in its middle, and when only the ring is left to say that all is done. */
const TELLS_AT_KILL = [1, 4, 9, 12];

describe("a process that is killed", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "murmuration-killed-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("while it brings a data folder over, leaves one that the next start goes on with", async () => {
    const key = randomBytes(32);
    const plain = await openWith(folder);
    await plain.write(createPlanted());
    await plain.write(plantedPoints(0, 30));
    const page = { limit: 100, selection: { payload: true, vectors: true } };
    const wanted = await readsOf(plain).scroll(planted.collection, page);
    await plain.close();
    let kills = 0;
    for (const tells of TELLS_AT_KILL) {
      const { signal } = spawnSync(process.execPath, [child, folder, key.toString("hex"), String(tells)]);
      if (signal === "SIGKILL") kills++;
      assert.equal(existsSync(join(folder, "keyring.json")), true);
      // without the key it is not gone on with, nor taken for one that is not encrypted
      await assert.rejects(
        openWith(folder),
        (error) => error instanceof MurmurationError && error.code === "forbidden",
      );
    }
    assert.ok(kills >= 2, `${kills} kills met it`);
    const again = await openWith(folder, [key]);
    assert.deepEqual(await readsOf(again).scroll(planted.collection, page), wanted);
    await again.close();
    assert.deepEqual(findPlanted(folder), []);
    assert.equal(existsSync(join(folder, "murmuration.db.encrypting")), false);
  });

  it("while it changes the key, leaves a ring that opens with the new one or the old one, whichever came to be", () => {
    const [first, second]: [MasterKeys, MasterKeys] = [[randomBytes(32)], [randomBytes(32)]];
    const files = ["keyring.json", "keyring.copy.json"].map((name) => join(folder, name)) as [string, string];
    const open = (keys: MasterKeys) => openFolderKeys(dataFiles(folder), folder, keys, () => undefined);
    const ring = open(first);
    const keys = ring?.keys;
    const before = files.map((file) => readFileSync(file));
    ring?.rotate(second);
    const after = files.map((file) => readFileSync(file));
    /** What stands in the two files after each of the steps. */
    const states: readonly (readonly [Buffer, Buffer, MasterKeys])[] = [
      [before[0] as Buffer, before[1] as Buffer, first],
      [after[0] as Buffer, before[1] as Buffer, second],
      [after[0] as Buffer, after[1] as Buffer, second],
      // one of them damaged besides
      [Buffer.alloc(1, "{"), before[1] as Buffer, first],
      [after[0] as Buffer, Buffer.alloc(0), second],
    ];
    for (const [i, [one, other, opens]] of states.entries()) {
      writeFileSync(files[0], one);
      writeFileSync(files[1], other);
      writeFileSync(`${files[0]}.unfinished`, "half");
      assert.deepEqual(open(opens)?.keys, keys, `state ${i}`);
      assert.ok(readFileSync(files[0]).equals(readFileSync(files[1])), "both are whole and the same again");
      const both: MasterKeys = [...second, ...first];
      copyFileSync(files[0], files[1]);
      assert.deepEqual(open(both)?.keys, keys, `state ${i}, with both keys`);
    }
  });
});
