import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { serverCommand } from "../support/server-command.js";
import { until } from "../support/until.js";

/** How a command ended, and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const running = new Set<ChildProcess>();

/** Kills what a failed test has left behind. */
export function killCommands(): void {
  for (const child of running) child.kill("SIGKILL");
}

function start(argv: readonly string[], input: string | undefined) {
  const child = spawn(process.execPath, [...serverCommand(), ...argv], { stdio: ["pipe", "pipe", "pipe"] });
  running.add(child);
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  child.stdin.on("error", () => undefined).end(input ?? "");
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code) => {
      running.delete(child);
      resolve({ code, out, err });
    });
  });
  return { child, ended };
}

/** Runs `murmur` to its end: a line of words, and arguments that may hold anything. */
export function murmur(line: string, argv: readonly string[], input?: string): Promise<Ended> {
  return start([...line.split(" "), ...argv], input).ended;
}

/** What a command that succeeds prints with `--json`. */
export async function report(line: string, argv: readonly string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await murmur(`${line} --json`, argv);
  assert.equal(code, 0, `${line} ${argv.join(" ")}: ${err}${out}`);
  return JSON.parse(out.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;
}

/** Starts an import, and kills it by kill -9 when it has written down for the first time how far it is. */
export async function importAndKill(stateFile: string, argv: readonly string[]): Promise<void> {
  const { child, ended } = start([..."import --batch 4 --parallel 1".split(" "), ...argv], undefined);
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  await until(() => existsSync(stateFile) || isOver, "the import's state");
  child.kill("SIGKILL");
  const { err } = await ended;
  assert.ok(existsSync(stateFile), `the import was under way when it was killed: ${err}`);
}
