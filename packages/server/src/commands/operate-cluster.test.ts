import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { LeftOut } from "@murmuration/core";
import { testApp } from "../testing/test-app.js";

async function murmur(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("../cli.js", import.meta.url)), ...argv]);
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const [code] = (await once(child, "close")) as [number];
  return { code, out, err };
}

const leftOut: LeftOut = {
  setAside: {
    total: 1,
    first: [
      {
        shard: "1-1",
        origin: 2,
        sequence: 9,
        code: "capacity",
        reason: "no room",
        from: 2,
        sinceMs: 5_000,
        attempts: 3,
      },
    ],
  },
  catalogueProblems: { total: 1, first: ['aliases ":a": it leads to no collection'] },
};

describe("murmur members and murmur evict", () => {
  it("ask a running server", async () => {
    const { app, database } = await testApp();
    await app.listen({ host: "127.0.0.1", port: 0 });
    const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
    assert.deepEqual(await murmur("members", "--url", url), { code: 0, out: "replica 1 is alone\n", err: "" });
    const evicted = await murmur("evict", "12", "--url", url);
    assert.deepEqual([evicted.code, evicted.err], [0, ""]);
    assert.deepEqual(database.written, [{ kind: "evict-member", id: 12 }]);
    const forPrograms = await murmur("members", "--url", url, "--json");
    assert.deepEqual([forPrograms.code, forPrograms.err], [0, ""]);
    const cluster = JSON.parse(forPrograms.out) as { readonly ok: boolean; readonly replica_id: number };
    assert.deepEqual([cluster.ok, cluster.replica_id], [true, 1]);
    database.leftOut = leftOut;
    const withFaults = await murmur("members", "--url", url);
    assert.equal(
      withFaults.out,
      `replica 1 is alone
1 operations are set aside, each with what follows it of its replica:
  2:9 of shard 1-1, tried 3 times since 1970-01-01T00:00:05.000Z: no room
1 entries of the catalogue cannot be read and are left out:
  aliases ":a": it leads to no collection
`,
    );
    await app.close();
    const gone = await murmur("members", "--url", url);
    assert.equal(gone.code, 1);
    assert.match(gone.err, /^error: no answer from http/);
    const goneForPrograms = await murmur("evict", "12", "--url", url, "--json");
    assert.equal(goneForPrograms.code, 1);
    assert.match((JSON.parse(goneForPrograms.out) as { readonly error: string }).error, /^no answer from http/);
  });

  it("say that what answers is no server of ours", async () => {
    const other = createServer((_, response) => response.end("<html>")).listen(0, "127.0.0.1");
    await once(other, "listening");
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const { code, err } = await murmur("members", "--url", url);
    other.close();
    assert.deepEqual([code, err], [1, `error: ${url} is no Murmuration server: it answers 200 and no JSON\n`]);
  });

  it("refuse what they do not understand with 2", async () => {
    assert.equal((await murmur("evict", "me")).code, 2);
    assert.equal((await murmur("members", "--url", "localhost")).code, 2);
  });
});
