import assert from "node:assert/strict";
import { closeSync, existsSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  killAllServers,
  newFolder,
  noSmallDisk,
  removeFolder,
  type ServerProcess,
  startServer,
} from "../support/server.js";
import { until } from "../support/until.js";

const DISK_BYTES = 40 * 1024 * 1024;
const folder = newFolder("disk-full");
after(() => {
  killAllServers();
  removeFolder(folder);
});

/** Writes points of this many characters until the log takes no more. */
async function fill(server: ServerProcess, characters: number): Promise<void> {
  for (let id = 0; id < 2_000; id++) {
    const points = [{ id, vector: [id, 1], payload: { text: "x".repeat(characters) } }];
    const { status } = await server.request("PUT", "/collections/hurt/points?wait=true", { points });
    if (status === 200) continue;
    assert.equal(status, 500);
    return;
  }
  assert.fail("the disk was not full");
}

/** Takes what room is left on the disk of a folder. */
function takeAllRoom(disk: string): void {
  const file = openSync(join(disk, "filler"), "w");
  try {
    for (const bytes of [1 << 20, 1 << 12, 1]) {
      try {
        for (;;) writeSync(file, Buffer.alloc(bytes, 1));
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, "ENOSPC");
      }
    }
  } finally {
    closeSync(file);
  }
}

const missing = noSmallDisk();
// a build must not pass without it
const skip = missing !== undefined && process.env["CI"] === undefined ? `needs ${missing}` : false;

test("a collection is dropped on a file system without a free block left", {
  skip,
}, async () => {
  const server = await startServer({ dataFolder: folder, diskBytes: DISK_BYTES });
  const disk = `/proc/${server.pid}/root${folder}`;
  const reserve = join(disk, "reserve");
  await until(() => existsSync(reserve) && statSync(reserve).size === 8 * 1024 * 1024, "the reserve is made");
  for (const name of ["sound", "hurt"]) {
    await server.request("PUT", `/collections/${name}`, { vectors: { size: 2, distance: "Dot" } });
  }
  await fill(server, 200_000);
  takeAllRoom(disk);
  await fill(server, 1_000);
  assert.equal((await fetch(`${server.address}/readyz`)).status, 503);
  const dropped = await server.request("DELETE", "/collections/hurt");
  assert.equal(dropped.status, 200, JSON.stringify(dropped.body));
  assert.equal((await server.request("GET", "/collections/hurt")).status, 404);
  assert.equal((await server.request("GET", "/collections/sound")).status, 200);
  assert.equal(existsSync(reserve), false);
  await server.kill();
});
