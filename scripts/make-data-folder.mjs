#!/usr/bin/env node
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "./lib/build-steps.mjs";
import { collections, fill, later, questions } from "./lib/data-folder-content.mjs";
import { inRoot } from "./lib/paths.mjs";
import { endWith } from "./lib/run-step.mjs";
import { helpOnRequest, say } from "./lib/terminal.mjs";

const HELP = `
Usage: node scripts/make-data-folder.mjs FOLDER [--help]

Makes a data folder with the code as it is, and what it answers: FOLDER/*.gz, FOLDER/answers.json.gz among them. Committed ones stand in
test/fixtures and are never made again: they are what an earlier version left behind. Format: test/fixtures/README.md.
`;

/** Rows that may go at which the shard that is replaced again and again is compacted, and no other. */
const COMPACTION_ROWS = 300;
const TICKS_MAX = 10_000;

helpOnRequest(HELP);
await endWith(async () => {
  const target = process.argv[2];
  if (target === undefined) throw new Error(HELP);
  build({ projects: ["test"] });
  const { killAllServers, startServer } = await import("../test/dist/support/server.js");
  const { answersOf, atRest } = await import("../test/dist/support/stored-answers.js");
  const dataFolder = mkdtempSync(join(tmpdir(), "murmuration-data-folder-"));
  try {
    let server = await startServer({ dataFolder });
    for (const [path, body] of collections()) await send(server, "PUT", path, body);
    for (const [method, path, body] of fill()) await send(server, method, path, body);
    await atRest(server);
    await server.stop();
    await compact(join(dataFolder, "murmuration.db"));

    // images are as of here, and what follows stands in the -wal of a process that was killed
    server = await startServer({ dataFolder });
    for (const [method, path, body] of later()) await send(server, method, path, body);
    await atRest(server);
    const answers = await answersOf(server, questions());
    await server.kill();

    const commit = execFileSync("git", ["-C", inRoot("."), "rev-parse", "HEAD"], { encoding: "utf8" }).trim();
    writeFileSync(join(target, "answers.json.gz"), gzipSync(JSON.stringify({ commit, answers }), { level: 9 }));
    for (const file of filesOf(dataFolder)) {
      const packed = gzipSync(readFileSync(join(dataFolder, file)), { level: 9 });
      writeFileSync(join(target, `${file.replaceAll("/", "~")}.gz`), packed);
      say(`${file}: ${packed.length} bytes`);
    }
  } finally {
    killAllServers();
    rmSync(dataFolder, { recursive: true, force: true });
  }
});

async function send(server, method, path, body) {
  const response = await fetch(`${server.address}${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  if (response.status !== 200) throw new Error(`${method} ${path}: ${await response.text()}`);
}

/** The server compacts at 20,000 rows that may go: with core alone, at fewer. */
async function compact(file) {
  const { Replica, SqliteOpLog } = await import("@murmuration/core");
  const log = new SqliteOpLog(file);
  const replica = Replica.open({
    log,
    clock: { now: () => Date.now() },
    newReplicaId: () => {
      throw new Error("the replica has an id");
    },
    newTableSeed: () => [1, 2],
    compaction: { rowsMin: COMPACTION_ROWS, rowsPerLive: 0 },
  });
  const { quarantined } = replica.status();
  if (quarantined.length > 0) throw new Error(`quarantined: ${JSON.stringify(quarantined)}`);
  for (let tick = 0; replica.status().compaction.checkpoints === 0 || !replica.isAtRest(); tick++) {
    if (tick === TICKS_MAX) throw new Error("nothing is compacted");
    replica.tick();
  }
  say(`compacted: ${JSON.stringify(replica.status().compaction)}`);
  log.close();
}

function filesOf(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((file) => /^murmuration\.db(-wal)?$|\.(image|rows)$/.test(file) && statSync(join(folder, file)).isFile())
    .sort();
}
