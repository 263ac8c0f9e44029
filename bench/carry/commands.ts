import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as after } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { serverCommand } from "@murmuration/test/server-command";

const RELEASED = fileURLToPath(new URL("../../../packages/server/bundle/release/cli.js", import.meta.url));
const LOOK_MS = 20;

/** What an import or export says with `--json`. */
export interface CarryReport {
  readonly ok: boolean;
  readonly written?: number;
  readonly points?: number;
  readonly put_aside?: number;
  readonly digest?: string;
  readonly resumed_at_row?: number;
  readonly seconds: number;
}

function start(argv: readonly string[], cli: string | undefined) {
  const command = [...serverCommand(cli ?? RELEASED), ...argv, "--json"];
  const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.once("close", (code) => resolve({ code, out, err }));
  });
  return { child, ended };
}

/** Runs `murmur` as its users do, to its end. Throws what it said where it ended badly. */
export async function murmur(argv: readonly string[], cli: string | undefined): Promise<CarryReport> {
  const { code, out, err } = await start(argv, cli).ended;
  if (code !== 0) throw new Error(`murmur ${argv.join(" ")} ended with ${code}:\n${err}${out}`);
  return JSON.parse(out.trim().split("\n").at(-1) ?? "") as CarryReport;
}

/** Runs an import and ends it by kill -9 when its state says that so many rows are written. Resolves to the seconds that it ran. */
export async function importAndKill(
  argv: readonly string[],
  { state, rows, cli }: { readonly state: string; readonly rows: number; readonly cli: string | undefined },
): Promise<number> {
  const startedMs = performance.now();
  const { child, ended } = start(["import", ...argv], cli);
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  while (!isOver && rowsIn(state) < rows) await after(LOOK_MS);
  child.kill("SIGKILL");
  const { err, out } = await ended;
  if (!existsSync(state)) throw new Error(`the import was over before it could be killed:\n${err}${out}`);
  return (performance.now() - startedMs) / 1000;
}

function rowsIn(state: string): number {
  try {
    return (JSON.parse(readFileSync(state, "utf8")) as { readonly position: { readonly rows: number } }).position.rows;
  } catch {
    return 0;
  }
}
