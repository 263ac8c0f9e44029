import assert from "node:assert/strict";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
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
});
