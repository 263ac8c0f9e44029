import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { EventReader } from "@murmuration/server/testing/event-reader";
import { root } from "../support/source-tree.js";
import { startE2eServer } from "./e2e-server.js";

const { address, dataFolder, request, log } = await startE2eServer(["--listeners", "1"]);

/** The examples of the page on changes, in a language. */
function examples(language: string): string[] {
  const page = readFileSync(join(root, "docs/changes.md"), "utf8");
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(([, text]) => text as string);
}

/** What a command prints until it has printed this, or ends. */
function run(command: string, args: readonly string[], until: RegExp): Promise<string> {
  const child = spawn(command, args, {
    env: { ...process.env, URL: address, EVENTS: "3" },
    stdio: ["ignore", "pipe", "pipe"],
    // a shell has children
    detached: true,
  });
  return new Promise((resolve) => {
    let out = "";
    const read = (text: string) => {
      out += text;
      if (until.test(out)) process.kill(-(child.pid as number), "SIGTERM");
    };
    child.stdout.setEncoding("utf8").on("data", read);
    child.stderr.setEncoding("utf8").on("data", read);
    child.once("close", () => resolve(out));
  });
}

test("what the page shows can be run as it stands there", async () => {
  await request("PUT", "/collections/things", { vectors: { size: 2, distance: "Cosine" } });
  const points = [1, 2, 3].map((id) => ({ id, vector: [id, 1], payload: { city: "Oslo" } }));
  await request("PUT", "/collections/things/points?wait=true", { points });
  const [follow, live] = examples("sh") as [string, string];
  const [followed, answered] = await Promise.all([
    run("sh", ["-c", follow], /"id":3,[\s\S]*\n\n/),
    run("sh", ["-c", live], /^event: top[\s\S]*\n\n/m),
  ]);
  assert.equal([...followed.matchAll(/^event: upsert$/gm)].length, 3, followed);
  assert.match(followed, /^id: [\w.-]+\ndata: \{"dot":"\d+:1",.*"payload":\{"city":"Oslo"\}.*"vector":\[/m);
  assert.match(answered, /^event: top\nid: [\w.-]+\ndata: \{"token":"[\w.-]+","result":\[\{"id":1,/m);
  const [program] = examples("js") as [string];
  const file = join(dataFolder, "follow.mjs");
  writeFileSync(file, program);
  const printed = await run(process.execPath, [file], /never/);
  assert.match(printed, /^\d+:1 upsert 1\n\d+:2 upsert 2\n\d+:3 upsert 3\n$/);
});

test("streams go through every thread that listens, and end with the server's word", async () => {
  const readers = await Promise.all(
    Array.from({ length: 8 }, () => EventReader.open(`${address}/murmur/collections/things/changes`)),
  );
  for (const reader of readers) assert.equal((await reader.next())?.event, "begin", log());
  await request("PUT", "/collections/things/points?wait=true", { points: [{ id: 9, vector: [1, 2] }] });
  for (const reader of readers) assert.match((await reader.next())?.data ?? "", /"id":9,/);
  const { text } = await request("GET", "/metrics");
  assert.match(text, /^murmur_stream_clients 8$/m);
  // the end of this file stops the server, which does not wait for who follows
});
