import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as after } from "node:timers/promises";
import { type Asked, askServer, type Told, type Trust } from "./ask.js";
import { serverCommand } from "./server-command.js";

/** A start that replays a log takes that long only on a machine that is very busy. */
const START_TIMEOUT_MS = 180_000;
/** Between the first two looks at a server that starts, and at most between two: each takes time from the start. */
const POLL_MS = 10;
const POLL_MS_MAX = 50;

/** A JSON answer of the server. */
export interface Answer {
  readonly status: number;
  readonly body: { readonly result?: unknown; readonly status?: unknown };
}

export interface ServerOptions {
  readonly dataFolder: string;
  /** Command line options after those of address and folder. */
  readonly options?: readonly string[];
  /** Bound on the size of every file that the server writes. Another process of this user can lift it. */
  readonly fileBytesMax?: number;
  /** Makes the data folder a file system of its own, in memory and of this size, that only this server sees (`/proc/<pid>/root`). */
  readonly diskBytes?: number;
  /** Variables of its environment beside those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The file that is run (default: that of the build for tests). */
  readonly cli?: string;
  /** Until it takes writes too (default), or until it answers: a region that reaches no other may refuse writes. */
  readonly waitFor?: "ready" | "listening";
  /** With what it is asked, where it has TLS and keys. */
  readonly trust?: Trust;
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A real server process on a free port. */
export interface ServerProcess {
  readonly address: string;
  readonly pid: number;
  /** What it has logged so far, one JSON object a line. */
  log(): string;
  /** Throws when there is no answer. */
  request(method: string, path: string, body?: unknown): Promise<Answer>;
  /** The same, of which all is said and told. */
  ask(method: string, path: string, asked?: Asked): Promise<Told>;
  /** Ends it by kill -9, and waits until it is gone. */
  kill(): Promise<void>;
  /** Asks it to stop, and waits until it has. */
  stop(): Promise<Ending>;
}

export function newFolder(purpose: string): string {
  return mkdtempSync(join(tmpdir(), `murmuration-${purpose}-`));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Runs a command of the command line to its end. */
export function runCli(...argv: readonly string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...serverCommand(), ...argv], { encoding: "utf8" });
  return { code: status, out: stdout, err: stderr };
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

const ownMounts = process.getuid?.() === 0 ? ["--mount"] : ["--user", "--map-root-user", "--mount"];

/** Why no server can be given a small disk here; `undefined`: it can. */
export function noSmallDisk(): string | undefined {
  const { status, error } = spawnSync("unshare", [...ownMounts, "mount", "-t", "tmpfs", "tmpfs", tmpdir()]);
  return status === 0 ? undefined : `a mount of its own (unshare ${ownMounts.join(" ")}): ${error ?? `code ${status}`}`;
}

/** Every process started here and not ended yet. */
const running = new Set<Child>();

/** Kills what a failed test has left behind. Call it after the tests of a file. */
export function killAllServers(): void {
  for (const child of running) child.kill("SIGKILL");
}

function launch({ dataFolder, options = [], fileBytesMax, diskBytes, environment, cli }: ServerOptions): Child {
  const command = [process.execPath, ...serverCommand(cli), "--port", "0", "--data", dataFolder, ...options];
  const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
  const env = { ...process.env, ...environment };
  if (diskBytes !== undefined) {
    const mounted = `mount -t tmpfs -o size=${diskBytes} tmpfs "$0" && exec "$@"`;
    return spawn("unshare", [...ownMounts, "sh", "-c", mounted, dataFolder, ...command], { stdio, env });
  }
  if (fileBytesMax === undefined) return spawn(command[0] as string, command.slice(1), { stdio, env });
  // the soft limit only, in blocks of 1024 bytes: it can be lifted again
  const limited = `ulimit -S -f ${Math.ceil(fileBytesMax / 1024)}; exec "$@"`;
  return spawn("bash", ["-c", limited, "bash", ...command], { stdio, env });
}

/** A process from its start to its end, whether it comes to serve or not. */
export function startProcess(options: ServerOptions): {
  readonly child: Child;
  readonly output: { out: string; err: string };
  readonly ended: Promise<Ending>;
} {
  const child = launch(options);
  running.add(child);
  const output = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.err += text;
  });
  const ended = new Promise<Ending>((resolve) => {
    child.once("close", (code, signal) => {
      running.delete(child);
      resolve({ code, signal });
    });
  });
  return { child, output, ended };
}

async function answerOf(telling: Promise<Told>): Promise<Answer> {
  const { status, text } = await telling;
  return { status, body: text.startsWith("{") ? (JSON.parse(text) as Answer["body"]) : {} };
}

/** Polls until `condition` gives a value, up to a deadline. */
async function until<T>(what: () => string, condition: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (let pollMs = POLL_MS; ; pollMs = Math.min(POLL_MS_MAX, pollMs * 1.2)) {
    const value = await condition();
    if (value !== undefined) return value;
    assert.ok(performance.now() < deadline, what());
    await after(pollMs);
  }
}

/** Starts a server and waits until it is ready. */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const { waitFor = "ready", trust } = options;
  const { child, output, ended } = startProcess(options);
  let ending: Ending | undefined;
  void ended.then((value) => {
    ending = value;
  });
  const address = await until(
    () => `the server starts in time: ${output.err}`,
    async () => {
      assert.equal(ending, undefined, `the server starts: ${output.err}`);
      const found = /listening on (https?:\S+),/.exec(output.out)?.[1];
      if (found === undefined) return undefined;
      if (waitFor === "listening") return found;
      return (await askServer(`${found}/readyz`, "GET", {}, trust)).status === 200 ? found : undefined;
    },
  );
  return {
    address,
    pid: child.pid as number,
    log: () => output.err,
    request: (method, path, body) =>
      answerOf(askServer(`${address}${path}`, method, body === undefined ? {} : { body }, trust)),
    ask: (method, path, asked) => askServer(`${address}${path}`, method, asked, trust),
    kill: async () => {
      child.kill("SIGKILL");
      assert.deepEqual(await ended, { code: null, signal: "SIGKILL" }, output.err);
    },
    stop: () => {
      child.kill("SIGTERM");
      return ended;
    },
  };
}
