import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("./cli.js", import.meta.url));
const deadlineMs = 120_000;

const folders: string[] = [];
const started: ChildProcess[] = [];

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "murmuration-cli-"));
  folders.push(folder);
  return folder;
}

interface Run {
  readonly child: ChildProcess;
  readonly output: { out: string; err: string };
  /** Exit code, once all output has been read. */
  readonly exit: Promise<number | null>;
}

function run(...argv: string[]): Run {
  const child = spawn(process.execPath, [cli, ...argv], { stdio: ["ignore", "pipe", "pipe"], timeout: deadlineMs });
  started.push(child);
  const output = { out: "", err: "" };
  child.stdout.on("data", (chunk) => {
    output.out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    output.err += chunk;
  });
  const exit = once(child, "close").then(([code]) => code as number | null);
  return { child, output, exit };
}

/** The address that a server prints when it is ready. */
async function addressOf({ child, output, exit }: Run): Promise<string> {
  for (;;) {
    const address = /listening on (http:\S+),/.exec(output.out)?.[1];
    if (address !== undefined) return address;
    const ended = await Promise.race([once(child.stdout ?? child, "data").then(() => false), exit.then(() => true)]);
    assert.ok(!ended, output.err);
  }
}

describe("the command", () => {
  after(() => {
    for (const child of started) child.kill("SIGKILL");
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  it("prints one line with its address, serves, and exits with 0 on SIGTERM", async () => {
    const server = run("--port", "0", "--data", newFolder());
    const address = await addressOf(server);
    assert.equal((await fetch(`${address}/healthz`)).status, 200);
    server.child.kill("SIGTERM");
    assert.equal(await server.exit, 0);
    assert.equal(server.output.out.trim().split("\n").length, 1);
  });

  it("says in one line that a port is taken, and exits with 1", async () => {
    const server = run("--port", "0", "--data", newFolder());
    const { port } = new URL(await addressOf(server));
    const second = run("--port", port, "--data", newFolder(), "--log-level", "silent");
    assert.equal(await second.exit, 1);
    assert.match(second.output.err, new RegExp(`^error: port ${port} of 127\\.0\\.0\\.1 is already in use\\n$`));
    server.child.kill("SIGINT");
    assert.equal(await server.exit, 0);
  });

  it("points to the backups when the log's file is damaged, and leaves it", async () => {
    const folder = newFolder();
    const file = join(folder, "murmuration.db");
    const garbage = "this is not a log, and long enough to be taken for one. ".repeat(100);
    writeFileSync(file, garbage);
    const { exit, output } = run("--port", "0", "--data", folder, "--backup-folder", "backups");
    assert.equal(await exit, 1);
    assert.match(output.err, /^error: .*murmuration\.db: .*NOTADB/m);
    assert.match(output.err, /murmur restore backups\/NAME\.db --data NEW-FOLDER/);
    assert.equal(readFileSync(file, "utf8"), garbage);
  });

  it("names a wrong option on stderr and exits with 2", async () => {
    const { exit, output } = run("--prot", "1");
    assert.equal(await exit, 2);
    assert.match(output.err, /--prot/);
    assert.equal(output.out, "");
  });

  it("names the command that was meant, and starts no server", async () => {
    for (const [typed, meant] of [
      ["srve", "serve"],
      ["member", "members"],
      ["restor", "restore"],
    ] as const) {
      const { exit, output } = run(typed, "--port", "0", "--data", newFolder());
      assert.equal(await exit, 2);
      assert.match(output.err, new RegExp(`unknown command '${typed}'\\n\\(Did you mean ${meant}\\?\\)`));
      assert.equal(output.out, "");
    }
    assert.equal(await run("sing").exit, 2);
  });

  it("has a help for every command", async () => {
    for (const argv of [["serve"], ["members"], ["invite"], ["rotate-key"], ["evict"], ["restore"], ["verify"]]) {
      const { exit, output } = run(...argv, "--help");
      assert.equal(await exit, 0);
      assert.match(output.out, new RegExp(`^Usage: murmur ${argv[0]} `));
    }
    const { exit, output } = run("help", "evict");
    assert.equal(await exit, 0);
    assert.match(output.out, /^Usage: murmur evict /);
  });

  it("prints help on stdout and exits with 0", async () => {
    const { exit, output } = run("--help");
    assert.equal(await exit, 0);
    assert.match(output.out, /MURMUR_PORT/);
  });
});
