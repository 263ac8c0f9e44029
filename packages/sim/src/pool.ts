import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { WorkAnswer, WorkReply, WorkRequest } from "./worker.js";

/** A run leaves much behind that is short-lived: with room for it, it is collected seldom. */
const WORKER_FLAGS = ["--expose-gc", "--max-semi-space-size=64", "--min-semi-space-size=32"];
/** Workers that may end before no more are started: on a machine where each one ends, nothing is gained by going on. */
const ENDS_MAX = 20;

/** A run that gave no answer. */
export interface EndedRun {
  readonly request: WorkRequest;
  /** The signal or the exit code of its worker, or the error that it threw. */
  readonly how: string;
}

/** Who gives out the work, and learns what came of it. */
export interface PoolWork {
  /** The next request, or `undefined` when there is none now. */
  readonly take: () => WorkRequest | undefined;
  readonly onAnswer: (request: WorkRequest, answer: WorkAnswer) => void;
  /** A worker ended on it, or the simulator threw: there is no answer. */
  readonly onEnded: (ended: EndedRun) => void;
  readonly signal?: AbortSignal;
  /** One per processor by default. */
  readonly workers?: number;
  /** Module that answers requests. */
  readonly file?: string;
}

interface Worker {
  readonly child: ChildProcess;
  /** Why it is no more, once it is. */
  readonly ended: Promise<string>;
}

function startWorker(file: string): Worker {
  const child = fork(file, { execArgv: WORKER_FLAGS, stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const ended = new Promise<string>((resolve) => {
    // one that was never started has no exit
    child.on("error", (error) => child.pid === undefined && resolve(error.message));
    child.on("exit", (code, signal) =>
      resolve(signal === null ? `its process ended with ${code}` : `killed by ${signal}`),
    );
  });
  return { child, ended };
}

/** Asks a worker; resolves to the reason when it ends before it has answered. */
function ask({ child, ended }: Worker, request: WorkRequest): Promise<WorkReply> {
  return new Promise((resolve) => {
    child.once("message", (reply: WorkReply) => resolve(reply));
    void ended.then((how) => resolve({ ended: how }));
    // what cannot be asked any more is of no use, and its exit is waited for
    child.send(request, (error) => error !== null && child.kill("SIGKILL"));
  });
}

/**
 * Gives requests to worker processes as they come free. A worker that ends is named with its request, and another one goes on. Resolves
 * when there is nothing to do any more, when `signal` is aborted, or when too many workers have ended.
 */
export async function runInWorkers(work: PoolWork): Promise<void> {
  const file = work.file ?? fileURLToPath(new URL("./worker.js", import.meta.url));
  const stopped = () => work.signal?.aborted === true;
  const running = new Set<ChildProcess>();
  let ends = 0;
  const stop = () => {
    for (const child of running) child.kill("SIGKILL");
  };
  work.signal?.addEventListener("abort", stop);
  const runOne = async () => {
    let worker: Worker | undefined;
    while (!stopped() && ends < ENDS_MAX) {
      const request = work.take();
      if (request === undefined) break;
      worker ??= startWorker(file);
      running.add(worker.child);
      const reply = await ask(worker, request);
      if (stopped()) break;
      if ("answer" in reply) work.onAnswer(request, reply.answer);
      else {
        ends++;
        work.onEnded({ request, how: reply.ended });
        worker.child.kill("SIGKILL");
        running.delete(worker.child);
        worker = undefined;
      }
    }
    if (worker?.child.connected === true) worker.child.disconnect();
  };
  try {
    await Promise.all(Array.from({ length: work.workers ?? availableParallelism() }, runOne));
  } finally {
    work.signal?.removeEventListener("abort", stop);
    stop();
  }
}
