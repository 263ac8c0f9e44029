import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { until } from "./until.js";

/** State of a thread, as `proc(5)` and `ps(1)` say it: one that SIGSTOP has stopped. */
const STOPPED = "T";

function stateOfThread(folder: string): string {
  let stat: string;
  try {
    stat = readFileSync(`${folder}/stat`, "utf8");
  } catch (error) {
    if (!["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    return "ended meanwhile";
  }
  // the name before it may hold anything, parentheses and blanks too
  return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
}

/** State of each thread of a process; without a `/proc`, of the process. */
function statesOf(pid: number): string[] {
  const threads = `/proc/${pid}/task`;
  if (existsSync(threads)) return readdirSync(threads).map((thread) => stateOfThread(`${threads}/${thread}`));
  return [
    execFileSync("ps", ["-o", "state=", "-p", String(pid)], { encoding: "utf8" })
      .trim()
      .slice(0, 1),
  ];
}

/**
 * Has a process stand still until it gets SIGCONT, and waits until it does: on a busy machine a process goes on after SIGSTOP for as long as
 * the thread that takes the signal has no turn, and answers what it is sent meanwhile.
 */
export async function standStill(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  await until(() => statesOf(pid).every((state) => state === STOPPED), `process ${pid} to stand still`);
}
