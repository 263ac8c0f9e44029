import { ReplicaView, type Standing, type StoredPoints, standsAlone } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import type { Logger } from "pino";
import { EngineDatabase, type EngineThread } from "./engine-database.js";
import type { Heap } from "./memory-guard.js";
import { type EngineStart, fromPlainError, type Reply } from "./messages.js";
import { READER_THREAD } from "./reader-thread.js";

/** What a database over an engine that starts needs to know. */
export interface FollowOptions {
  readonly log: Logger;
  /** What the engine was started with. */
  readonly start: Pick<EngineStart, "viewMade" | "memory" | "cluster">;
  /** The points of the log, which nothing is written to meanwhile. */
  readonly readPoints: () => StoredPoints;
  /** Of this thread. */
  readonly heap: Heap;
  readonly onClosed: () => void;
}

/** The database over an engine that starts: resolves when reads can be answered. Rejects with what the engine or `readPoints` fails with. */
export async function followEngine(engine: EngineThread, options: FollowOptions): Promise<EngineDatabase> {
  const { log, start, readPoints, heap, onClosed } = options;
  let points: StoredPoints = new Map();
  const { replicaId, catalogue, handles, isComplete } = await untilGraphs(engine, log, () => {
    points = readPoints();
  });
  const view = new ReplicaView({ points, catalogue, handles, thread: READER_THREAD });
  Atomics.store(start.viewMade, 0, 1);
  Atomics.notify(start.viewMade, 0);
  return new EngineDatabase({
    engine,
    view,
    log,
    replicaId,
    onClosed,
    memory: start.memory,
    heap,
    standing: standingAtStart(start.cluster !== undefined, isComplete),
  });
}

/** Until the engine says more. */
function standingAtStart(isClustered: boolean, isComplete: boolean): Standing {
  if (!isClustered) return standsAlone;
  const why = "this replica looks for its cluster";
  return { refusesReads: isComplete ? undefined : why, refusesWrites: why, reasons: [why], unconfirmed: {} };
}

/** Nothing may be missed between two messages, so that one listener takes them all. */
function untilGraphs(
  engine: EngineThread,
  log: Logger,
  onOpened: () => void,
): Promise<Extract<Reply, { kind: "graphs" }>> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      engine.off("message", receive);
      engine.off("error", fail);
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
    engine.on("message", receive);
    engine.on("error", fail);
  });
}
