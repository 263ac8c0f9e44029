import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serverCommand } from "@murmuration/test/server-command";
import { benchFolder } from "./data.js";

/** What is measured is what users run: the release build. */
export const RELEASED = fileURLToPath(new URL("../../packages/server/bundle/release/cli.js", import.meta.url));
/** A million points took half a minute to start in the first releases. */
const START_DEADLINE_MS = 300_000;
const CONNECTIONS_MAX = 64;
/** Of the kernel's clock that counts processor time. */
const TICKS_PER_SECOND = 100;

/** Of threads that write, as in nice(1). */
const WRITING_NICE = 10;

/** What a process holds of the machine's memory, in MiB. */
export interface ProcessMemory {
  readonly residentMib: number;
  /** Of it what no file backs: heaps and the memories that threads share. */
  readonly anonymousMib: number;
  /** The most that was resident. */
  readonly peakMib: number;
}

/** A server in a process of its own. */
export interface ServerProcess {
  readonly address: URL;
  /** Processor time of all threads, in seconds; only Linux tells. */
  processCpuSeconds(): number | undefined;
  /** The same of the threads that write: those of a priority of their own (`engine-limits.ts`). */
  writingCpuSeconds(): number | undefined;
  /** Only Linux tells. */
  memory(): ProcessMemory | undefined;
  /** Sends JSON, resolves to the answer's `result`; rejects when the status is not 200. */
  call(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Stops it gracefully, and removes its data unless it was told where to keep it. */
  stop(): Promise<void>;
  /** Ends it at once, as a lost machine does (SIGKILL). Its data stays. */
  kill(): Promise<void>;
}

/** How a server is started. */
export interface ServerOptions {
  /** Its data folder, which is kept; without it an empty one, which is removed. */
  readonly folder?: string | undefined;
  /** The command line of another checkout, to measure an older version. */
  readonly cli?: string | undefined;
  readonly args?: readonly string[];
}

/** Starts a server of ours on a free port. Rejects with what it printed when it does not listen in time. */
export async function startServer({ folder, cli, args = [] }: ServerOptions = {}): Promise<ServerProcess> {
  mkdirSync(benchFolder, { recursive: true });
  // Not in the system's folder for temporary files: where that lies in memory, a flush to disk costs nothing.
  const data = folder ?? mkdtempSync(join(benchFolder, "server-"));
  const command = [...serverCommand(cli ?? RELEASED), "--port", "0", "--data", data, "--log-level", "warn", ...args];
  return startProcess(command, () => {
    if (folder === undefined) rmSync(data, { recursive: true, force: true });
  });
}

/** Starts a Fastify server that has nothing but the route of a query, which answers what it is told at `PUT /answer`. */
export function startBareServer(): Promise<ServerProcess> {
  return startProcess([fileURLToPath(new URL("./bare-server.js", import.meta.url))], () => undefined);
}

/** Resolves to where it listens, by what it prints. */
function addressOf(child: ChildProcess): Promise<URL> {
  let printed = "";
  return new Promise<URL>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the server does not listen:\n${printed}`)), START_DEADLINE_MS);
    const read = (chunk: Buffer): void => {
      printed = (printed + chunk.toString("utf8")).slice(-16_384);
      const found = /listening on (https?:\/\/\S+?),? /.exec(printed)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(new URL(found));
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`the server ended with exit code ${code}:\n${printed}`));
    });
  });
}

/** What Linux tells about a process. */
function usageOf(pid: number): Pick<ServerProcess, "processCpuSeconds" | "writingCpuSeconds" | "memory"> {
  const read = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, "utf8") : undefined);
  return {
    processCpuSeconds: () => {
      // the name of the program, in brackets, may hold spaces
      const numbers = read(`/proc/${pid}/stat`)?.split(") ").at(-1)?.split(" ");
      return numbers === undefined ? undefined : (Number(numbers[11]) + Number(numbers[12])) / TICKS_PER_SECOND;
    },
    writingCpuSeconds: () => {
      const tasks = `/proc/${pid}/task`;
      if (!existsSync(tasks)) return undefined;
      let ticks = 0;
      for (const task of readdirSync(tasks)) {
        const numbers = read(`${tasks}/${task}/stat`)?.split(") ").at(-1)?.split(" ") ?? [];
        if (Number(numbers[16]) === WRITING_NICE) ticks += Number(numbers[11]) + Number(numbers[12]);
      }
      return ticks / TICKS_PER_SECOND;
    },
    memory: () => {
      const text = read(`/proc/${pid}/status`);
      if (text === undefined) return undefined;
      const mib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]) / 1024;
      return { residentMib: mib("VmRSS"), anonymousMib: mib("RssAnon") + mib("RssShmem"), peakMib: mib("VmHWM") };
    },
  };
}

async function startProcess(args: readonly string[], cleanUp: () => void): Promise<ServerProcess> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX });
  const end = async (signal: "SIGTERM" | "SIGKILL"): Promise<void> => {
    agent.destroy();
    child.kill(signal);
    await exited;
  };
  const stop = async (): Promise<void> => {
    await end("SIGTERM");
    cleanUp();
  };
  const address = await addressOf(child).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const { hostname, port } = address;

  const call = (method: string, path: string, body?: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? "" : JSON.stringify(body);
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
      const outgoing = request({ agent, hostname, port, method, path, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const answer = Buffer.concat(chunks).toString("utf8");
          if (response.statusCode === 200) resolve((JSON.parse(answer) as { result?: unknown }).result);
          else reject(new Error(`${method} ${path}: ${response.statusCode} ${answer.slice(0, 2_000)}`));
        });
      });
      outgoing.on("error", reject);
      outgoing.end(text);
    });
  return { address, ...usageOf(child.pid ?? 0), call, stop, kill: () => end("SIGKILL") };
}
