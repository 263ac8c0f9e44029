import { Worker } from "node:worker_threads";
import { MurmurationError } from "@murmuration/index";
import { fromPlainError } from "../threads/plain-error.js";
import type { BackupOutcome, WorkerOrder } from "./worker.js";

const YOUNG_GENERATION_MEBIBYTES = 96;

/** Makes backups, and restores them in drills, in threads of their own: each ends with what it did, and its memory goes with it. */
export class BackupThreads {
  readonly #workers = new Set<Worker>();
  #isClosed = false;

  /** Resolves to what comes of it (`WorkerOrder`). Rejects with what that throws, `unavailable` where it is broken off. */
  run<Result>(order: WorkerOrder): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw new MurmurationError("unavailable", "the server is stopping");
      const worker = new Worker(new URL("./worker.js", import.meta.url), {
        workerData: order,
        // as for the engine's recovery
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MEBIBYTES },
      });
      this.#workers.add(worker);
      worker.once("message", (outcome: BackupOutcome<Result>) => {
        if ("result" in outcome) resolve(outcome.result);
        else reject(fromPlainError(outcome.error));
      });
      worker.once("error", (error) =>
        reject(new MurmurationError("storage", `the backup's thread failed: ${error.message}`, undefined, error)),
      );
      worker.once("exit", () => {
        this.#workers.delete(worker);
        reject(new MurmurationError("unavailable", "the backup was broken off"));
      });
    });
  }

  /** Breaks off what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#workers].map((worker) => worker.terminate()));
  }
}
