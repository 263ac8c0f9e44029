import type { Duplex } from "node:stream";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { assert, releaseGraphThread, releaseThread } from "@murmuration/index";
import type { AccessKeys, Guard } from "../access/guard.js";
import type { Database } from "../engine/database.js";
import type { Listeners } from "../http/connections.js";
import type { SharedTls } from "../http/make-server.js";
import type { Tapped } from "../read/query-tap.js";
import { stackOf } from "../threads/stack.js";
import { FIRST_LISTENER_THREAD, LISTENERS_MAX } from "../threads/thread-places.js";
import {
  type Address,
  type Answered,
  type ListenerReply,
  type ListenerRequest,
  type ListenerStart,
  stages,
} from "./messages.js";
import { threadStream } from "./thread-stream.js";

/** So often it is looked whether a thread is there and does something; one that has not for so many looks is given up. */
const LOOK_EVERY_MS = 1_000;
const STILL_LOOKS_MAX = 10;
/** The same of one that does not listen yet. */
const STARTING_LOOKS_MAX = 60;
const HEAP_MEBIBYTES = 256;

/** What listeners are for. */
export interface ListenerThreadsOptions {
  /** Threads: 0 to `LISTENERS_MAX`. */
  readonly listeners: number;
  readonly database: Database;
  readonly guard: Guard | undefined;
  /** What is shown by TLS, where that is spoken. */
  readonly certificates?: Pick<Listeners, "watch">;
  /** Of each thread; 0: as many as come. */
  readonly connectionsMax: number;
  readonly requestTimeoutMs: number;
  readonly readTimeoutMs: number;
  readonly slowQueryMs?: number;
  /** Names and values, in turns, with which all answers begin. */
  readonly fixedFields: readonly string[];
  /** Takes a connection by which requests are passed on. */
  readonly onConnection: (connection: Duplex) => void;
  readonly onAnswered: (answered: readonly Answered[]) => void;
  /** A listener was lost, or has failed. */
  readonly tell: (what: string, why: string) => void;
  readonly threadFile?: URL;
  readonly lookEveryMs?: number;
}

interface Hired {
  readonly worker: Worker;
  readonly beat: Int32Array;
  readonly stage: Int32Array;
  lastBeat: number;
  stillLooks: number;
  isListening: boolean;
}

/** A place for a listener on all tables and graphs. */
interface Place {
  readonly thread: number;
  hired: Hired | undefined;
}

/**
 * Threads that listen at the addresses of the server beside the one that hosts it. The kernel deals connections out among all of them (SO_REUSEPORT).
 * One that ends closes its connections, and is replaced.
 */
export class ListenerThreads {
  readonly #options: ListenerThreadsOptions;
  readonly #places: readonly Place[];
  readonly #telling = new Map<number, () => void>();
  #addresses: readonly Address[] = [];
  #keys: AccessKeys | undefined;
  #tls: SharedTls | undefined;
  #tapped: Tapped | undefined;
  #look: NodeJS.Timeout | undefined;
  #lastRequest = 0;
  #isClosing = false;

  constructor(options: ListenerThreadsOptions) {
    const { listeners, guard, certificates } = options;
    assert(listeners <= LISTENERS_MAX, "there is a place for each listener");
    this.#options = options;
    this.#places = Array.from({ length: listeners }, (_, i) => ({
      thread: FIRST_LISTENER_THREAD + i,
      hired: undefined,
    }));
    guard?.watch((keys) => {
      this.#keys = keys;
      for (const { worker } of this.#hired()) post(worker, { kind: "keys", keys });
    });
    this.#options.database.briefSource?.tap.watch((tapped) => {
      this.#tapped = tapped;
      for (const { worker } of this.#hired()) post(worker, { kind: "tap", tapped });
    });
    certificates?.watch((tls) => {
      this.#tls = tls;
      for (const { worker } of this.#hired()) post(worker, { kind: "tls", tls });
    });
  }

  /** Threads that take connections now. */
  get count(): number {
    return this.#hired().filter(({ isListening }) => isListening).length;
  }

  /** Listen at these addresses, where this thread listens already. */
  begin(addresses: readonly (Address | string)[]): void {
    if (this.#places.length === 0 || this.#isClosing) return;
    this.#addresses = addresses.filter((address) => typeof address !== "string");
    for (const place of this.#places) this.#hire(place);
    this.#look = setInterval(() => this.#lookAround(), this.#options.lookEveryMs ?? LOOK_EVERY_MS);
    this.#look.unref();
  }

  /** Resolves when what was answered until now was told of. */
  async told(): Promise<void> {
    const telling = this.#hired().map(
      ({ worker }) =>
        new Promise<void>((resolve) => {
          const request = ++this.#lastRequest;
          const done = () => {
            this.#telling.delete(request);
            worker.off("exit", done);
            resolve();
          };
          this.#telling.set(request, done);
          worker.on("exit", done);
          post(worker, { kind: "tell", request });
        }),
    );
    await Promise.all(telling);
  }

  /** Nothing is taken any more; resolves when what is under way is answered. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#look);
    const ending = this.#hired().map(({ worker, stage }) => {
      // one that does not listen has nothing under way, and may not even know yet what it is to answer from
      if (Atomics.compareExchange(stage, 0, stages.starting, stages.ended) === stages.starting)
        return worker.terminate();
      const ended = new Promise((resolve) => worker.on("exit", resolve));
      post(worker, { kind: "close" });
      return ended;
    });
    await Promise.all(ending);
  }

  /** They end now, whatever is under way. */
  async end(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#look);
    await Promise.all(this.#hired().map(({ worker }) => worker.terminate()));
  }

  #hired(): Hired[] {
    return this.#places.flatMap(({ hired }) => (hired === undefined ? [] : [hired]));
  }

  #lookAround(): void {
    for (const place of this.#places) {
      const { hired } = place;
      if (hired === undefined) {
        this.#hire(place);
        continue;
      }
      const beat = Atomics.load(hired.beat, 0);
      hired.stillLooks = beat === hired.lastBeat ? hired.stillLooks + 1 : 0;
      hired.lastBeat = beat;
      const looksMax = hired.isListening ? STILL_LOOKS_MAX : STARTING_LOOKS_MAX;
      if (hired.stillLooks > looksMax) void hired.worker.terminate();
    }
  }

  #hire(place: Place): void {
    const { connectionsMax, requestTimeoutMs, readTimeoutMs, slowQueryMs = 0, fixedFields, tell } = this.#options;
    const { threadFile: file = new URL("./listener-thread.js", import.meta.url) } = this.#options;
    const { thread } = place;
    const stored = this.#options.database.briefSource?.payloads?.stored;
    const beat = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const stage = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const workerData: ListenerStart = {
      thread,
      beat,
      stage,
      addresses: this.#addresses,
      connectionsMax,
      requestTimeoutMs,
      readTimeoutMs,
      slowQueryMs,
      fixedFields,
      ...(stored === undefined ? {} : { payloads: stored }),
      ...(this.#tls === undefined ? {} : { tls: this.#tls }),
    };
    const resourceLimits = { maxOldGenerationSizeMb: HEAP_MEBIBYTES };
    const worker = new Worker(file, { workerData, resourceLimits });
    const hired: Hired = { worker, beat, stage, lastBeat: 0, stillLooks: 0, isListening: false };
    place.hired = hired;
    worker.on("message", (reply: ListenerReply) => this.#receive(hired, reply));
    worker.on("error", (error) => tell("a listener failed", stackOf(error)));
    worker.on("exit", () => {
      place.hired = undefined;
      this.#release(thread);
      if (!this.#isClosing) tell("a listener ended", "its connections are closed; another one takes its place");
    });
    this.#follow(worker).catch((error: unknown) => {
      if (!this.#isClosing) tell("a listener could not be started", stackOf(error));
      void worker.terminate();
    });
  }

  async #follow(worker: Worker): Promise<void> {
    const { port1: far, port2: near } = new MessageChannel();
    const start = await this.#options.database.followedAt(far);
    post(worker, { kind: "follow", start, port: near, keys: this.#keys }, [near]);
    post(worker, { kind: "tap", tapped: this.#tapped });
  }

  #receive(hired: Hired, reply: ListenerReply): void {
    switch (reply.kind) {
      case "listening":
        hired.isListening = true;
        return;
      case "connection":
        this.#options.onConnection(threadStream(reply.port));
        return;
      case "sampled":
        this.#options.database.briefSource?.tap.relay(reply.query, reply.counts);
        return;
      case "answered":
        this.#options.onAnswered(reply.answered);
        if (reply.request !== undefined) this.#telling.get(reply.request)?.();
    }
  }

  /** What a thread held that has ended. */
  #release(thread: number): void {
    const shards = this.#options.database.briefSource?.followed.shards() ?? new Map();
    for (const { readable } of shards.values()) {
      releaseThread(readable.handle.table.memory, thread);
      for (const { graph } of readable.handle.spaces) releaseGraphThread(graph, thread);
    }
  }
}

function post(worker: Worker, request: ListenerRequest, transfer: readonly MessagePort[] = []): void {
  worker.postMessage(request, transfer);
}
