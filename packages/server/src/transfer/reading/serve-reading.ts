import { Worker } from "node:worker_threads";
import { toPlainError } from "../../threads/plain-error.js";
import type { ReadingReply } from "./messages.js";

/** Between two words of progress. */
const PROGRESS_MS = 500;
/** Between two looks for the process that asks. */
const PARENT_LOOK_MS = 1_000;

function send(reply: ReadingReply): void {
  process.send?.(reply);
}

let saidMs = 0;

/** Says that there is progress, also from within a loop that never waits: a message is written as it is sent. */
export function tellProgress(): void {
  const nowMs = performance.now();
  if (nowMs - saidMs < PROGRESS_MS) return;
  saidMs = nowMs;
  send({ kind: "progress" });
}

/** Ends this process when the one that asks (of which it was told at its start) is gone, also out of a loop that never ends: this is a thread of its own. */
function endWithParent(): void {
  const look = `
    const parent = ${Number(process.argv[2])};
    setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, "SIGKILL"); }, ${PARENT_LOOK_MS});`;
  new Worker(look, { eval: true, execArgv: [] }).unref();
}

/** Answers the questions of the process that started this one, one at a time. */
export function serveReading(answer: (question: unknown) => Promise<unknown>): void {
  process.on("disconnect", () => process.exit(0));
  // libraries drop promises that fail
  const tellBroken = (error: unknown) => send({ kind: "broken", message: (error as Error)?.message ?? String(error) });
  process.on("uncaughtException", tellBroken).on("unhandledRejection", tellBroken);
  process.on("message", (message: { readonly question: unknown }) => {
    answer(message.question).then(
      (value) => send({ kind: "answer", answer: value }),
      (error: unknown) => send({ kind: "error", error: toPlainError(error) }),
    );
  });
  endWithParent();
}
