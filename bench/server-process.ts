import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serverCommand } from "@murmuration/test/server-command";
import { benchFolder } from "./data.js";

const START_DEADLINE_MS = 20_000;
const CONNECTIONS_MAX = 64;

/** A server in a process of its own. */
export interface ServerProcess {
  readonly address: URL;
  /** Processor time of the thread that answers, in seconds; only Linux tells. */
  cpuSeconds(): number | undefined;
  /** Sends JSON, resolves to the answer's `result`; rejects when the status is not 200. */
  call(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Stops it gracefully and removes its data. */
  stop(): Promise<void>;
}

/** Starts a server of ours on a free port, over an empty data folder on disk. Rejects with what it printed when it does not listen in time. */
export async function startServer(): Promise<ServerProcess> {
  mkdirSync(benchFolder, { recursive: true });
  // Not in the system's folder for temporary files: where that lies in memory, a flush to disk costs nothing.
  const data = mkdtempSync(join(benchFolder, "server-"));
  const args = [...serverCommand(), "--port", "0", "--data", data, "--log-level", "warn"];
  return startProcess(args, () => rmSync(data, { recursive: true, force: true }));
}

/** Starts a Fastify server that has nothing but the route of a query, which answers what it is told at `PUT /answer`. */
export function startBareServer(): Promise<ServerProcess> {
  return startProcess([fileURLToPath(new URL("./bare-server.js", import.meta.url))], () => undefined);
}

async function startProcess(args: readonly string[], cleanUp: () => void): Promise<ServerProcess> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    agent.destroy();
    child.kill("SIGTERM");
    await exited;
    cleanUp();
  };
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX });

  let printed = "";
  const address = new Promise<URL>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the server does not listen:\n${printed}`)), START_DEADLINE_MS);
    const read = (chunk: Buffer): void => {
      printed = (printed + chunk.toString("utf8")).slice(-16_384);
      const found = /listening on (http:\/\/\S+?),? /.exec(printed)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(new URL(found));
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`the server ended with exit code ${code}:\n${printed}`));
    });
  });
  const listening = await address.catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const { hostname, port } = listening;
  const schedule = `/proc/${child.pid}/task/${child.pid}/schedstat`;
  const cpuSeconds = () =>
    existsSync(schedule) ? Number.parseInt(readFileSync(schedule, "utf8"), 10) / 1e9 : undefined;

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
          if (response.statusCode !== 200) reject(new Error(`${method} ${path}: ${response.statusCode} ${answer}`));
          else resolve((JSON.parse(answer) as { result?: unknown }).result);
        });
      });
      outgoing.on("error", reject);
      outgoing.end(text);
    });
  return { address: listening, cpuSeconds, call, stop };
}
