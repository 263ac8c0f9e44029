import { MessageChannel } from "node:worker_threads";
import { type Command, MemoryVectorFiles } from "@murmuration/core";
import { FailingOpLog } from "@murmuration/core/conformance";
import type { RowFile } from "@murmuration/index";
import { type Logger, pino } from "pino";
import type { ClusterStart } from "../engine/cluster-start.js";
import type { Database } from "../engine/database.js";
import { EngineHost } from "../engine/engine-host.js";
import type { EngineResources } from "../engine/engine-resources.js";
import { followEngine } from "../engine/follow-engine.js";
import { sharedMemoryState } from "../engine/memory-guard.js";
import type { EngineStart, Request } from "../engine/messages.js";
import { LocalReaders } from "../read/local-readers.js";
import { payloadsOfLog } from "../read/log-payloads.js";
import { type Heap, heapOfThisThread } from "../threads/heap.js";

/** What a database in memory may be given. */
export interface MemoryDatabaseOptions {
  /** What a replica of before has written. */
  readonly log?: FailingOpLog;
  readonly cluster?: ClusterStart;
  /** Of the engine. */
  readonly heap?: Heap;
  /** What data may take in memory; without it there is no bound. */
  readonly memoryLimitBytes?: number;
  /** Without one nothing is logged. */
  readonly logger?: Logger;
  /** false: brief reads take the way of all requests. */
  readonly readsBriefly?: false;
}

/** The product's database, whose engine runs in this thread over a log in memory. */
export interface MemoryDatabase {
  readonly database: Database;
  /** Fails when it is told to. */
  readonly log: FailingOpLog;
  /** Every command executed, for tests that look at what a route made of a request. */
  readonly written: readonly Command[];
}

/** There is no folder for images, and no disk that could be full. */
function resourcesOf(log: FailingOpLog, heap: Heap, vectors: MemoryVectorFiles): EngineResources {
  return {
    log,
    heap,
    images: {
      open: () => undefined,
      openPart: () => undefined,
      used: () => undefined,
      refused: () => undefined,
      openTable: () => undefined,
      refusedTable: () => undefined,
      position: () => Number.POSITIVE_INFINITY,
      rowFile: () => undefined,
      closeAll: () => undefined,
      token: () => undefined,
      save: () => undefined,
      saveTable: () => undefined,
      sweep: () => undefined,
    },
    vectors,
    reserve: { refill: () => undefined, execute: (replica, commands) => replica.execute(commands) },
    logBytes: () => 0,
  };
}

/** Open a database in memory; whoever opens it closes it. */
export async function openMemoryDatabase(options: MemoryDatabaseOptions = {}): Promise<MemoryDatabase> {
  const { log = new FailingOpLog(), heap = heapOfThisThread(), cluster, logger = pino({ level: "silent" }) } = options;
  const start: EngineStart = {
    imageEvery: Number.POSITIVE_INFINITY,
    planners: 1,
    memory: sharedMemoryState(),
    memoryLimitBytes: options.memoryLimitBytes ?? Number.MAX_SAFE_INTEGER,
    ...(cluster === undefined ? {} : { cluster }),
  };
  const vectors = new MemoryVectorFiles();
  const { port1: near, port2: far } = new MessageChannel();
  try {
    const host = new EngineHost(far, start, resourcesOf(log, heap, vectors));
    const openRows = (name: string) => vectors.open(name) as RowFile;
    const local = new LocalReaders(payloadsOfLog(log), undefined, undefined, undefined, openRows);
    const database = await followEngine(near, {
      log: logger,
      start,
      readers: local,
      ...(options.readsBriefly === false ? {} : { local: { readers: local } }),
      heap: heapOfThisThread(),
      onClosed: () => near.close(),
    });
    host.announce();
    far.on("message", (request: Request) => host.take(request));
    const written: Command[] = [];
    const write = database.write.bind(database);
    database.write = async (command, how) => {
      const receipt = await write(command, how);
      written.push(command);
      return receipt;
    };
    return { database, log, written };
  } catch (error) {
    near.close();
    throw error;
  }
}
