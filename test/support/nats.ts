import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@murmuration/server/testing";
import { connect } from "nats";
import { root } from "./source-tree.js";
import { standStill } from "./stand-still.js";
import { until } from "./until.js";

/** How a test wants its server. Without any: open to all on the loopback, JetStream in a folder of its own. */
export interface NatsServerOptions {
  /** Lines of a nats-server configuration, such as `authorization { token: s3cret }`. */
  readonly config?: string;
  /** Whether a plain client can connect, so that readiness is seen by connecting; default: when there is no `config`. */
  readonly isOpen?: boolean;
}

/** A real nats-server on a port of its own, which it keeps over restarts. */
export interface NatsServer {
  readonly port: number;
  readonly url: string;
  /** Folder in which it keeps its streams. */
  readonly store: string;
  /** What it has logged so far. */
  log(): string;
  /** Ends it by kill -9, and waits until it is gone. */
  kill(): Promise<void>;
  /** Asks it to stop, and waits until it has. */
  stop(): Promise<void>;
  /** SIGSTOP, and waits until nothing moves any more; its connections stay open. */
  pause(): Promise<void>;
  /** SIGCONT. */
  resume(): void;
  /** Starts it again, with the store it had, on the same port. */
  restart(): Promise<void>;
  /** What stands in the files of its store now. */
  stored(): Buffer[];
  /** Removes the store. It must not run. */
  wipe(): void;
  /** Stops it and removes its folder. */
  dispose(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Ends a server whose test process was killed: then its standard input ends. Returns how to call that off. */
function guard(pid: number, folder: string): () => void {
  const command = ["-c", 'cat; kill -9 "$1"; rm -rf "$2" || { sleep 1; rm -rf "$2"; }', "sh", String(pid), folder];
  const watcher = spawn("sh", command, { stdio: ["pipe", "ignore", "ignore"] });
  return () => void watcher.kill("SIGKILL");
}

let program: string | undefined;

/** Path of nats-server: what the test runner has found or, for a test run alone, what the project's script finds. */
function natsServerProgram(): string {
  program ??=
    process.env["MURMUR_NATS_SERVER"] ??
    execFileSync(process.execPath, [join(root, "scripts/nats-server.mjs"), "--install"], { encoding: "utf8" }).trim();
  return program;
}

/** Starts a nats-server and waits until it takes connections. */
export async function startNatsServer({ config = "", isOpen }: NatsServerOptions = {}): Promise<NatsServer> {
  const folder = mkdtempSync(join(tmpdir(), "murmuration-nats-"));
  const store = join(folder, "store");
  const port = await freePort();
  const url = `nats://127.0.0.1:${port}`;
  const configFile = join(folder, "server.conf");
  const jetstream = `jetstream { store_dir: ${JSON.stringify(store)}, max_file_store: 1GB, max_memory_store: 64MB }`;
  writeFileSync(configFile, `host: 127.0.0.1\nport: ${port}\n${jetstream}\n${config}\n`);

  let log = "";
  let child: ChildProcess;
  let ended: Promise<void>;

  async function launch(): Promise<void> {
    const from = log.length;
    const started = spawn(natsServerProgram(), ["-c", configFile], { stdio: ["ignore", "ignore", "pipe"] });
    child = started;
    running.add(started);
    const callOff = guard(started.pid as number, folder);
    started.stderr.setEncoding("utf8").on("data", (text: string) => {
      log += text;
    });
    ended = new Promise((resolve) => {
      started.once("close", () => {
        running.delete(started);
        callOff();
        resolve();
      });
    });
    await until(
      () => {
        assert.ok(running.has(started), `nats-server starts: ${log.slice(from)}`);
        return log.slice(from).includes("Server is ready");
      },
      () => `nats-server starts in time: ${log.slice(from)}`,
    );
    if (isOpen ?? config === "") await (await connect({ servers: url, timeout: 30_000 })).close();
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    child.kill(signal);
    // a stopped process takes no other signal
    if (signal !== "SIGKILL") child.kill("SIGCONT");
    await ended;
  }

  await launch();
  return {
    port,
    url,
    store,
    log: () => log,
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    pause: () => standStill(child.pid as number),
    resume: () => void child.kill("SIGCONT"),
    restart: launch,
    stored: () =>
      readdirSync(store, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => readFileSync(join(parentPath, name))),
    wipe: () => {
      assert.ok(!running.has(child), "the store is in use");
      rmSync(store, { recursive: true, force: true });
    },
    dispose: async () => {
      await end("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
