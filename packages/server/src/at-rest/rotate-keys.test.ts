import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { pino } from "pino";
import { readMasterKeysAgain } from "../encryption/master-keys.js";
import { takeDataFolder } from "../engine/data-folder.js";
import { openMemberKey } from "../engine/member-key.js";
import { openFolderKeys } from "./folder-keys.js";
import { rotateKeys } from "./rotate-keys.js";

const hex = () => randomBytes(32).toString("hex");

describe("the key of a data folder", () => {
  let folder: string;
  let lines: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "murmuration-rotate-"));
    lines = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const log = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
  const forbidden = (error: unknown) => error instanceof MurmurationError && error.code === "forbidden";

  it("is changed while everything goes on, by a file or a command, and not where the new one cannot be read", async () => {
    const files = takeDataFolder(folder);
    const [first, second, third] = [hex(), hex(), hex()];
    const open = (text: string) => openFolderKeys(files, folder, [Buffer.from(text, "hex")], () => undefined);
    const ring = open(first);
    assert.ok(ring);
    const { keys } = ring;
    const file = join(folder, "key");
    const rewrapped: string[] = [];
    const backups = {
      rewrap: async () => {
        rewrapped.push("asked");
        return ["an-old-backup"];
      },
    };
    const rotate = (source: Parameters<typeof readMasterKeysAgain>[0]) =>
      rotateKeys({ ring, backups, log }, () => readMasterKeysAgain(source, (path) => readFileSync(path, "utf8")));
    writeFileSync(file, `${second}\n${first}\n`);
    assert.equal(await rotate({ kind: "file", path: file }), true);
    assert.deepEqual(ring.keys, keys, "what is on disk is read and written as before");
    assert.deepEqual(open(second)?.keys, keys);
    assert.throws(() => open(first), forbidden);
    assert.equal(rewrapped.length, 1);
    assert.ok(lines.some((line) => line.includes("an-old-backup")));
    for (const source of [
      { kind: "file", path: join(folder, "none") },
      { kind: "command", command: `echo ${third}; exit 3` },
      { kind: "command", command: "echo not a key" },
    ] as const)
      assert.equal(await rotate(source), false);
    assert.deepEqual(open(second)?.keys, keys, "it stays as it was");
    assert.equal(await rotate({ kind: "command", command: `printf '%s\\n' ${third}` }), true);
    assert.deepEqual(open(third)?.keys, keys);
    assert.ok(![first, second, third].some((key) => lines.join().includes(key)), "no key is logged");
    files.release();
  });

  it("is said to be the new one where only backups could not be looked at", async () => {
    const files = takeDataFolder(folder);
    const [first, second] = [hex(), hex()];
    const ring = openFolderKeys(files, folder, [Buffer.from(first, "hex")], () => undefined);
    assert.ok(ring);
    const backups = { rewrap: () => Promise.reject(new Error("the disk is gone")) };
    const read = async () => [Buffer.from(second, "hex")] as const;
    assert.equal(await rotateKeys({ ring, backups, log }, read), false);
    assert.ok(lines.some((line) => line.includes("the disk is gone") && line.includes("backups may still need")));
    assert.ok(!lines.some((line) => line.includes("stays as it was")));
    files.release();
  });

  it("encrypts the key of a member, also one that was made before, and it is the same key", () => {
    const files = takeDataFolder(folder);
    const before = openMemberKey(files.memberKey).publicKeys();
    assert.match(readFileSync(files.memberKey, "latin1"), /PRIVATE KEY/);
    const keys = openFolderKeys(files, folder, [randomBytes(32)], () => undefined)?.keys;
    for (let start = 0; start < 2; start++) {
      const signing = openMemberKey(files.memberKey, keys);
      assert.deepEqual(signing.publicKeys(), before);
      assert.doesNotMatch(readFileSync(files.memberKey, "latin1"), /PRIVATE KEY/);
    }
    const signing = openMemberKey(files.memberKey, keys);
    signing.renew();
    signing.adopt();
    assert.deepEqual(openMemberKey(files.memberKey, keys).publicKeys(), signing.publicKeys());
    assert.notDeepEqual(signing.publicKeys(), before);
    files.release();
  });
});
