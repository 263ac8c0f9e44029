import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { auditFilesIn } from "./audit-files.js";
import { lineBytesMax } from "./audit-limits.js";
import { linesIn, newFolder, openLog, wrote } from "./audit-log.test-support.js";
import { actions } from "./entry.js";
import { headName, headText, parseHead } from "./head.js";
import { LineFile, type OpenLines } from "./line-file.js";
import { verifyAuditLog } from "./verify.js";

const HOUR_MS = 3_600_000;
const targets = (folder: string) => linesIn(folder).flatMap(({ entry }) => entry.target ?? []);
const problems = (folder: string) => verifyAuditLog(folder).problems;

describe("an audit log", () => {
  it("has each line on the disk when it says so, those that come together too", async () => {
    const folder = newFolder();
    const log = await openLog(folder);
    await Promise.all(Array.from({ length: 50 }, (_, i) => log.append(wrote(`${i}`))));
    assert.deepEqual(
      targets(folder),
      Array.from({ length: 50 }, (_, i) => `${i}`),
    );
    assert.deepEqual(problems(folder), []);
    assert.equal(log.counts.lines, 51);
    await log.close();
  });

  it("goes on where it ended, also where it was not closed", async () => {
    const folder = newFolder();
    const first = await openLog(folder);
    await first.append(wrote("a"));
    const second = await openLog(folder);
    await second.append(wrote("b"));
    await second.close();
    assert.deepEqual(targets(folder), ["a", "b"]);
    assert.deepEqual(problems(folder), []);
    assert.equal(auditFilesIn(folder).length, 1);
  });

  it("takes a line away that was not written to its end, says so, and goes on", async () => {
    const folder = newFolder();
    const first = await openLog(folder);
    await first.append(wrote("a"));
    await first.close();
    appendFileSync(join(folder, auditFilesIn(folder)[0] as string), '{"n":3,"at":"20');
    const second = await openLog(folder);
    await second.append(wrote("b"));
    await second.close();
    assert.deepEqual(targets(folder), ["a", "b"]);
    assert.deepEqual(problems(folder), []);
    assert.deepEqual(verifyAuditLog(folder).notes, [{ line: 3, action: actions.tornEnd }]);
  });

  it("takes away nothing else where a line before that is too long, or no text", async () => {
    const folder = newFolder();
    const first = await openLog(folder);
    await first.append(wrote("a"));
    await first.close();
    const file = join(folder, auditFilesIn(folder)[0] as string);
    const foreign = Buffer.concat([Buffer.alloc(lineBytesMax + 10, "x"), Buffer.from([10, 0xff, 0xfe, 10])]);
    appendFileSync(file, foreign);
    const before = readFileSync(file);
    appendFileSync(file, '{"n":');
    const second = await openLog(folder);
    await second.append(wrote("b"));
    await second.close();
    assert.ok(readFileSync(file).equals(before), "the torn line is gone, and nothing else");
    assert.ok(problems(folder).length > 0, "what somebody put there is found");
  });

  it("goes on where an old file cannot be removed, and says which", async () => {
    const folder = newFolder();
    let nowMs = 1e12;
    const told: object[] = [];
    const tell = (_level: string, about: object) => void told.push(about);
    const log = await openLog(folder, { keepDays: 1, nowMs: () => nowMs, tell });
    await log.append(wrote("day 0"));
    const [oldest = ""] = auditFilesIn(folder);
    rmSync(join(folder, oldest));
    // a folder is not removed as a file is
    mkdirSync(join(folder, oldest));
    for (let day = 1; day < 5; day++) {
      nowMs += 24 * HOUR_MS;
      await log.append(wrote(`day ${day}`));
    }
    await log.close();
    assert.ok(
      told.some((about) => "file" in about && about.file === oldest),
      JSON.stringify(told),
    );
  });

  it("begins another file by size and by age, and each tells what came before", async () => {
    const folder = newFolder();
    let nowMs = 1e12;
    const log = await openLog(folder, { fileBytesMax: 700, fileHoursMax: 2, nowMs: () => nowMs });
    await log.append(wrote("a"));
    await log.append(wrote("b"));
    await log.append(wrote("c"));
    assert.equal(auditFilesIn(folder).length, 2);
    nowMs += 2 * HOUR_MS;
    await log.append(wrote("d"));
    assert.equal(auditFilesIn(folder).length, 3);
    await log.close();
    assert.deepEqual(targets(folder), ["a", "b", "c", "d"]);
    assert.deepEqual(problems(folder), []);
  });

  it("removes files that are older than is kept, and records it, so that the beginning that is left is known", async () => {
    const folder = newFolder();
    let nowMs = 1e12;
    const log = await openLog(folder, { keepDays: 2, nowMs: () => nowMs });
    for (let day = 0; day < 6; day++) {
      await log.append(wrote(`day ${day}`));
      nowMs += 24 * HOUR_MS;
    }
    await log.close();
    assert.deepEqual(targets(folder), ["day 2", "day 3", "day 4", "day 5"]);
    assert.deepEqual(problems(folder), []);
    assert.ok(linesIn(folder).some(({ entry }) => entry.action === actions.filesRemoved));
    // what was removed by somebody else is not recorded
    const reopened = await openLog(folder, { keepDays: 2, nowMs: () => nowMs });
    await reopened.close();
    assert.deepEqual(problems(folder), []);
  });

  it("writes its head to all places, signed, and never more than there is", async () => {
    const folder = newFolder();
    const elsewhere = join(newFolder(), "head");
    const log = await openLog(folder, { headFiles: [elsewhere] });
    await log.append(wrote("a"));
    await log.anchor();
    const head = parseHead(readFileSync(elsewhere, "utf8"));
    assert.equal(head.number, 2);
    assert.equal(head.hash, linesIn(folder).at(-1)?.hash);
    assert.deepEqual(parseHead(readFileSync(join(folder, headName), "utf8")), head);
    await log.close();
  });
});

describe("an audit log that was damaged while nobody wrote it", () => {
  async function damaged(harm: (folder: string, file: string) => void) {
    const folder = newFolder();
    const first = await openLog(folder);
    for (const target of ["a", "b", "c"]) await first.append(wrote(target));
    await first.close();
    harm(folder, join(folder, auditFilesIn(folder)[0] as string));
    const told: string[] = [];
    const second = await openLog(folder, { tell: (level, _fields, message) => told.push(`${level} ${message}`) });
    await second.append(wrote("d"));
    await second.close();
    assert.match(told[0] ?? "", /^error the audit log is damaged/);
    return folder;
  }
  const linesOf = (file: string) => readFileSync(file, "utf8").split("\n").slice(0, -1);
  const harms: { readonly [how: string]: readonly [(folder: string, file: string) => void, string] } = {
    "its end cut off": [
      (_folder, file) => writeFileSync(file, `${linesOf(file).slice(0, -2).join("\n")}\n`),
      "missing",
    ],
    "a line changed": [
      (_folder, file) => writeFileSync(file, readFileSync(file, "utf8").replace('"b"', '"x"')),
      "changed",
    ],
    "its last line changed": [
      (_folder, file) => writeFileSync(file, readFileSync(file, "utf8").replace('"c"', '"x"')),
      "changed",
    ],
    "a line that is none": [(_folder, file) => appendFileSync(file, "nothing\n"), "unreadable"],
    "its files gone": [(_folder, file) => rmSync(file), "beginning"],
    "its head ahead": [
      (folder) => {
        const head = parseHead(readFileSync(join(folder, headName), "utf8"));
        writeFileSync(join(folder, headName), headText({ ...head, number: 9 }));
      },
      "missing",
    ],
  };
  for (const [how, [harm, kind]] of Object.entries(harms)) {
    it(`goes on with ${how}, says so in the log, and does not hide it`, async () => {
      const folder = await damaged(harm);
      const verdict = verifyAuditLog(folder);
      assert.ok(
        verdict.problems.some((problem) => problem.kind === kind),
        JSON.stringify(verdict.problems),
      );
      assert.ok(verdict.notes.some(({ action }) => action === actions.damaged));
      assert.equal(targets(folder).at(-1), "d");
      // it has told of it once
      const again = await openLog(folder);
      await again.append(wrote("e"));
      await again.close();
      assert.equal(linesIn(folder).filter((line) => line?.entry.action === actions.damaged).length, 1);
    });
  }
});

describe("an audit log of any content", () => {
  it("goes on, whatever stands in its files and its head", async () => {
    const written = newFolder();
    const log = await openLog(written);
    for (const target of ["a", "b", "c"]) await log.append(wrote(target));
    await log.close();
    const name = auditFilesIn(written)[0] as string;
    const [content, head] = [readFileSync(join(written, name)), readFileSync(join(written, headName))];
    const bytes = (of: Buffer) =>
      fc.oneof(
        fc.uint8Array({ maxLength: 400 }).map((drawn) => Buffer.from(drawn)),
        fc.nat(of.length).map((end) => of.subarray(0, end)),
        fc.tuple(fc.nat(of.length - 1), fc.nat(255)).map(([at, byte]) => of.with(at, byte)),
        fc
          .constantFrom("0", "-1", "999999999999999", '"x"', "null", "1e400")
          .map((number) => Buffer.from(of.toString("latin1").replaceAll(/"n":\d+/g, `"n":${number}`), "latin1")),
      );
    await fc.assert(
      fc.asyncProperty(bytes(content), fc.option(bytes(head), { nil: undefined }), async (ofFile, ofHead) => {
        const folder = newFolder();
        writeFileSync(join(folder, name), ofFile);
        if (ofHead !== undefined) writeFileSync(join(folder, headName), ofHead);
        const opened = await openLog(folder);
        await opened.append(wrote("after"));
        await opened.close();
        assert.equal(targets(folder).at(-1), "after");
        const [first, ...others] = problems(folder);
        // what it writes itself is in order, whatever was there
        const again = await openLog(folder);
        await again.append(wrote("again"));
        await again.close();
        assert.equal(targets(folder).at(-1), "again");
        assert.deepEqual(problems(folder), first === undefined ? [] : [first, ...others]);
      }),
      { numRuns: 60 },
    );
  });
});

describe("an audit log whose disk takes nothing", () => {
  const full = Object.assign(new Error("no space left"), { code: "ENOSPC" });

  /** Files that fail while they are told to, after a part of what they were given. */
  function failing() {
    const state = { isFailing: false, tries: 0 };
    const openFile: OpenLines = async (folder, name, bytes) => {
      const file = await LineFile.open(folder, name, bytes);
      return {
        name,
        close: () => file.close(),
        append: async (lines) => {
          state.tries++;
          if (!state.isFailing) return file.append(lines);
          writeFileSync(join(folder, "part"), lines.subarray(0, 10));
          throw full;
        },
      };
    };
    return { state, openFile };
  }

  it("says of each line that it is not written, writes it when it can, and loses none", async () => {
    const folder = newFolder();
    const { state, openFile } = failing();
    const told: string[] = [];
    const log = await openLog(folder, {
      openFile,
      tell: (level, _fields, message) => told.push(`${level} ${message}`),
    });
    await log.append(wrote("a"));
    state.isFailing = true;
    await assert.rejects(log.append(wrote("b")), /no space left/);
    await assert.rejects(log.append(wrote("c")), /no space left/);
    assert.equal(log.failing, "no space left");
    assert.deepEqual(targets(folder), ["a"]);
    state.isFailing = false;
    await log.close();
    assert.deepEqual(targets(folder), ["a", "b", "c"]);
    assert.deepEqual(problems(folder), []);
    assert.deepEqual([log.counts.lost, log.failing], [0, undefined]);
    assert.ok(log.counts.failures >= 1);
    assert.deepEqual(told, ["error the audit log cannot be written"]);
  });

  it("gives up the room that it kept for the lines under way", async () => {
    const folder = newFolder();
    const reserve = join(folder, "reserve");
    const openFile: OpenLines = async (at, name, bytes) => {
      const file = await LineFile.open(at, name, bytes);
      const append = async (lines: Buffer) => {
        if (existsSync(reserve)) throw full;
        await file.append(lines);
      };
      return { name, append, close: () => file.close() };
    };
    const log = await openLog(folder, { openFile });
    assert.ok(existsSync(reserve));
    await log.append(wrote("a"));
    assert.ok(!existsSync(reserve));
    assert.deepEqual([targets(folder), log.failing, log.counts.failures], [["a"], undefined, 1]);
    await log.close();
  });

  it("counts what there is no room for, and says how many when it can", async () => {
    const folder = newFolder();
    const { state, openFile } = failing();
    const log = await openLog(folder, { openFile });
    await log.append(wrote("a"));
    state.isFailing = true;
    const kept = await manyUntilLost(log);
    assert.ok(kept > 1_000, `${kept} lines are kept`);
    state.isFailing = false;
    const tried = log.append(wrote("after"));
    await assert.rejects(tried);
    await log.anchor();
    await log.close();
    assert.equal(log.counts.lost, 2);
    assert.deepEqual(problems(folder), []);
    assert.equal(targets(folder).length, kept + 1);
  });

  async function manyUntilLost(log: Awaited<ReturnType<typeof openLog>>): Promise<number> {
    let kept = 0;
    for (; log.counts.lost === 0 && kept < 100_000; kept++) await log.append(wrote(`${kept}`)).catch(() => undefined);
    return kept - 1;
  }
});
