import { type Standing, standsAlone } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import type { Logger } from "pino";
import type { Readers } from "../read/readers.js";
import type { Heap } from "../threads/heap.js";
import { fromPlainError } from "../threads/plain-error.js";
import type { LocalSource } from "./brief-source.js";
import { EngineDatabase } from "./engine-database.js";
import type { EngineThread } from "./engine-thread.js";
import { Followed } from "./followed.js";
import type { EngineStart, Reply } from "./messages.js";

/** What a database over an engine that starts needs to know. */
export interface FollowOptions {
  readonly log: Logger;
  /** What the engine was started with. */
  readonly start: Pick<EngineStart, "memory" | "cluster">;
  /** Of this thread. */
  readonly heap: Heap;
  /** Closed with the database. */
  readonly readers: Readers;
  /** Those in this thread, if brief reads are answered here. */
  readonly local?: LocalSource;
  readonly onClosed: () => void;
}

/** The database over an engine that starts: resolves when reads can be answered. Rejects with what the engine fails with. */
export function followEngine(engine: EngineThread, options: FollowOptions): Promise<EngineDatabase> {
  const { log, start, heap, readers, local, onClosed } = options;
  return onceOpened(engine, log, ({ replicaId, shown, isComplete }) => {
    return new EngineDatabase({
      engine,
      followed: new Followed(shown, (handle) => readers.forget(handle)),
      readers,
      ...(local === undefined ? {} : { local }),
      log,
      replicaId,
      onClosed,
      memory: start.memory,
      heap,
      standing: standingAtStart(start.cluster !== undefined, isComplete),
    });
  });
}

/** Until the engine says more. */
function standingAtStart(isClustered: boolean, isComplete: boolean): Standing {
  if (!isClustered) return standsAlone;
  const why = "this replica looks for its cluster";
  return { refusesReads: isComplete ? undefined : why, refusesWrites: why, reasons: [why], unconfirmed: {} };
}

/** What comes after the message that opens may be there already: whoever follows is made before it is looked at. */
function onceOpened<T>(
  engine: EngineThread,
  log: Logger,
  follow: (opened: Extract<Reply, { kind: "opened" }>) => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      engine.off("message", receive);
      engine.off("error", fail);
      act();
    };
    const fail = (error: Error) => settle(() => reject(error));
    const receive = (reply: Reply) => {
      if (reply.kind === "log") log[reply.level](reply.details, reply.message);
      else if (reply.kind === "opened") settle(() => resolve(follow(reply)));
      else if (reply.kind === "failed") settle(() => reject(fromPlainError(reply.error)));
      else settle(() => reject(new MurmurationError("unavailable", "the engine's thread did not start")));
    };
    engine.on("message", receive);
    engine.on("error", fail);
  });
}
