import { spawnSync } from "node:child_process";
import { root } from "./paths.mjs";
import { say } from "./terminal.mjs";

/** A step's program ended badly. Carries what it printed and the exit code to end with. */
export class StepFailed extends Error {
  constructor(label, output, exitCode) {
    super(`${label} failed (exit code ${exitCode})\n${output}`);
    this.output = output;
    this.exitCode = exitCode;
  }
}

/**
 * Runs a program to its end, quietly; throws StepFailed with its whole output when it fails. Returns its stdout. `isAnnounced`: the
 * label is printed also where stderr is no terminal.
 */
export function runStep(label, program, args, { env = process.env, cwd = root, isAnnounced = false } = {}) {
  say(label, { always: isAnnounced });
  const result = spawnSync(program, args, { cwd, env, encoding: "utf8", maxBuffer: 256 << 20 });
  const output = [result.stdout, result.stderr, result.error?.message].filter(Boolean).join("");
  if (result.status !== 0) throw new StepFailed(label, output, result.status ?? 1);
  return result.stdout;
}

/** Runs `main` and turns a StepFailed into its message and exit code. */
export async function endWith(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    process.stderr.write(`${error.message.trimEnd()}\n`);
    process.exitCode = error.exitCode;
  }
}
