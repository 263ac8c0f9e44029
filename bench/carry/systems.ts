import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { startChroma } from "@murmuration/test/chroma";
import { batchesOf, type CarriedRow } from "./rows.js";

const CHROMA_BATCH = 1_000;

/** A system that points are imported from. */
export interface LoadedSystem {
  readonly source: string;
  readonly flags: readonly string[];
  close(): Promise<void>;
}

/** PostgreSQL with pgvector, compiled to WASM, in a process of its own. */
export async function loadPostgres(count: number): Promise<LoadedSystem> {
  const child = fork(fileURLToPath(new URL("./postgres-process.js", import.meta.url)), [String(count)]);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const host = await new Promise<string>((resolve, reject) => {
    child.once("message", (said) => resolve(String(said)));
    child.once("close", (code) => reject(new Error(`PostgreSQL ended with ${code}`)));
  });
  return {
    source: `postgres://postgres@${host}/postgres?sslmode=disable`,
    flags: ["--table", "items"],
    close: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Chroma in a process of its own; `command` runs it. */
export async function loadChroma(rows: readonly CarriedRow[], command: readonly string[]): Promise<LoadedSystem> {
  const chroma = await startChroma(command);
  const id = await chroma.create("items", "ip");
  for (const batch of batchesOf(rows, CHROMA_BATCH))
    await chroma.add(id, {
      ids: batch.map((row) => String(row.id)),
      embeddings: batch.map((row) => Array.from(row.vector)),
      metadatas: batch.map(({ title, page, score }) => ({ title, page, score })),
    });
  return { source: `chroma://${chroma.host}/items`, flags: [], close: () => chroma.kill() };
}
