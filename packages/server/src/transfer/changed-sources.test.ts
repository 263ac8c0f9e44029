import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Position } from "./source.js";
import { openFileSource, TransferFolder } from "./transfers.test-support.js";

/** Reads behind a place, as a run does that goes on; the first column of the rows. */
async function readBehind(path: string, from: Position): Promise<unknown[]> {
  const source = await openFileSource(path);
  try {
    const found: unknown[] = [];
    for await (const row of source.rows(from)) found.push(row.fields?.get("id"));
    return found;
  } finally {
    await source.close();
  }
}

/** Where a run was that was cut off behind so many rows, as its state has it. */
async function placeBehind(path: string, rows: number): Promise<Position> {
  const source = await openFileSource(path);
  try {
    for await (const row of source.rows(undefined))
      if (row.next.rows === rows) return JSON.parse(JSON.stringify(row.next)) as Position;
  } finally {
    await source.close();
  }
  throw new Error("there are fewer rows");
}

describe("a source that changes between a run that is cut off and the one that goes on", () => {
  const folder = new TransferFolder();
  after(() => folder.remove());

  const plain = (text: string) => text;
  const kinds: readonly (readonly [
    name: string,
    pack: (text: string) => string | Uint8Array,
    head: string,
    row: (id: number) => string,
  ])[] = [
    ["a.ndjson", plain, "", (id) => `{"id":${id},"vector":[1,2]}`],
    ["a.ndjson.gz", gzipSync, "", (id) => `{"id":${id},"vector":[1,2]}`],
    ["a.csv", plain, "id,vector\n", (id) => `${id},"[1,2]"`],
    ["a.csv.gz", gzipSync, "id,vector\n", (id) => `${id},"[1,2]"`],
  ];
  for (const [name, pack, head, row] of kinds) {
    const text = (ids: readonly number[], end = "\n") => head + ids.map(row).join("\n") + end;
    const write = (ids: readonly number[], end?: string) => folder.file(name, pack(text(ids, end)));

    test(`${name}: what has grown goes on, also where its last line had no end`, async () => {
      const path = write([1, 2, 3], "");
      const [second, third] = [await placeBehind(path, 2), await placeBehind(path, 3)];
      assert.deepEqual(await readBehind(path, second), [3]);
      assert.deepEqual(await readBehind(path, third), []);
      write([1, 2, 3, 4]);
      assert.deepEqual(await readBehind(path, second), [3, 4]);
      assert.deepEqual(await readBehind(path, third), [4]);
    });

    test(`${name}: one that is shorter, or in another order, is another file`, async () => {
      const path = write([1, 2, 3, 4]);
      const place = await placeBehind(path, 3);
      for (const ids of [[1], [1, 2], [1, 3, 2, 4], [1, 2, 4, 3]]) {
        write(ids);
        await assert.rejects(readBehind(path, place), /is another file than before: begin again with --restart/);
      }
    });
  }
});
