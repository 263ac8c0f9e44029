import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inRoot } from "./paths.mjs";
import { StepFailed } from "./run-step.mjs";

const START_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 15_000;
const LOG_LENGTH_MAX = 4_000;
const EXIT_CODE_OF = { SIGINT: 130, SIGTERM: 143 };

/** The address that the server prints when it listens; undefined when it ends or stays silent instead. */
async function addressOf(child) {
  let printed = "";
  const timer = setTimeout(() => child.kill("SIGKILL"), START_DEADLINE_MS);
  try {
    for await (const chunk of child.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
      printed += chunk;
      const address = /listening on (http:\S+),/.exec(printed)?.[1];
      if (address !== undefined) return address;
    }
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Starts a server on a free port of 127.0.0.1 with a temporary folder. Resolves when it listens, to `{address, pid, folder,
 * log(), wasInterrupted(), stop(), release()}`: `stop` ends it and removes the folder, `release` lets it outlive this process.
 * An interrupt stops the server too.
 */
export async function startDemoServer() {
  const folder = mkdtempSync(join(tmpdir(), "murmuration-demo-"));
  const logPath = join(folder, "server.log");
  // A file, not a pipe: a server that is left running must not lose the other end of its log.
  const log = openSync(logPath, "a");
  const options = { port: "0", data: join(folder, "data"), "log-level": "warn" };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  // Detached: an interrupt in the terminal reaches this process alone, which then stops the server, once.
  const child = spawn(process.execPath, [inRoot("packages/server/bundle/release/cli.js"), ...args], {
    detached: true,
    stdio: ["ignore", "pipe", log],
  });
  closeSync(log);
  const exited = once(child, "exit").catch(() => undefined);
  const readLog = () => readFileSync(logPath, "utf8").slice(-LOG_LENGTH_MAX);

  const stop = async () => {
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_DEADLINE_MS);
    child.kill("SIGTERM");
    await exited;
    clearTimeout(timer);
    rmSync(folder, { recursive: true, force: true });
  };
  let interrupted = false;
  const onSignal = (signal) => {
    if (interrupted) return;
    interrupted = true;
    void stop().then(() => process.exit(EXIT_CODE_OF[signal]));
  };
  const listenToSignals = (method) => {
    for (const signal of Object.keys(EXIT_CODE_OF)) process[method](signal, onSignal);
  };
  listenToSignals("on");

  const address = await addressOf(child);
  if (address === undefined) {
    const output = readLog();
    await stop();
    throw new StepFailed("starting the server", output, 1);
  }
  return {
    address,
    pid: child.pid,
    folder,
    log: readLog,
    wasInterrupted: () => interrupted,
    stop: async () => {
      await stop();
      listenToSignals("off");
    },
    release: () => {
      listenToSignals("off");
      child.stdout.destroy();
      child.unref();
    },
  };
}
