import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { copyLog, requireKeyOf } from "./sqlite-copy.js";
import { SqliteOpLog } from "./sqlite-op-log.js";

const PAGE_BYTES = 16_384;
const OPERATIONS = 200;
const NEEDLE = "planted plaintext";
const corrupt = (error: unknown) => error instanceof MurmurationError && error.code === "corrupt";

describe("the file of a log under a key", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "murmuration-cipher-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const at = (name: string) => join(folder, name);

  /** Operations of some kilobytes, so that each page of theirs holds a few. */
  function write(file: string, key?: Uint8Array): void {
    const log = new SqliteOpLog(file, { key });
    for (let sequence = 1; sequence <= OPERATIONS; sequence++) {
      const bytes = Buffer.from(`${NEEDLE} ${sequence} `.repeat(150));
      log.transaction((writer) => writer.append("1-1", 7, sequence, bytes));
    }
    log.close();
  }

  /** The sequences of the operations that are there and sound. */
  function sequences(file: string, key?: Uint8Array): number[] {
    const log = new SqliteOpLog(file, { key, readOnly: true });
    try {
      return Array.from(log.read(0), (entry) => entry.sequence);
    } finally {
      log.close();
    }
  }

  const all = Array.from({ length: OPERATIONS }, (_, i) => i + 1);

  it("holds nothing in the clear, in its write-ahead log neither, and opens with its key alone", () => {
    const key = randomBytes(32);
    const file = at("a.db");
    const writing = new SqliteOpLog(file, { key });
    writing.transaction((writer) => writer.append("1-1", 7, 1, Buffer.from(NEEDLE)));
    for (const one of [file, `${file}-wal`]) assert.ok(!readFileSync(one).includes(NEEDLE), one);
    assert.ok(readFileSync(`${file}-wal`).length > PAGE_BYTES, "it is in the write-ahead log");
    writing.close();
    assert.deepEqual(sequences(file, key), [1]);
    for (const other of [randomBytes(32), undefined]) {
      assert.throws(() => new SqliteOpLog(file, { key: other }), corrupt);
      assert.throws(() => requireKeyOf({ file, key: other }), corrupt);
    }
    requireKeyOf({ file, key });
  });

  it("is copied whole from plain to encrypted, to another key and back, each a log of its own", () => {
    const [first, second] = [randomBytes(32), randomBytes(32)];
    write(at("plain.db"));
    copyLog({ file: at("plain.db") }, { file: at("first.db"), key: first });
    copyLog({ file: at("first.db"), key: first }, { file: at("second.db"), key: second });
    copyLog({ file: at("second.db"), key: second }, { file: at("back.db") });
    for (const [name, key] of [
      ["first.db", first],
      ["second.db", second],
      ["back.db", undefined],
    ] as const) {
      assert.equal(readFileSync(at(name)).includes(NEEDLE), key === undefined, name);
      assert.deepEqual(sequences(at(name), key), all, name);
      const log = new SqliteOpLog(at(name), { key });
      assert.deepEqual(log.damagedRows(), []);
      assert.equal(
        log.transaction((writer) => writer.append("1-1", 7, OPERATIONS + 1, Buffer.of(1))),
        OPERATIONS + 1,
      );
      log.close();
    }
  });

  it("notices a page that is changed, cut off or put in another's place, and gives what stands on the others", () => {
    const key = randomBytes(32);
    const file = at("a.db");
    write(file, key);
    const bytes = readFileSync(file);
    const pages = bytes.length / PAGE_BYTES;
    const flipped = (page: number) => {
      const copy = Buffer.from(bytes);
      const place = page * PAGE_BYTES + 100;
      copy[place] = (copy[place] as number) ^ 1;
      return copy;
    };
    const swapped = Buffer.from(bytes);
    bytes.copy(swapped, 10 * PAGE_BYTES, 20 * PAGE_BYTES, 21 * PAGE_BYTES);
    bytes.copy(swapped, 20 * PAGE_BYTES, 10 * PAGE_BYTES, 11 * PAGE_BYTES);
    const middle = Math.floor(pages / 2);
    writeFileSync(file, bytes.subarray(0, bytes.length - PAGE_BYTES));
    assert.throws(() => sequences(file, key), corrupt, "cut");
    const harms = { flipped: flipped(middle), swapped };
    for (const [harm, harmed] of Object.entries(harms)) {
      writeFileSync(file, harmed);
      assert.throws(() => sequences(file, key), corrupt, harm);
      rmSync(at("copy.db"), { force: true });
      const unreadable: string[] = [];
      assert.throws(() => copyLog({ file, key }, { file: at("copy.db"), key }), corrupt, harm);
      rmSync(at("copy.db"), { force: true });
      copyLog({ file, key }, { file: at("copy.db"), key }, { onUnreadable: (table) => unreadable.push(table) });
      const left = sequences(at("copy.db"), key);
      assert.ok(left.length >= OPERATIONS - 16 && left.length < OPERATIONS, `${harm}: ${left.length}`);
      assert.deepEqual(unreadable, ["operations"], harm);
      assert.equal(left[0], 1, harm);
    }
  });
});
