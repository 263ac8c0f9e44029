import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { assert, MurmurationError } from "@murmuration/index";
import { type PlainError, toPlainError } from "../threads/plain-error.js";
import { type BackupOrder, makeBackup } from "./make-backup.js";
import type { Manifest } from "./manifest.js";

// The thread of one backup; it ends with it, and the memory of the recovered graphs goes with it.

/** What the thread comes to. */
export type BackupOutcome = { readonly manifest: Manifest } | { readonly error: PlainError };

/** Of this thread, as in nice(1): behind the engine's. */
const NICE = 10;

function outcomeOf(order: BackupOrder): BackupOutcome {
  try {
    return { manifest: makeBackup(order) };
  } catch (error) {
    const typed =
      error instanceof MurmurationError
        ? error
        : new MurmurationError("storage", "the backup failed", undefined, error);
    return { error: toPlainError(typed) };
  }
}

assert(parentPort !== null, "this file is a worker");
if (process.platform === "linux") setPriority(0, NICE);
parentPort.postMessage(outcomeOf(workerData as BackupOrder));
