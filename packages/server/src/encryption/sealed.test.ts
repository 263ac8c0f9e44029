import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { type DataKeys, openBytes, sealBytes } from "./data-keys.js";
import { newKeyRing, openRing, ringFromText, ringText, wrapRing } from "./key-ring.js";
import { fingerprintOfKey, type MasterKeys, masterKeysOf } from "./master-keys.js";
import { piecesOfFile, readerOfFile, sinkTo } from "./sealed-file.js";
import { plainBytesOf, SEAL_HEAD_BYTES, SEALED_PAGE_BYTES } from "./sealed-pages.js";
import { newRecordsHead, SealedRecords } from "./sealed-records.js";

const corrupt = (error: unknown) => error instanceof MurmurationError && error.code === "corrupt";
const keys: DataKeys = newKeyRing();
const bytes = fc.uint8Array({ maxLength: 200 });
/** Around the bounds of pages. */
const fileBytes = fc
  .oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(65_535, 65_536, 65_537, 131_072, 1_048_576, 1_100_000))
  .map((length) => randomBytes(length));

function flipped(sealed: Uint8Array, at: number): Buffer {
  const copy = Buffer.from(sealed);
  copy[at] = (copy[at] as number) ^ (1 << (at & 7));
  return copy;
}

describe("what is encrypted", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "murmuration-sealed-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function write(name: string, plain: Uint8Array, id = name, by = keys): string {
    const path = join(folder, name);
    const descriptor = openSync(path, "w");
    const sink = sinkTo(descriptor, by, { kind: "test", id });
    for (let at = 0; at < plain.length; at += 50_000) sink.push(plain.subarray(at, at + 50_000));
    sink.end();
    closeSync(descriptor);
    return path;
  }
  const read = (path: string, id: string, by = keys) =>
    Buffer.concat([...piecesOfFile(path, by, { kind: "test", id })]);

  it("opens as what it was sealed as, by its keys alone, and nothing that was changed opens", () => {
    const others = newKeyRing();
    fc.assert(
      fc.property(bytes, fc.string(), fc.nat(), (plain, id, at) => {
        const sealed = sealBytes(keys, { kind: "test", id }, plain);
        assert.deepEqual(Uint8Array.from(openBytes(keys, { kind: "test", id }, sealed)), plain);
        assert.throws(() => openBytes(keys, { kind: "test", id: `${id}.` }, sealed), corrupt);
        assert.throws(() => openBytes(keys, { kind: "other", id }, sealed), corrupt);
        assert.throws(() => openBytes(others, { kind: "test", id }, sealed), corrupt);
        assert.throws(() => openBytes(keys, { kind: "test", id }, flipped(sealed, at % sealed.length)), corrupt);
        assert.throws(() => openBytes(keys, { kind: "test", id }, sealed.subarray(0, at % sealed.length)), corrupt);
        assert.notDeepEqual(sealBytes(keys, { kind: "test", id }, plain), sealed, "no two are alike");
      }),
    );
  });

  it("gives a file back whole, and no file that was cut at a page, lengthened, changed or put in another's place", () => {
    fc.assert(
      fc.property(fileBytes, fc.nat(), (plain, at) => {
        const path = write("a", plain);
        const sealed = readFileSync(path);
        assert.ok(read(path, "a").equals(plain));
        assert.equal(plainBytesOf(sealed.length), plain.length);
        assert.throws(() => read(path, "b"), corrupt);
        assert.throws(() => read(path, "a", newKeyRing()), corrupt);
        const harms = [flipped(sealed, at % sealed.length), sealed.subarray(0, at % sealed.length)];
        const pages = Math.floor((sealed.length - SEAL_HEAD_BYTES) / SEALED_PAGE_BYTES);
        if (pages > 0) harms.push(sealed.subarray(0, SEAL_HEAD_BYTES + (at % pages) * SEALED_PAGE_BYTES));
        harms.push(Buffer.concat([sealed, sealed.subarray(SEAL_HEAD_BYTES)]));
        for (const [i, harm] of harms.entries()) {
          writeFileSync(path, harm);
          assert.throws(() => read(path, "a"), corrupt, `harm ${i}`);
        }
      }),
      { numRuns: 30 },
    );
    const twoPages = randomBytes(150_000);
    const sealed = readFileSync(write("a", twoPages));
    const swapped = Buffer.concat([
      sealed.subarray(0, SEAL_HEAD_BYTES),
      sealed.subarray(SEAL_HEAD_BYTES + SEALED_PAGE_BYTES, SEAL_HEAD_BYTES + 2 * SEALED_PAGE_BYTES),
      sealed.subarray(SEAL_HEAD_BYTES, SEAL_HEAD_BYTES + SEALED_PAGE_BYTES),
      sealed.subarray(SEAL_HEAD_BYTES + 2 * SEALED_PAGE_BYTES),
    ]);
    writeFileSync(join(folder, "a"), swapped);
    assert.throws(() => read(join(folder, "a"), "a"), corrupt);
  });

  it("is read in pieces of any length, encrypted or not, and ends where it ends", () => {
    fc.assert(
      fc.property(
        fileBytes,
        fc.array(fc.integer({ min: 0, max: 90_000 }), { maxLength: 20 }),
        fc.boolean(),
        (plain, lengths, isPlain) => {
          const path = isPlain ? join(folder, "plain") : write("a", plain);
          if (isPlain) writeFileSync(path, plain);
          const descriptor = openSync(path, "r");
          try {
            const reader = readerOfFile(descriptor, isPlain ? undefined : keys, { kind: "test", id: "a" });
            let at = 0;
            for (const length of lengths) {
              // as the memory of a graph is
              const target = new Uint8Array(new SharedArrayBuffer(length));
              const isThere = at + length <= plain.length;
              assert.equal(reader(target), isThere);
              if (!isThere) return;
              assert.ok(plain.subarray(at, at + length).equals(target));
              at += length;
            }
          } finally {
            closeSync(descriptor);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it("gives records at their places alone, and zeros for one that is not whole", () => {
    const head = newRecordsHead(keys);
    const records = SealedRecords.open(keys, { kind: "vectors", id: "a" }, head) as SealedRecords;
    const plain = Uint8Array.from({ length: 5 * 48 }, (_, i) => i);
    const sealed = records.seal(plain, 3 * 48, 48);
    const opened = (from: Uint8Array, at: number, by = records) => {
      const target = new Uint8Array(plain.length);
      assert.equal(by.open(from, target, at, 48), plain.length);
      return target;
    };
    assert.deepEqual(opened(sealed, 3 * 48), plain);
    assert.deepEqual(opened(sealed, 4 * 48), new Uint8Array(plain.length), "one slot on");
    const wanted = Uint8Array.from(plain);
    wanted.fill(0, 48, 96);
    assert.deepEqual(opened(flipped(sealed, 80), 3 * 48), wanted);
    const other = SealedRecords.open(keys, { kind: "vectors", id: "b" }, head) as SealedRecords;
    assert.deepEqual(opened(sealed, 3 * 48, other), new Uint8Array(plain.length), "another file");
    assert.equal(records.open(sealed.subarray(0, 100), new Uint8Array(240), 0, 48), 48);
    assert.equal(SealedRecords.open(newKeyRing(), { kind: "vectors", id: "a" }, head)?.open.length, 4);
    assert.equal(SealedRecords.open(keys, { kind: "vectors", id: "a" }, head.subarray(0, 60)), undefined);
    assert.notDeepEqual(records.seal(plain, 3 * 48, 48), sealed, "written again under another nonce");
  });

  it("has its data keys from a ring, which the right master key opens, also beside others", () => {
    const [first, second, wrong] = [randomBytes(32), randomBytes(32), randomBytes(32)] as const;
    const ring = newKeyRing();
    const of = (...all: MasterKeys): MasterKeys => all;
    const text = ringText(wrapRing(ring, of(first)));
    const written = ringFromText(text);
    assert.ok(written);
    assert.deepEqual(openRing(written, of(first), "it"), ring);
    assert.deepEqual(openRing(written, of(second, first), "it"), ring);
    assert.ok(!text.includes(Buffer.from(ring.keys[0].secret).toString("base64")));
    const forbidden = (error: unknown) =>
      error instanceof MurmurationError && error.code === "forbidden" && /another key/.test(error.message);
    assert.throws(() => openRing(written, of(wrong), "it"), forbidden);
    const again = ringFromText(ringText(wrapRing(ring, of(second, first))));
    assert.ok(again);
    assert.throws(() => openRing(again, of(first), "it"), forbidden, "wrapped by the first key alone");
    // somebody who writes another fingerprint does not get a key that way
    assert.throws(() => openRing({ ...written, master: fingerprintOfKey(wrong) }, of(wrong), "it"), corrupt);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: text.length - 1 }), (at) => {
        const harmed = flipped(Buffer.from(text), at).toString("latin1");
        const found = ringFromText(harmed);
        if (found !== undefined) assert.deepEqual(found, written, "only what says nothing may change");
      }),
    );
  });

  it("takes keys as hex or base64, a line each, and shows none of what is no key", () => {
    const key = randomBytes(32);
    for (const text of [
      key.toString("hex"),
      `${key.toString("base64")}\n`,
      ` ${key.toString("hex").toUpperCase()}\r\n`,
    ])
      assert.deepEqual(masterKeysOf(text), [key]);
    assert.deepEqual(masterKeysOf(`${key.toString("hex")}\n${key.toString("base64")}`), [key, key]);
    for (const text of ["", "secret", key.toString("hex").slice(1), `${key.toString("hex")} secret`, "é".repeat(32)]) {
      assert.throws(
        () => masterKeysOf(text),
        (error: Error) => /32 random bytes/.test(error.message) && !error.message.includes("secret"),
      );
    }
  });
});
