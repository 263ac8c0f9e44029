import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { auditFilesIn } from "./audit-files.js";
import { linesIn, newFolder, openLog, wrote } from "./audit-log.test-support.js";
import { encodeLine, type Hash, noHash, type ReadLine, readLine } from "./entry.js";
import { headName, headText, parseHead, signHead } from "./head.js";
import { verifyAuditLog } from "./verify.js";

const COUNT = 12;

/** A log of a few lines, in one file. */
async function written(): Promise<string> {
  const folder = newFolder();
  const log = await openLog(folder);
  for (let i = 0; i < COUNT; i++) await log.append(wrote(`point ${i}`));
  await log.close();
  return folder;
}

const fileOf = (folder: string) => join(folder, auditFilesIn(folder)[0] as string);

/** Somebody changes the lines of the file. */
function tamper(folder: string, change: (lines: string[]) => string[]): void {
  const file = fileOf(folder);
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  writeFileSync(
    file,
    change(lines)
      .map((line) => `${line}\n`)
      .join(""),
  );
}

/** Hashes that fit, as whoever knows how a log is written makes them. */
function rechained(lines: readonly string[]): string[] {
  let previous: Hash = noHash;
  return lines.map((line, i) => {
    const { entry, at } = readLine(line) as ReadLine;
    const { text, hash } = encodeLine(entry, i + 1, Date.parse(at), previous);
    previous = hash;
    return text;
  });
}

const kinds = (folder: string, anchors: Parameters<typeof verifyAuditLog>[1] = {}) =>
  [...new Set(verifyAuditLog(folder, anchors).problems.map(({ kind }) => kind))].sort();

describe("an audit log that nobody touched", () => {
  it("is intact, and tells its last line", async () => {
    const folder = await written();
    const verdict = verifyAuditLog(folder);
    assert.deepEqual(verdict.problems, []);
    assert.equal(verdict.lines, COUNT + 1);
    assert.equal(verdict.unanchored, 0);
    const head = parseHead(readFileSync(join(folder, headName), "utf8"));
    assert.deepEqual([verdict.last?.number, verdict.last?.hash, verdict.log], [head.number, head.hash, head.log]);
  });

  it("is found intact while it is written, with what no head tells of yet", async () => {
    const folder = newFolder();
    const log = await openLog(folder);
    await log.append(wrote("one"));
    writeFileSync(fileOf(folder), `${readFileSync(fileOf(folder), "utf8")}{"n":3,"at"`);
    const { isIntact, unanchored, unfinishedBytes } = verifyAuditLog(folder);
    assert.deepEqual([isIntact, unanchored, unfinishedBytes], [true, 2, 11]);
    await log.close();
  });
});

describe("an audit log is found not intact", () => {
  const attacks: { readonly [what: string]: readonly [(lines: string[]) => string[], ...string[]] } = {
    "when a line was changed": [
      (lines) => lines.map((line, i) => (i === 5 ? line.replace("point 4", "point 9") : line)),
      "changed",
    ],
    "when the time of a line was changed": [
      (lines) => lines.map((line, i) => (i === 5 ? line.replace(/"at":"\d{4}/, '"at":"1999') : line)),
      "changed",
    ],
    "when a line was taken out": [(lines) => lines.toSpliced(5, 1), "missing"],
    "when a line was put in twice": [(lines) => lines.toSpliced(5, 0, lines[5] as string), "reordered"],
    "when two lines were exchanged": [
      (lines) => lines.toSpliced(5, 2, lines[6] as string, lines[5] as string),
      "missing",
      "reordered",
    ],
    "when a line was taken out and the others numbered anew": [
      (lines) => lines.toSpliced(5, 1).map((line, i) => line.replace(/^\{"n":\d+/, `{"n":${i + 1}`)),
      "changed",
      "cut",
    ],
    "when its end was cut off": [(lines) => lines.slice(0, -3), "cut"],
    "when its last line was cut off": [(lines) => lines.slice(0, -1), "cut"],
    "when all but its first line was cut off": [(lines) => lines.slice(0, 1), "cut"],
    "when its beginning was cut off": [(lines) => lines.slice(3), "changed", "missing"],
    "when a line is none": [(lines) => lines.toSpliced(5, 1, "what is this"), "unreadable"],
    "when it was written anew with one change": [
      (lines) => rechained(lines.map((line, i) => (i === 5 ? line.replace("point 4", "point 9") : line))),
      "rewritten",
    ],
    "when it was written anew without a line": [(lines) => rechained(lines.toSpliced(5, 1)), "cut"],
  };
  for (const [what, [change, ...expected]] of Object.entries(attacks)) {
    it(what, async () => {
      const folder = await written();
      tamper(folder, change);
      assert.deepEqual(kinds(folder), expected);
    });
  }

  it("says which line was changed", async () => {
    const folder = await written();
    tamper(folder, (lines) => lines.map((line, i) => (i === 5 ? line.replace("point 4", "point 9") : line)));
    const [problem, ...others] = verifyAuditLog(folder).problems;
    assert.deepEqual([problem?.kind, problem?.line, others], ["changed", 6, []]);
  });

  it("when it was written anew with its head, by a head that was kept elsewhere or by its signature, and by nothing else", async () => {
    const folder = await written();
    const kept = parseHead(readFileSync(join(folder, headName), "utf8"));
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    writeFileSync(join(folder, headName), headText(signHead(kept, privateKey)));
    assert.deepEqual(kinds(folder, { signedBy: publicKey }), []);
    tamper(folder, (lines) => rechained(lines.slice(0, -2)));
    const last = linesIn(folder).at(-1) as ReadLine;
    const forged = { ...kept, number: last.number, hash: last.hash };
    writeFileSync(join(folder, headName), headText(forged));
    assert.deepEqual(kinds(folder), []);
    assert.deepEqual(kinds(folder, { anchors: [{ source: "kept", ...kept }] }), ["cut"]);
    assert.deepEqual(kinds(folder, { signedBy: publicKey }), ["head"]);
    writeFileSync(join(folder, headName), headText(signHead(forged, generateKeyPairSync("ed25519").privateKey)));
    assert.deepEqual(kinds(folder, { signedBy: publicKey }), ["head"]);
    // a signature is of all that a head tells
    writeFileSync(join(folder, headName), headText({ ...signHead(kept, privateKey), number: forged.number }));
    assert.ok(kinds(folder, { signedBy: publicKey }).includes("head"));
  });

  it("when its head is gone, or none", async () => {
    const folder = await written();
    writeFileSync(join(folder, headName), "{}");
    assert.deepEqual(kinds(folder), ["head"]);
    rmSync(join(folder, headName));
    assert.deepEqual(kinds(folder), ["head"]);
  });

  it("when a file is gone, from the beginning, the middle or the end, or is of another log", async () => {
    const folder = newFolder();
    const log = await openLog(folder, { fileBytesMax: 1_000 });
    for (let i = 0; i < 40; i++) await log.append(wrote(`point ${i}`));
    await log.close();
    const files = auditFilesIn(folder);
    assert.ok(files.length >= 4, `${files.length} files`);
    assert.deepEqual(kinds(folder), []);
    const without = (at: number, expected: readonly string[]) => {
      const path = join(folder, files.at(at) as string);
      const content = readFileSync(path);
      rmSync(path);
      assert.deepEqual(kinds(folder), expected, `without file ${at}`);
      writeFileSync(path, content);
    };
    without(0, ["beginning"]);
    without(1, ["missing"]);
    without(-1, ["cut"]);
    const other = newFolder();
    const another = await openLog(other, { fileBytesMax: 1_000 });
    for (let i = 0; i < 40; i++) await another.append(wrote(`point ${i}`));
    await another.close();
    copyFileSync(join(other, files[1] as string), join(folder, files[1] as string));
    assert.ok(kinds(folder).includes("other-log"));
  });

  it("whatever byte of it was changed", async () => {
    const folder = await written();
    const file = fileOf(folder);
    const content = readFileSync(file);
    fc.assert(
      fc.property(fc.nat(content.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = Buffer.from(content);
        changed[at] = (changed[at] as number) ^ by;
        writeFileSync(file, changed);
        assert.equal(verifyAuditLog(folder).isIntact, false, `byte ${at}`);
      }),
      { numRuns: 300 },
    );
  });

  it("wherever it was cut off", async () => {
    const folder = await written();
    const file = fileOf(folder);
    const content = readFileSync(file);
    fc.assert(
      fc.property(fc.nat(content.length - 1), (bytes) => {
        writeFileSync(file, content.subarray(0, bytes));
        assert.equal(verifyAuditLog(folder).isIntact, false, `${bytes} bytes`);
      }),
    );
  });
});

describe("a line of an audit log", () => {
  it("is one line of characters that are seen, whatever names it holds", () => {
    const hostile = [
      "a\nb",
      '"},{"n":1',
      "\u001b[2J",
      "\u202egpj.exe",
      "\u0000",
      "\ud800",
      "\u2028",
      "\u0085",
      "\ufeff",
      "é",
    ];
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: "binary" })), (name) => {
        const entry = { ...wrote(name), who: { by: "token" as const, subject: name }, collection: name };
        const { text, hash } = encodeLine(entry, 7, 0, noHash);
        assert.doesNotMatch(text, /[\p{C}\p{Zl}\p{Zp}]/u);
        const read = readLine(text);
        assert.ok(read !== undefined);
        assert.deepEqual([read.number, read.hash], [7, hash]);
        if (name.length > 256) return;
        assert.equal(read.entry.who.subject, name);
        assert.equal(read.entry.collection, name);
      }),
    );
  });

  it("is short, however long a name is", () => {
    const { text } = encodeLine({ ...wrote("x".repeat(1e6)), collection: "y".repeat(1e6) }, 1, 0, noHash);
    assert.ok(text.length < 1_000, `${text.length}`);
  });
});
