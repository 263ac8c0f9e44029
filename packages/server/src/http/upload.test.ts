import assert from "node:assert/strict";
import { scrypt } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { fastify } from "fastify";
import { acceptUploads, saveUpload } from "./upload.js";

/** More than the threads that open files. */
const BUSY_THREADS = 64;

test("an upload that fails leaves no file behind once that was said, also where files are opened late", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "murmuration-upload-"));
  const app = fastify();
  context.after(async () => {
    await app.close();
    rmSync(folder, { recursive: true });
  });
  const path = join(folder, "upload");
  let hashing: Promise<unknown> | undefined;
  await acceptUploads(app);
  app.post("/", async (request, reply) => {
    const derive = promisify<string, string, number, Buffer>(scrypt);
    hashing = Promise.all(Array.from({ length: BUSY_THREADS }, () => derive("password", "salt", 32)));
    await assert.rejects(saveUpload(request, "file", path), { code: "bad-request" });
    rmSync(path, { force: true });
    return reply.send();
  });
  await app.ready();
  const { statusCode } = await app.inject({
    method: "POST",
    url: "/",
    headers: { "content-type": "multipart/form-data; boundary=b" },
    body: `--b\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\ncut off`,
  });
  assert.equal(statusCode, 200);
  await hashing;
  // what waited behind them is opened by now: this waits in the same queue
  await promisify(scrypt)("password", "salt", 32);
  assert.deepEqual(readdirSync(folder), []);
});

test("an upload whose file cannot be made is refused, and its body does not wait for anybody", async (context) => {
  // what comes of a body behind its refusal is drained by who serves (drain.ts)
  const app = fastify({ forceCloseConnections: true });
  context.after(() => app.close());
  await acceptUploads(app);
  app.post("/", async (request, reply) => {
    const missing = join(tmpdir(), "murmuration-no-such-folder", "upload");
    await assert.rejects(saveUpload(request, "file", missing), { code: "ENOENT" });
    return reply.send();
  });
  const address = await app.listen({ port: 0, host: "127.0.0.1" });
  const body = new FormData();
  body.append("file", new Blob([Buffer.alloc(4 * 1024 * 1024)]), "x");
  for (let i = 0; i < 2; i++) assert.equal((await fetch(address, { method: "POST", body })).status, 200);
});
