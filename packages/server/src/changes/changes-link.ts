import { MessageChannel, Worker } from "node:worker_threads";
import type { OpLog } from "@murmuration/core";
import type { Database } from "../engine/database.js";
import type { FollowerMessage, FollowerStart } from "../engine/follower.js";
import { stackOf } from "../threads/stack.js";
import { threadMebibytes } from "./change-limits.js";
import { ChangesHost } from "./changes-host.js";
import type { ChangesLog, ChangesReply, ChangesRequest, ChangesStart, ChangesThreadStart } from "./messages.js";

/** Whoever reads the log, as the thread that has the clients knows it. */
export interface ChangesLink {
  post(request: ChangesRequest): void;
  close(): void;
}

/** What it says, and that it is gone though nobody closed it. */
export interface ChangesListener {
  readonly onReply: (reply: ChangesReply) => void;
  readonly onEnd: (why: string) => void;
}

/** Opens a link to whoever reads the log of a database. */
export type OpenChanges = (database: Database, listener: ChangesListener) => Promise<ChangesLink>;

function startOf({ shown }: FollowerStart): ChangesStart {
  const frontiers = Array.from(shown.shards, ([shard, { frontier }]) => [shard, frontier] as const);
  return { catalogue: shown.catalogue, frontiers: new Map(frontiers) };
}

/** In a thread of its own, which has the file of the log open beside the one that writes it. */
export function changesOfFile(log: ChangesLog): OpenChanges {
  return async (database, { onReply, onEnd }) => {
    const { port1: told, port2: followed } = new MessageChannel();
    const start = startOf(await database.followedAt(told));
    const workerData: ChangesThreadStart = { ...start, log, followed };
    const worker = new Worker(new URL("./changes-thread.js", import.meta.url), {
      workerData,
      transferList: [followed],
      resourceLimits: { maxOldGenerationSizeMb: threadMebibytes },
    });
    let isClosed = false;
    let why = "it ended";
    worker.on("message", (replies: readonly ChangesReply[]) => {
      for (const reply of replies) onReply(reply);
    });
    worker.on("error", (error) => {
      why = stackOf(error);
    });
    worker.on("exit", () => {
      if (!isClosed) onEnd(why);
    });
    return {
      post: (request) => worker.postMessage(request),
      close: () => {
        isClosed = true;
        worker.terminate().catch(() => undefined);
      },
    };
  };
}

/** In this thread, of a log that it has open. */
export function changesOfLog(log: OpLog): OpenChanges {
  return async (database, { onReply, onEnd }) => {
    const { port1: told, port2: followed } = new MessageChannel();
    const start = startOf(await database.followedAt(told));
    let isClosed = false;
    const host = new ChangesHost(log, start, (reply) => setImmediate(() => isClosed || onReply(reply)));
    followed.on("message", ({ changes }: FollowerMessage) => host.followed(changes));
    followed.on("close", () => isClosed || onEnd("the engine is gone"));
    return {
      post: (request) => setImmediate(() => isClosed || host.take(request)),
      close: () => {
        isClosed = true;
        host.close();
        followed.close();
      },
    };
  };
}
