import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { assert, MurmurationError } from "@murmuration/index";
import type { MasterKeys } from "../encryption/master-keys.js";
import type { StoreConfig } from "../object-store/mod.js";
import { type PlainError, toPlainError } from "../threads/plain-error.js";
import type { AnyManifest } from "./backup-place.js";
import { type BackupOrder, makeBackup } from "./make-backup.js";
import type { SendOrder } from "./send-backup.js";
import type { ShipOrder, Shipped } from "./ship-log.js";
import { withStore } from "./stored-backups.js";

// The thread of one backup; it ends with it, and the memory of the recovered graphs goes with it.

/** A drill of the backup of this name. */
export interface DrillOrder {
  readonly drill: string;
  readonly from: { readonly folder: string } | { readonly store: StoreConfig };
  readonly temporary: string;
  readonly masterKeys: MasterKeys | undefined;
}

/** What the thread does, and comes to: a backup in a folder, or one that is sent to a store, and a drill to the manifest; shipping to what was shipped. */
export type WorkerOrder = BackupOrder | SendOrder | DrillOrder | { readonly ship: ShipOrder; readonly to: StoreConfig };

/** What the thread comes to. */
export type BackupOutcome<Result> = { readonly result: Result } | { readonly error: PlainError };

/** Of this thread, as in nice(1): behind the engine's. */
const NICE = 10;

async function resultOf(order: WorkerOrder): Promise<AnyManifest | Shipped> {
  if ("ship" in order) {
    const { shipLog } = await import("./ship-log.js");
    return withStore(order.to, (store) => shipLog(order.ship, store));
  }
  if ("drill" in order) return drilled(order);
  if (!("store" in order)) return makeBackup(order);
  const { sendBackup } = await import("./send-backup.js");
  return withStore(order.store, (store) => sendBackup(order, store));
}

async function drilled({ drill: name, from, temporary, masterKeys }: DrillOrder): Promise<AnyManifest> {
  const { drill } = await import("./drill.js");
  const { folderSource, storeSource } = await import("./backup-source.js");
  const options = { temporary, masterKeys };
  if ("folder" in from) return (await drill(folderSource(from.folder, masterKeys), name, options)).manifest;
  return withStore(from.store, async (store) => (await drill(storeSource(store, masterKeys), name, options)).manifest);
}

async function outcomeOf(order: WorkerOrder): Promise<BackupOutcome<AnyManifest | Shipped>> {
  try {
    return { result: await resultOf(order) };
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
parentPort.postMessage(await outcomeOf(workerData as WorkerOrder));
