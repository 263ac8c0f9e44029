import type { Logger } from "pino";
import { type DataKeys, logKeyOf } from "../encryption/data-keys.js";
import { LocalReaders } from "../read/local-readers.js";
import { PromptPayloads } from "../read/prompt-payloads.js";
import { payloadCacheMebibytesDefault } from "../read/read-limits.js";
import { ReaderPool } from "../read/reader-pool.js";
import { ReadersBeside } from "../read/readers-beside.js";
import { heapOfThisThread } from "../threads/heap.js";
import { memoryLimitMebibytesDefault } from "../threads/machine-memory.js";
import { HTTP_THREAD } from "../threads/thread-places.js";
import type { ClusterStart } from "./cluster-start.js";
import { type DataFiles, type DataFolder, takeDataFolder } from "./data-folder.js";
import type { Database } from "./database.js";
import { followEngine } from "./follow-engine.js";
import { sharedMemoryState } from "./memory-guard.js";
import type { Reply, WorkerStart } from "./messages.js";
import { takeEngineThread } from "./start-engine.js";
import type { AppliedTrace } from "./traced-operations.js";

const IMAGE_EVERY_DEFAULT = 50_000;
const MEBIBYTE = 1024 * 1024;

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
  /** Threads that answer reads; default 1. */
  readonly readers?: number;
  /** Payloads that each of them keeps, in MiB. */
  readonly payloadCacheMebibytes?: number;
  /** What data may take in memory, in MiB; by default a share of the machine's memory. */
  readonly memoryLimitMebibytes?: number;
  /** Is told what became of operations of others that are parts of traces, when it can be read; without it nobody is. */
  readonly onTraced?: ((traces: readonly AppliedTrace[]) => void) | undefined;
  /** The cluster to take part in; without it the database is alone. */
  readonly cluster?: ClusterStart;
  /** The keys of the folder, which this process has taken, and which may have to be brought to them first; without: nothing is encrypted. */
  readonly keysOf?: (folder: DataFiles) => DataKeys | undefined;
}

/**
 * Open the database of a folder, or make one. Throws `unavailable` when another process uses the folder, `corrupt` or `storage` when it
 * cannot be read.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const folder = takeDataFolder(options.dataFolder);
  const keys = keysOrRelease(folder, options.keysOf);
  const start: WorkerStart = {
    memory: sharedMemoryState(),
    memoryLimitBytes: (options.memoryLimitMebibytes ?? memoryLimitMebibytesDefault()) * MEBIBYTE,
    logFile: folder.log,
    imageFolder: folder.images,
    vectorFolder: folder.vectors,
    reserveFile: folder.reserve,
    ...(keys && { keys }),
    imageEvery: options.imageEvery ?? IMAGE_EVERY_DEFAULT,
    planners: options.planners ?? 1,
    isTraced: options.onTraced !== undefined,
    ...(options.cluster === undefined ? {} : { cluster: options.cluster, memberKeyFile: folder.memberKey }),
    ...(options.logPagesMax === undefined ? {} : { logPagesMax: options.logPagesMax }),
  };
  const worker = takeEngineThread();
  worker.postMessage(start);
  const stored = {
    logFile: folder.log,
    logKey: keys && logKeyOf(keys),
    cacheMebibytes: options.payloadCacheMebibytes ?? payloadCacheMebibytesDefault,
  };
  const pool = new ReaderPool({
    readers: options.readers ?? 1,
    payloads: stored,
    vectorFolder: folder.vectors,
    ...(keys && { keys }),
    tell: (what, why) => options.log.warn({ why }, what),
  });
  const payloads = new PromptPayloads(stored);
  const local = new LocalReaders(payloads.of, HTTP_THREAD);
  const readers = new ReadersBeside(pool, local);
  try {
    const database = await followEngine(worker, {
      log: options.log,
      start,
      readers,
      local: {
        readers: local,
        payloads,
        beside: { memory: start.memory, vectorFolder: folder.vectors, ...(keys && { keys }) },
      },
      heap: heapOfThisThread(),
      onClosed: folder.release,
    });
    const { onTraced } = options;
    // behind the database's own: what it is told before is followed
    if (onTraced !== undefined) {
      worker.on("message", (reply: Reply) => {
        if (reply.kind === "traced") onTraced(reply.traces);
      });
    }
    return database;
  } catch (error) {
    await Promise.all([worker.terminate(), readers.close()]);
    folder.release();
    throw error;
  }
}

function keysOrRelease(folder: DataFolder, keysOf: DatabaseOptions["keysOf"]): DataKeys | undefined {
  try {
    return keysOf?.(folder);
  } catch (error) {
    folder.release();
    throw error;
  }
}
