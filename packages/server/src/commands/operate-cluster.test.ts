import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { putUnreadableAlias, sendMisfit, unreadableAlias } from "../testing/left-out.js";
import { memberApp } from "../testing/member-app.js";
import { fill, testApp } from "../testing/test-app.js";

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

describe("murmur members and murmur evict", () => {
  it("ask a running server", async () => {
    const before = await testApp();
    await fill(before);
    await before.database.close();
    putUnreadableAlias(before.log);
    const { app, database } = await testApp({}, { log: before.log });
    const { replicaId } = database.status();
    await app.listen({ host: "127.0.0.1", port: 0 });
    const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
    const members = await murmur("members", "--url", url);
    const problems = `1 entries of the catalogue cannot be read and are left out:\n  ${unreadableAlias}\n`;
    assert.deepEqual(members, { code: 0, out: `replica ${replicaId} is alone\n${problems}`, err: "" });
    const evicted = await murmur("evict", "12", "--url", url);
    assert.deepEqual([evicted.code, evicted.err], [1, "error: Not found: there is no replica 12\n"]);
    const forPrograms = await murmur("members", "--url", url, "--json");
    assert.deepEqual([forPrograms.code, forPrograms.err], [0, ""]);
    const cluster = JSON.parse(forPrograms.out) as { readonly ok: boolean; readonly replica_id: number };
    assert.deepEqual([cluster.ok, cluster.replica_id], [true, replicaId]);
    await app.close();
    const gone = await murmur("members", "--url", url);
    assert.equal(gone.code, 1);
    assert.match(gone.err, /^error: no answer from http/);
    const goneForPrograms = await murmur("evict", "12", "--url", url, "--json");
    assert.equal(goneForPrograms.code, 1);
    assert.match((JSON.parse(goneForPrograms.out) as { readonly error: string }).error, /^no answer from http/);
  });

  it("ask a member, which tells of what is set aside", async () => {
    const member = await memberApp([2, 12]);
    await sendMisfit(member, 2, "things");
    await member.app.listen({ host: "127.0.0.1", port: 0 });
    const url = `http://127.0.0.1:${(member.app.server.address() as AddressInfo).port}`;
    const shard = member.database.collection("things").id;
    const { out } = await murmur("members", "--url", url);
    const [heading, line] = out.split("\n").slice(-3);
    assert.equal(heading, "1 operations are set aside, each with what follows it of its replica:");
    assert.match(line ?? "", new RegExp(`^  2:1 of shard ${shard}, tried \\d+ times since [\\dT:.-]+Z: .`));
    assert.equal((await murmur("evict", "12", "--url", url)).code, 0);
    assert.deepEqual(member.written.at(-1), { kind: "evict-member", id: 12 });
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
