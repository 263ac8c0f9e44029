import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { freePort } from "@murmuration/server/testing";

const START_MS_MAX = 60_000;
const LOOK_MS = 100;
const COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database/collections";

/** Records as Chroma takes them. */
export interface ChromaRecords {
  readonly ids: readonly string[];
  readonly embeddings: readonly (readonly number[])[];
  readonly metadatas?: readonly (object | null)[];
  readonly documents?: readonly (string | null)[];
}

/** A real Chroma on a free port, with an empty folder. */
export interface ChromaServer {
  readonly host: string;
  /** Makes a collection; answers its id. */
  create(name: string, space: "cosine" | "l2" | "ip"): Promise<string>;
  add(id: string, records: ChromaRecords): Promise<void>;
  kill(): Promise<void>;
}

async function post(url: string, body: unknown): Promise<{ readonly id?: string }> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text.slice(0, 500)}`);
  return (text === "" ? {} : JSON.parse(text)) as { readonly id?: string };
}

/** `command`: what runs it (`scripts/lib/chroma-server.mjs`). Throws what it printed where it does not answer in time. */
export async function startChroma([program = "", ...args]: readonly string[]): Promise<ChromaServer> {
  const folder = mkdtempSync(join(tmpdir(), "murmuration-chroma-"));
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const environment = { ...process.env, ANONYMIZED_TELEMETRY: "False" };
  const options = ["run", "--path", folder, "--host", "127.0.0.1", "--port", String(port)];
  const child: ChildProcess = spawn(program, [...args, ...options], {
    stdio: ["ignore", "pipe", "pipe"],
    env: environment,
  });
  let printed = "";
  const read = (chunk: Buffer) => {
    printed = (printed + chunk.toString()).slice(-8_192);
  };
  child.stdout?.on("data", read);
  child.stderr?.on("data", read);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  const kill = async () => {
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const isThere = () =>
    fetch(`http://${host}/api/v2/heartbeat`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (const end = performance.now() + START_MS_MAX; !(await isThere()); await after(LOOK_MS)) {
    if (!isOver && performance.now() < end) continue;
    await kill();
    throw new Error(`Chroma does not answer:\n${printed}`);
  }
  return {
    host,
    kill,
    create: async (name, space) => {
      const made = await post(`http://${host}${COLLECTIONS}`, { name, configuration: { hnsw: { space } } });
      return made.id ?? "";
    },
    add: async (id, records) => {
      await post(`http://${host}${COLLECTIONS}/${id}/add`, records);
    },
  };
}
