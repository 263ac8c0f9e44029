import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { failsWith } from "../backup/backups.test-support.js";
import { newKeyRing } from "../encryption/key-ring.js";
import { SnapshotFolder } from "./snapshot-folder.js";

const HOUR_MS = 3_600_000;

describe("the folder of snapshots", () => {
  const root = mkdtempSync(join(tmpdir(), "murmur-snapshots-"));
  after(() => rmSync(root, { recursive: true, force: true }));

  it("counts a snapshot as old as its beginning, while it is made and afterwards", async () => {
    const folder = await SnapshotFolder.open(root);
    const work = folder.newWork();
    const begunMs = Date.now();
    while (Date.now() === begunMs);
    const sinceMs = Date.now();
    assert.ok(await folder.hasWorkSince(sinceMs), "it is begun, and has no file yet");
    writeFileSync(work, "text");
    const later = (Date.now() + HOUR_MS) / 1_000;
    utimesSync(work, later, later);
    assert.ok(await folder.hasWorkSince(sinceMs), "what is written to it last says nothing of what it began with");
    const { name } = await folder.keep(work, undefined, "full", "0");
    await folder.endWork(work);
    assert.ok((await folder.writtenMs(undefined, name)) < sinceMs);
    assert.equal(await folder.hasWorkSince(sinceMs), false);
  });

  it("goes on with no recovery that was only begun by half, nor keeps its file", async () => {
    const inside = join(root, "half");
    const recovering = join(inside, ".recovering");
    mkdirSync(recovering, { recursive: true });
    // killed behind the file, before the note is whole, or when the note was gone
    for (const name of ["a.snapshot", "b.snapshot", "b.unfinished"]) writeFileSync(join(recovering, name), "");
    const folder = await SnapshotFolder.open(inside);
    assert.deepEqual(readdirSync(recovering), []);
    assert.equal(await folder.hasWorkSince(Date.now() + HOUR_MS), false);
  });

  it("leaves nothing of a recovery that cannot be begun", async () => {
    const inside = join(root, "failing");
    const folder = await SnapshotFolder.open(inside);
    // a folder can neither be linked nor copied as a file
    await assert.rejects(folder.beginRecovery("c", inside));
    // a name that JSON has no text for: the note fails, and not the file
    const unprintable = { toJSON: () => assert.fail("no room for the note") } as unknown as string;
    const snapshot = join(inside, "c.snapshot");
    writeFileSync(snapshot, "text");
    await assert.rejects(folder.beginRecovery(unprintable, snapshot), /no room/);
    assert.deepEqual(readdirSync(join(inside, ".recovering")), []);
  });

  it("goes on with a recovery also where the note of another one cannot be read, which is told of", async () => {
    const inside = join(root, "unreadable");
    const folder = await SnapshotFolder.open(inside);
    const snapshot = join(inside, "c.snapshot");
    writeFileSync(snapshot, "text");
    await folder.beginRecovery("c", snapshot);
    const [cut, its] = ["0.json", "0.snapshot"].map((name) => join(inside, ".recovering", name)) as [string, string];
    for (const path of [cut, its]) writeFileSync(path, "");
    const told: string[] = [];
    const begun = await (await SnapshotFolder.open(inside)).begunRecoveries((note) => told.push(note));
    assert.deepEqual([begun.map(({ collection }) => collection), told], [["c"], [cut]]);
  });

  // what a link shows that points nowhere is what a removal between two looks shows
  it("lists what is there when another request removes one meanwhile, which is not found then", async () => {
    for (const keys of [undefined, newKeyRing()]) {
      const inside = join(root, `removed-${keys === undefined ? "plain" : "sealed"}`);
      const folder = await SnapshotFolder.open(inside, keys);
      for (const name of ["a", "b"]) {
        const work = folder.newWork();
        writeFileSync(work, "text");
        await folder.keep(work, "c", name, "0");
        await folder.endWork(work);
      }
      const where = keys === undefined ? join(inside, "collections/c") : join(inside, "sealed");
      symlinkSync("nowhere", join(where, keys === undefined ? "gone.snapshot" : "gone.note"));
      assert.deepEqual(
        (await folder.list("c")).map(({ name }) => name),
        ["a.snapshot", "b.snapshot"],
      );
      const find = folder.find.bind(folder);
      folder.find = async (...named) => {
        const path = await find(...named);
        rmSync(path);
        return path;
      };
      await assert.rejects(folder.remove("c", "a.snapshot"), failsWith("not-found"));
      assert.deepEqual(
        (await folder.list("c")).map(({ name }) => name),
        ["b.snapshot"],
      );
    }
  });
});
