import { Worker } from "node:worker_threads";
import { type BeginGraph, isDenseSpace } from "@murmuration/core";
import { type GraphHandle, graphUse, MurmurationError, releaseGraphThread } from "@murmuration/index";
import type { Database } from "../engine/database.js";
import { memoryOf, noteBeside } from "../engine/memory-guard.js";
import type { SampledQuery, TapCounts } from "../read/query-tap.js";
import {
  FIRST_LISTENER_THREAD,
  FIRST_READER_THREAD,
  HTTP_THREAD,
  LISTENERS_MAX,
  READERS_MAX,
} from "../threads/thread-places.js";
import { CANARY_HEAP_MEBIBYTES } from "./canary-limits.js";
import type { CanaryFigures, CanaryParameters, CanaryReply, CanaryStart } from "./messages.js";

const MEBIBYTE = 1024 * 1024;
const BYTES_PER_LINK = 4;
const BYTES_PER_DIMENSION = 4;
const LOOK_EVERY_MS = 500;

/** What a canary is asked for. */
export interface CanaryWish {
  /** Name of the vector; `""` is the unnamed one. */
  readonly vector: string;
  /** Absent: as in the graph that serves. */
  readonly links?: number;
  readonly efConstruction?: number;
  /** Of the queries that can be compared: over 0, up to 1. */
  readonly share: number;
}

/** A canary, for those who look at it. */
export interface CanaryStatus {
  readonly collection: string;
  readonly vector: string;
  readonly share: number;
  readonly startedMs: number;
  readonly parameters: { readonly first: CanaryParameters; readonly canary: CanaryParameters };
  /** Queries of the vector that came here since, and those that cannot be compared. */
  readonly seen: number;
  readonly passedOver: number;
  /** Absent: nothing was heard of it yet. */
  readonly figures?: CanaryFigures;
  /** It was begun again so often, since the graph that it goes after was replaced. */
  readonly restarts: number;
  /** Why it is no more. */
  readonly ended?: string;
}

interface Running {
  readonly wish: CanaryWish;
  readonly collectionId: string;
  readonly parameters: CanaryStatus["parameters"];
  readonly startedMs: number;
  readonly counts: TapCounts;
  handle: GraphHandle;
  worker: Worker | undefined;
  figures?: CanaryFigures;
  restarts: number;
  /** Its parameters are being given to the catalogue: it has no thread any more, and gets none. */
  isPromoted: boolean;
  ended?: string;
}

/** The canary of this replica: one at a time. It is nobody else's affair, changes no answer, and ends with the process. */
export class Canaries {
  readonly #database: Database;
  readonly #listeners: number;
  readonly #tell: (what: string, why: string) => void;
  #running: Running | undefined;
  #look: NodeJS.Timeout | undefined;
  /** Threads that have not ended yet, and the collection that each of them reads. */
  readonly #threads = new Map<Worker, string>();

  /** `listeners`: threads that listen beside this one. */
  constructor(database: Database, listeners: number, tell: (what: string, why: string) => void) {
    this.#database = database;
    this.#listeners = listeners;
    this.#tell = tell;
  }

  /**
   * Begin to build a graph of these parameters beside that of a vector. Throws `conflict` where there is a canary, `wrong-input` for a vector
   * without a graph, `capacity` where it would not fit the memory, `unavailable` where there is no place for its thread.
   */
  start(collection: string, wish: CanaryWish): CanaryStatus {
    const before = this.#running;
    if (before !== undefined && before.ended === undefined) {
      const { collection: other } = this.#statusOf(before);
      throw new MurmurationError("conflict", `there is a canary already, of collection ${other}: drop it first`);
    }
    // it may still read the graph from the place of its thread
    if (this.#threads.size > 0)
      throw new MurmurationError("unavailable", "the thread of the canary before is ending: try it again");
    const { id, vectors } = this.#database.collection(collection);
    const space = Object.hasOwn(vectors, wish.vector) ? vectors[wish.vector] : undefined;
    if (space === undefined)
      throw new MurmurationError("wrong-input", `Not existing vector name error: ${wish.vector}`, "vector");
    if (!isDenseSpace(space)) {
      throw new MurmurationError(
        "wrong-input",
        "only dense vectors have a graph beside which there can be another",
        "vector",
      );
    }
    const first = { links: space.links, efConstruction: space.efConstruction };
    const canary = {
      links: wish.links ?? first.links,
      efConstruction: wish.efConstruction ?? first.efConstruction,
    };
    const handle = this.#handleOf(id, wish.vector);
    if (handle === undefined) throw new MurmurationError("unavailable", `collection ${collection} is not served now`);
    this.#requireRoom(handle, canary.links);
    const running: Running = {
      wish,
      collectionId: id,
      parameters: { first, canary },
      startedMs: Date.now(),
      counts: { seen: 0, passedOver: 0 },
      handle,
      worker: undefined,
      restarts: 0,
      isPromoted: false,
    };
    this.#hire(running);
    this.#running = running;
    this.#database.briefSource?.tap.set({ shard: id, vector: wish.vector, share: wish.share }, (query, counts) =>
      this.#take(running, query, counts),
    );
    this.#look ??= setInterval(() => this.#lookAround(), LOOK_EVERY_MS);
    this.#look.unref();
    return this.#statusOf(running);
  }

  /** The canary of a collection; `undefined`: there is none. Throws `not-found` for a collection that is not there. */
  status(collection: string): CanaryStatus | undefined {
    const { id } = this.#database.collection(collection);
    const running = this.#running;
    return running === undefined || running.collectionId !== id ? undefined : this.#statusOf(running);
  }

  /** The canary that there is, of whatever collection. */
  get current(): CanaryStatus | undefined {
    return this.#running === undefined ? undefined : this.#statusOf(this.#running);
  }

  /**
   * Its parameters become those of its vector, everywhere: what it was made by is given to the catalogue, and the graph that takes the place of the one
   * that serves is made by operations. Its own goes, so that there are no three. Throws `not-found` where there is no canary, `conflict` where
   * it is being promoted already, `bad-request` where it is of the parameters that serve, `capacity` where the other graph would not fit the memory here, and what `write` throws.
   */
  async promote(collection: string, write: (command: BeginGraph) => Promise<unknown>): Promise<CanaryStatus> {
    const { id } = this.#database.collection(collection);
    const running = this.#running;
    if (running === undefined || running.collectionId !== id || running.ended !== undefined)
      throw new MurmurationError("not-found", `collection ${collection} has no canary here`);
    requireNotPromoted(running);
    const { first, canary } = running.parameters;
    if (first.links === canary.links && first.efConstruction === canary.efConstruction)
      throw new MurmurationError("bad-request", "the canary has the parameters of the graph that serves");
    running.isPromoted = true;
    await this.#end(running);
    try {
      this.#requireRoom(running.handle, canary.links);
      await write({ kind: "begin-graph", collection, vector: running.wish.vector, ...canary, by: 0 });
    } catch (error) {
      running.ended = `it was not promoted: ${(error as Error).message}`;
      throw error;
    }
    running.ended = "it was promoted";
    return this.#statusOf(running);
  }

  /**
   * End the canary of a collection; what it held is free then. Resolves to whether there was one. Rejects with `conflict` while it is being
   * promoted: what its parameters become cannot be called back then.
   */
  async drop(collection: string): Promise<boolean> {
    const { id } = this.#database.collection(collection);
    const running = this.#running;
    if (running === undefined || running.collectionId !== id) return false;
    requireNotPromoted(running);
    await this.#end(running);
    // another one may have been started meanwhile
    if (this.#running === running) {
      this.#running = undefined;
      clearInterval(this.#look);
      this.#look = undefined;
    }
    return true;
  }

  /**
   * What the canary of this collection holds of vectors that died is gone when it resolves: it is begun anew. An erasure needs that; by its id,
   * since the collection may be dropped.
   */
  async letGo(collectionId: string): Promise<void> {
    const running = this.#running;
    if (running?.collectionId === collectionId) await this.#beginAnew(running);
    // those that are ending hold it until they have
    const ending = [...this.#threads].flatMap(([worker, id]) =>
      id === collectionId && worker !== this.#running?.worker ? [worker.terminate()] : [],
    );
    await Promise.all(ending);
  }

  async close(): Promise<void> {
    clearInterval(this.#look);
    if (this.#running !== undefined) await this.#end(this.#running);
    this.#running = undefined;
  }

  #handleOf(id: string, vector: string): GraphHandle | undefined {
    const readable = this.#database.briefSource?.followed.shards().get(id)?.readable;
    const graph = readable?.handle.spaces.find(({ name }) => name === vector)?.graph;
    return graph === undefined || "kind" in graph ? undefined : graph;
  }

  #requireRoom(handle: GraphHandle, links: number): void {
    const { beside } = this.#source();
    const { bytes, linked } = graphUse(handle, HTTP_THREAD);
    const { options, rows } = handle;
    const more = Math.max(0, links - options.links) * 2 * BYTES_PER_LINK;
    const rowBytes = rows === undefined ? 0 : options.dimensions * BYTES_PER_DIMENSION;
    const needed = bytes + linked * (more + rowBytes);
    const { usedBytes, limitBytes } = memoryOf(beside.memory, "data");
    if (usedBytes + needed <= limitBytes) return;
    const [need, used, limit] = [needed, usedBytes, limitBytes].map((size) => Math.round(size / MEBIBYTE));
    throw new MurmurationError(
      "capacity",
      `memory: a canary of about ${need} MiB does not fit beside the ${used} of ${limit} MiB that data takes (--memory-limit-mib)`,
    );
  }

  #source() {
    const source = this.#database.briefSource;
    if (source?.beside === undefined) {
      throw new MurmurationError("unsupported", "no thread for a canary can be hired here");
    }
    return { ...source, beside: source.beside };
  }

  /** A place on graphs that nobody has: behind those of readers, else behind those of listeners. */
  #place(): number {
    const { places } = this.#database.counters().readers;
    if (places < READERS_MAX) return FIRST_READER_THREAD + READERS_MAX - 1;
    if (this.#listeners < LISTENERS_MAX) return FIRST_LISTENER_THREAD + LISTENERS_MAX - 1;
    throw new MurmurationError(
      "unavailable",
      `there is no place for a canary beside ${READERS_MAX} readers and ${LISTENERS_MAX} listeners: start with one less`,
    );
  }

  #hire(running: Running): void {
    const { beside } = this.#source();
    const { handle, parameters } = running;
    const thread = this.#place();
    const start: CanaryStart = {
      ...parameters.canary,
      first: handle,
      thread,
      memory: beside.memory,
      ...(beside.vectorFolder === undefined ? {} : { vectorFolder: beside.vectorFolder }),
      ...(beside.keys === undefined ? {} : { keys: beside.keys }),
    };
    const resourceLimits = { maxOldGenerationSizeMb: CANARY_HEAP_MEBIBYTES };
    const worker = new Worker(new URL("./canary-thread.js", import.meta.url), { workerData: start, resourceLimits });
    running.worker = worker;
    this.#threads.set(worker, running.collectionId);
    worker.on("message", (reply: CanaryReply) => {
      // another one has its place
      if (running.worker !== worker) return;
      if (reply.kind === "figures") running.figures = reply.figures;
      else running.ended = reply.why;
    });
    worker.on("error", (error) => {
      this.#tell("a canary failed", error.message);
      // where it was ended before, another one takes its place
      if (running.worker === worker) running.ended = `its thread failed: ${error.message}`;
    });
    worker.on("exit", () => {
      this.#threads.delete(worker);
      releaseGraphThread(handle, thread);
      if (running.worker !== worker) return;
      running.worker = undefined;
      running.ended ??= "its thread has ended";
      noteBeside(beside.memory, 0);
      if (this.#running === running) this.#database.briefSource?.tap.set(undefined, () => undefined);
    });
    worker.unref();
  }

  #take(running: Running, query: SampledQuery | undefined, { seen, passedOver }: TapCounts): void {
    running.counts.seen += seen;
    running.counts.passedOver += passedOver;
    if (query !== undefined) running.worker?.postMessage({ kind: "query", query });
  }

  async #end(running: Running): Promise<void> {
    const { worker } = running;
    this.#database.briefSource?.tap.set(undefined, () => undefined);
    running.worker = undefined;
    await worker?.terminate();
    const { beside } = this.#database.briefSource ?? {};
    if (beside !== undefined) noteBeside(beside.memory, 0);
  }

  /** Where the graph that it goes after was replaced, as by a snapshot, it is begun again; where that is gone, it ends. */
  #lookAround(): void {
    const running = this.#running;
    if (running === undefined || running.ended !== undefined || running.isPromoted) return;
    const collection = this.#database.catalogue.collections[running.collectionId];
    if (collection === undefined || !Object.hasOwn(collection.vectors, running.wish.vector)) {
      running.ended = collection === undefined ? "its collection was dropped" : "its vector was dropped";
      void this.#end(running);
      return;
    }
    const handle = this.#handleOf(running.collectionId, running.wish.vector);
    // not served for a moment: looked at again
    if (handle === undefined || handle.memory.buffer === running.handle.memory.buffer) return;
    running.handle = handle;
    void this.#beginAnew(running);
  }

  /** Resolves when nothing of what it held is there any more. */
  async #beginAnew(running: Running): Promise<void> {
    const { worker } = running;
    running.worker = undefined;
    // it is begun anew already
    if (worker === undefined) return;
    running.restarts++;
    delete running.figures;
    await worker.terminate();
    if (this.#running !== running || running.ended !== undefined || running.isPromoted) return;
    try {
      this.#hire(running);
    } catch (error) {
      running.ended = (error as Error).message;
      await this.#end(running);
    }
  }

  #statusOf(running: Running): CanaryStatus {
    const { wish, counts, parameters, startedMs, figures, restarts, ended } = running;
    return {
      collection: this.#database.catalogue.collections[running.collectionId]?.name ?? running.collectionId,
      vector: wish.vector,
      share: wish.share,
      startedMs,
      parameters,
      ...counts,
      restarts,
      ...(figures === undefined ? {} : { figures }),
      ...(ended === undefined ? {} : { ended }),
    };
  }
}

function requireNotPromoted({ isPromoted, ended }: Running): void {
  if (isPromoted && ended === undefined) throw new MurmurationError("conflict", "the canary is being promoted");
}
