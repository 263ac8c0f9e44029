import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "./source-tree.js";

/** How an example ended, and what it said. */
export interface ExampleEnd {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** One that runs. */
export interface RunningExample {
  readonly ended: Promise<ExampleEnd>;
  /** Resolves to what the first line of its output that matches has in its first group. Rejects when it ends before. */
  line(pattern: RegExp): Promise<string>;
  kill(): Promise<void>;
}

const running = new Set<ChildProcess>();

/** Kills what a failed test has left behind. */
export function killExamples(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** Starts a file of `examples` with `program` (node, or Python). */
export function startExample(
  program: string,
  [file, ...argv]: readonly [string, ...string[]],
  environment: Readonly<Record<string, string>>,
): RunningExample {
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1", ...environment };
  const child = spawn(program, [join(root, "examples", file), ...argv], { stdio: ["ignore", "pipe", "pipe"], env });
  running.add(child);
  let out = "";
  let err = "";
  let look: () => void = () => undefined;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    look();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const ended = new Promise<ExampleEnd>((resolve) => {
    child.once("close", (code) => {
      running.delete(child);
      resolve({ code, out, err });
      look();
    });
  });
  return {
    ended,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        look = () => {
          const found = pattern.exec(out)?.[1];
          if (found !== undefined) resolve(found);
          else if (!running.has(child)) reject(new Error(`${file} ended: ${err}`));
        };
        look();
      }),
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
