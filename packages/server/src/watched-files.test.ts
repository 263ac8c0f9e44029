import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { WatchedFiles } from "./watched-files.js";

const folder = mkdtempSync(join(tmpdir(), "murmuration-watched-"));
after(() => rmSync(folder, { recursive: true }));

describe("watched files", () => {
  it("tell of a change once, when it has stood for two looks", async () => {
    const [one, two] = [join(folder, "one"), join(folder, "two")];
    writeFileSync(one, "1");
    writeFileSync(two, "1");
    let told = 0;
    const watched = new WatchedFiles([one, two], () => told++);
    const lookTwice = async () => {
      await watched.look();
      await watched.look();
    };
    await lookTwice();
    assert.equal(told, 0, "as they were");
    writeFileSync(one, "2");
    await watched.look();
    writeFileSync(two, "2");
    await watched.look();
    assert.equal(told, 0, "the second one is only just there");
    await lookTwice();
    assert.equal(told, 1);
    writeFileSync(one, "3");
    await watched.look();
    writeFileSync(one, "2");
    await lookTwice();
    assert.equal(told, 1, "it was put back before anybody was told");
    rmSync(two);
    await lookTwice();
    assert.equal(told, 2, "a file that is gone is another state");
  });

  it("see a file that is reached through a link put in place of another, as mounted secrets are", async () => {
    writeFileSync(join(folder, "old"), "1");
    writeFileSync(join(folder, "new"), "2");
    const link = join(folder, "link");
    symlinkSync(join(folder, "old"), link);
    let told = 0;
    const watched = new WatchedFiles([link], () => told++);
    await watched.look();
    symlinkSync(join(folder, "new"), join(folder, "link.next"));
    renameSync(join(folder, "link.next"), link);
    await watched.look();
    await watched.look();
    assert.equal(told, 1);
  });
});
