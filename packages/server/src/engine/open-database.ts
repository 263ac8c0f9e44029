import { Worker } from "node:worker_threads";
import {
  ReplicaView,
  readStoredPoints,
  SqliteOpLog,
  type Standing,
  type StoredPoints,
  standsAlone,
} from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import type { Logger } from "pino";
import type { ClusterStart } from "./cluster-start.js";
import { takeDataFolder } from "./data-folder.js";
import type { Database } from "./database.js";
import { EngineDatabase } from "./engine-database.js";
import { sharedMemoryState } from "./memory-guard.js";
import { fromPlainError, type Reply, type WorkerStart } from "./messages.js";
import { READER_THREAD } from "./reader-thread.js";

const IMAGE_EVERY_DEFAULT = 50_000;
const YOUNG_GENERATION_MEBIBYTES = 96;

/** Where a database lies, and how it runs. */
export interface DatabaseOptions {
  readonly dataFolder: string;
  readonly log: Logger;
  /** Graph images are written after so many operations, and when the database is closed. */
  readonly imageEvery?: number;
  /** Bound on the log file, in pages of 4 KiB: a write beyond it fails as a full disk does. */
  readonly logPagesMax?: number;
  /** Threads that plan inserts, the engine's own included; default 1. */
  readonly planners?: number;
  /** The cluster to take part in; without it the database is alone. */
  readonly cluster?: ClusterStart;
}

/**
 * Open the database of a folder, or make one. Throws `unavailable` when another process uses the folder, `corrupt` or `storage` when it
 * cannot be read.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const folder = takeDataFolder(options.dataFolder);
  const viewMade = new Int32Array(new SharedArrayBuffer(4));
  const memory = sharedMemoryState();
  const workerData: WorkerStart = {
    viewMade,
    memory,
    logFile: folder.log,
    imageFolder: folder.images,
    reserveFile: folder.reserve,
    imageEvery: options.imageEvery ?? IMAGE_EVERY_DEFAULT,
    planners: options.planners ?? 1,
    ...(options.cluster === undefined ? {} : { cluster: options.cluster }),
    ...(options.logPagesMax === undefined ? {} : { logPagesMax: options.logPagesMax }),
  };
  // recovery makes millions of short-lived objects: with a young generation of the default size half of its time is scavenging
  const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_GENERATION_MEBIBYTES };
  const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData, resourceLimits });
  try {
    let points: StoredPoints = new Map();
    const { replicaId, catalogue, handles, isComplete } = await untilGraphs(worker, options.log, () => {
      const log = new SqliteOpLog(folder.log, { readOnly: true });
      points = readStoredPoints(log);
      log.close();
    });
    const view = new ReplicaView({ points, catalogue, handles, thread: READER_THREAD });
    Atomics.store(viewMade, 0, 1);
    Atomics.notify(viewMade, 0);
    return new EngineDatabase({
      worker,
      view,
      log: options.log,
      replicaId,
      releaseFolder: folder.release,
      memory,
      standing: standingAtStart(options.cluster !== undefined, isComplete),
    });
  } catch (error) {
    await worker.terminate();
    folder.release();
    throw error;
  }
}

/** Until the engine says more. */
function standingAtStart(isClustered: boolean, isComplete: boolean): Standing {
  if (!isClustered) return standsAlone;
  const why = "this replica looks for its cluster";
  return { refusesReads: isComplete ? undefined : why, refusesWrites: why, reasons: [why], unconfirmed: {} };
}

/** Nothing may be missed between two messages, so that one listener takes them all. */
function untilGraphs(worker: Worker, log: Logger, onOpened: () => void): Promise<Extract<Reply, { kind: "graphs" }>> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      worker.off("message", receive);
      worker.off("error", fail);
      act();
    };
    const fail = (error: Error) => settle(() => reject(error));
    const receive = (reply: Reply) => {
      if (reply.kind === "opened") {
        try {
          onOpened();
        } catch (error) {
          settle(() => reject(error));
        }
      } else if (reply.kind === "log") log[reply.level](reply.details, reply.message);
      else if (reply.kind === "graphs") settle(() => resolve(reply));
      else if (reply.kind === "failed") settle(() => reject(fromPlainError(reply.error)));
      else settle(() => reject(new MurmurationError("unavailable", "the engine's thread did not start")));
    };
    worker.on("message", receive);
    worker.on("error", fail);
  });
}
