import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { lstatSync, mkdirSync, readdirSync, readFileSync, utimesSync } from "node:fs";
import { basename } from "node:path";
import { text } from "node:stream/consumers";
import { after, describe, test } from "node:test";
import { openSink } from "../open-sink.js";
import { TransferFolder } from "../transfers.test-support.js";
import { OutputFile } from "./output-file.js";

const LONG_AGO = new Date(Date.now() - 3_600_000);

describe("an output", () => {
  const folder = new TransferFolder();
  after(() => folder.remove());
  const namesWith = (path: string) => readdirSync(folder.path).filter((name) => name.startsWith(basename(path)));
  const shapes = new Map([["", { kind: "dense", size: 2, datatype: "float32", distance: "Dot" } as const]]);
  const collection = { create: { vectors: { size: 2, distance: "Dot" } }, indexes: [] };
  const openNpy = (output: string) =>
    openSink("npy", { output, collection, shapes, withPayload: true, isHeaderWanted: true });

  test("that cannot get its name leaves nothing, and says why", () => {
    const path = folder.file("becomes-a-folder");
    const output = new OutputFile(path);
    output.write("text");
    mkdirSync(path);
    assert.throws(() => output.end(), /EISDIR|ENOTDIR|EEXIST/);
    output.abandon();
    assert.deepEqual(namesWith(path), [basename(path)]);
    assert.throws(() => new OutputFile(path), /becomes-a-folder cannot be written: it is a folder/);
  });

  test("that two write at once is that of one of them, whole", () => {
    const path = folder.file("both");
    const [first, second] = [new OutputFile(path), new OutputFile(path)];
    first.write("first, of many bytes");
    second.write("second");
    first.end();
    assert.equal(readFileSync(path, "utf8"), "first, of many bytes");
    second.end();
    assert.equal(readFileSync(path, "utf8"), "second");
    assert.deepEqual(namesWith(path), ["both"]);
  });

  test("takes away what a process left of it that was killed, and nothing else", () => {
    const path = folder.file("swept");
    // no process has so large a number
    for (const name of ["swept.4194999-0a.unfinished", "swept.x.unfinished", "swept.more.4194999-0a.unfinished"])
      utimesSync(folder.file(name, ""), LONG_AGO, LONG_AGO);
    folder.file("swept.4194999-0b.unfinished", "of a process of another container");
    const output = new OutputFile(path);
    output.end();
    assert.deepEqual(namesWith(path).sort(), [
      "swept",
      "swept.4194999-0b.unfinished",
      "swept.more.4194999-0a.unfinished",
      "swept.x.unfinished",
    ]);
  });

  test("that is a pipe stays one", { skip: process.platform === "win32" && "there are no such pipes" }, async () => {
    const path = folder.file("pipe");
    execFileSync("mkfifo", [path]);
    const reader = spawn("cat", [path], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const read = text(reader.stdout);
      const output = new OutputFile(path);
      output.write("through");
      output.end();
      assert.ok(lstatSync(path).isFIFO());
      assert.equal(await read, "through");
    } finally {
      reader.kill();
    }
  });

  test("of two files leaves neither where one cannot be opened", async () => {
    const path = folder.file("vectors.npy");
    mkdirSync(`${path}.payload.ndjson`);
    await assert.rejects(openNpy(path), /payload\.ndjson cannot be written: it is a folder/);
    assert.deepEqual(namesWith(path), ["vectors.npy.payload.ndjson"]);
  });
});
