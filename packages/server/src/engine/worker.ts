import { randomInt } from "node:crypto";
import { setPriority } from "node:os";
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { limits, Replica, SqliteOpLog } from "@murmuration/core";
import { assert, type Json, MurmurationError } from "@murmuration/index";
import { auditRecall } from "./audit.js";
import { ImageStore } from "./image-store.js";
import {
  type Answer,
  type Outcome,
  type Question,
  type Reply,
  type Request,
  toPlainError,
  type WorkerStart,
} from "./messages.js";

// The engine's thread: the host of the replica. It alone writes the log, the graphs and the images.

/** However long the view takes, the engine goes on then. */
const VIEW_WAIT_MS_MAX = 10_000;
/** Of this thread, as in nice(1). */
const NICE = 5;
/** Most commands of one group: one transaction, one flush. */
const GROUP_COMMANDS_MAX = 256;
/** A group ends when it is this old: whoever came first should not wait for all who came after. */
const GROUP_MS_MAX = 20;

type Write = Extract<Request, { kind: "write" }>;

class EngineHost {
  readonly #port: MessagePort;
  readonly #log: SqliteOpLog;
  readonly #images: ImageStore;
  readonly #replica: Replica;
  readonly #imageEvery: number;
  /** Log position up to which images were looked after. */
  #imagePosition: number;

  constructor(port: MessagePort, start: WorkerStart) {
    this.#port = port;
    this.#imageEvery = start.imageEvery;
    const { logPagesMax } = start;
    this.#log = new SqliteOpLog(start.logFile, logPagesMax === undefined ? {} : { pagesMax: logPagesMax });
    this.#reply({ kind: "opened" });
    this.#images = new ImageStore(start.imageFolder, (shard, vector, error) =>
      this.#tell("warn", "a graph image was not usable: the graph is made again from the log", {
        shard,
        vector,
        why: error.message,
      }),
    );
    this.#replica = Replica.open({
      log: this.#log,
      clock: { now: () => Date.now() },
      newReplicaId: () => randomInt(1, limits.originMax + 1),
      images: this.#images,
      onGraphs: (replicaId, catalogue, handles) => {
        this.#reply({ kind: "graphs", replicaId, catalogue, handles });
        Atomics.wait(start.viewMade, 0, 0, VIEW_WAIT_MS_MAX);
      },
    });
    this.#images.closeAll();
    this.#images.sweep(this.#shardIds());
    this.#imagePosition = this.#replica.position();
  }

  announce(): void {
    this.#reply({ kind: "ready" });
  }

  /** Handle a request and whatever waits behind it, in order. */
  handle(first: Request): void {
    let writes: Write[] = [];
    let oldest = performance.now();
    for (let request: Request | undefined = first; request !== undefined; request = this.#next()) {
      if (request.kind === "write") {
        if (writes.length === 0) oldest = performance.now();
        writes.push(request);
        if (writes.length < GROUP_COMMANDS_MAX && performance.now() - oldest < GROUP_MS_MAX) continue;
      }
      this.#commit(writes);
      writes = [];
      if (request.kind === "ask") this.#answer(request.request, request.question);
      if (request.kind === "close") return this.#close();
    }
    this.#commit(writes);
    if (this.#replica.position() - this.#imagePosition >= this.#imageEvery) this.#saveImages();
  }

  #next(): Request | undefined {
    return receiveMessageOnPort(this.#port)?.message as Request | undefined;
  }

  #commit(writes: readonly Write[]): void {
    if (writes.length === 0) return;
    const { outcomes, changes } = this.#replica.execute(writes.map((write) => write.command));
    const answers = outcomes.map((outcome, i): Outcome => {
      const { request } = writes[i] as Write;
      return outcome instanceof MurmurationError
        ? { request, error: toPlainError(outcome) }
        : { request, receipt: outcome };
    });
    this.#reply({ kind: "committed", outcomes: answers, changes });
  }

  #answer(request: number, question: Question): void {
    try {
      this.#reply({ kind: "answer", request, answer: this.#find(question) });
    } catch (error) {
      this.#reply({ kind: "refused", request, error: toPlainError(error) });
    }
  }

  #find(question: Question): Answer {
    if (question.kind === "probe") {
      this.#replica.probeLog();
      return true;
    }
    const { collection } = question;
    switch (question.kind) {
      case "digest":
        return this.#replica.digest(collection);
      case "links":
        return this.#replica.links(collection, question.id, question.vector) as unknown as Json;
      case "validate":
        return {
          graphs: this.#replica.validate(collection) as unknown as Json,
          recall: auditRecall(this.#replica.shard(collection), question.samples),
        };
    }
  }

  #close(): void {
    this.#saveImages();
    this.#log.close();
    this.#reply({ kind: "closed" });
    this.#port.close();
  }

  /** Write the images that lack an operation. One that cannot be written costs only time at the next start. */
  #saveImages(): void {
    const position = this.#replica.position();
    const began = performance.now();
    let written = 0;
    try {
      for (const { shard, indexes } of this.#replica.writableShards()) {
        for (const [vector, index] of indexes) {
          if (this.#images.position(shard.id, vector) >= shard.position) continue;
          this.#images.save(shard.id, vector, index, position, shard.causality);
          written++;
        }
      }
      this.#images.sweep(this.#shardIds());
      if (written > 0)
        this.#tell("info", "graph images written", { written, position, ms: Math.round(performance.now() - began) });
    } catch (error) {
      this.#tell("warn", "graph images could not be written", { why: (error as Error).message });
    }
    this.#imagePosition = position;
  }

  #shardIds(): Set<string> {
    return new Set(Object.keys(this.#replica.catalogue.collections));
  }

  #tell(level: "info" | "warn", message: string, details: Json): void {
    this.#reply({ kind: "log", level, message, details });
  }

  #reply(reply: Reply): void {
    this.#port.postMessage(reply);
  }
}

assert(parentPort !== null, "this file is a worker");
// Where processors are short, reads go before writes. Only Linux has a priority for each thread; elsewhere it is the process's.
if (process.platform === "linux") setPriority(0, NICE);
const port = parentPort;
try {
  const host = new EngineHost(port, workerData as WorkerStart);
  host.announce();
  port.on("message", (request: Request) => host.handle(request));
} catch (error) {
  port.postMessage({ kind: "failed", error: toPlainError(error) } satisfies Reply);
  port.close();
}
