import type { MessagePort } from "node:worker_threads";
import {
  type Catalogue,
  type Change,
  type Collection,
  type Command,
  collectionNamed,
  isPointWrite,
  nothingLeftOut,
  type Receipt,
  resolveCollection,
  type SessionToken,
  type SettledWait,
  type Standing,
  standsAlone,
  visibleCollections,
  type WaitRequest,
} from "@murmuration/core";
import { type Json, MurmurationError, type PointId } from "@murmuration/index";
import type { Logger } from "pino";
import type { Readers, ReadingLimits } from "../read/readers.js";
import type { ReadAnswer, Reading } from "../read/reading.js";
import type { Heap } from "../threads/heap.js";
import { fromPlainError, type PlainError } from "../threads/plain-error.js";
import { version } from "../version.js";
import type { BriefSource, LocalSource } from "./brief-source.js";
import type {
  CollectionStatistics,
  Database,
  DatabaseCounters,
  DatabaseStatus,
  Digest,
  Membership,
  ReplicationReport,
  WriteOptions,
} from "./database.js";
import { EngineCalls } from "./engine-calls.js";
import type { EngineThread } from "./engine-thread.js";
import type { Followed } from "./followed.js";
import { FollowedReads } from "./followed-reads.js";
import { FollowedTokens, type Patience } from "./followed-tokens.js";
import type { FollowerStart } from "./follower.js";
import { membershipOf } from "./membership.js";
import { MemoryGuard, memoryOf, requireRoomFor } from "./memory-guard.js";
import type { Outcome, Reply, Request } from "./messages.js";
import { shownShards } from "./shown-shards.js";
import { upsertedBy } from "./upserted-by.js";

const PROBE_INTERVAL_MS = 1000;

/** Of the answer to `validate`. */
interface Validation {
  readonly recall: { readonly [vector: string]: { readonly recall_at_10: number } };
}

/** The database as the HTTP thread has it: reads by readers, writes by the engine's thread. */
export class EngineDatabase implements Database {
  readonly #engine: EngineThread;
  readonly #followed: Followed;
  readonly #readers: Readers;
  readonly #reads: FollowedReads;
  readonly #tokens: FollowedTokens;
  readonly #log: Logger;
  readonly #replicaId: number;
  readonly #whenClosed: () => void;
  readonly #startedMs = performance.now();
  readonly #calls: EngineCalls;
  readonly #recall = new Map<string, { readonly [vector: string]: number }>();
  /** Executed commands by kind. */
  readonly #commands = new Map<string, number>();
  #pointsUpserted = 0;
  /** Why writes are refused, if they are. */
  #notReady: string | undefined;
  /** What the replica does not serve though its log works: its place in the cluster. */
  #standing: Standing;
  #leftOut = nothingLeftOut;
  /** Is the reason that the log could not be written? */
  #storageFailed = false;
  #nextProbeMs = 0;
  readonly #memory: Int32Array;
  readonly #guard: MemoryGuard;
  #closing: Promise<void> | undefined;
  /** The engine's thread is gone: nobody answers any more. */
  #ended = false;
  #onClosed: () => void = () => undefined;
  #isFinished: Promise<void> | undefined;
  /** Why the engine's thread is gone, if it is and nobody closed it. */
  #endedBecause: string | undefined;
  #onEnded: (reason: string) => void = () => undefined;
  readonly briefSource: BriefSource | undefined;
  readonly ended = new Promise<string>((resolve) => {
    this.#onEnded = resolve;
  });

  constructor(options: {
    readonly engine: EngineThread;
    readonly followed: Followed;
    /** Closed with the database. */
    readonly readers: Readers;
    /** Those in this thread, if brief reads are answered here. */
    readonly local?: LocalSource;
    readonly log: Logger;
    readonly replicaId: number;
    /** Nothing is used any more. May be called more than once. */
    readonly onClosed: () => void;
    /** What the guards of both threads' heaps tell each other. */
    readonly memory: Int32Array;
    /** Of this thread. */
    readonly heap: Heap;
    /** Until the engine says otherwise; default: it serves. */
    readonly standing?: Standing;
  }) {
    this.#engine = options.engine;
    this.#followed = options.followed;
    this.#readers = options.readers;
    this.#tokens = new FollowedTokens(options.followed);
    this.#reads = new FollowedReads(options.followed, this.#tokens, options.readers, async (shard) => {
      // where it is not asked, the next one who reads it does
      await this.#calls.ask({ kind: "mend-payloads", shard }).catch(() => undefined);
    });
    this.briefSource = options.local && {
      followed: options.followed,
      tokens: this.#tokens,
      tap: this.#reads.tap,
      ...options.local,
      isServing: () => this.#closing === undefined && !this.#ended && this.refusesReads() === undefined,
    };
    this.#log = options.log;
    this.#replicaId = options.replicaId;
    this.#whenClosed = options.onClosed;
    this.#standing = options.standing ?? standsAlone;
    this.#memory = options.memory;
    this.#guard = new MemoryGuard(options.memory, "http", options.heap);
    this.#calls = new EngineCalls(
      (request) => this.#post(request),
      () => this.#refusal(),
    );
    this.#engine.on("message", (reply: Reply) => this.#orEnd(() => this.#receive(reply)));
    this.#engine.on("error", (error) => this.#end(`the engine's thread failed: ${error.message}`, error));
    this.#engine.on("exit", (code) => this.#exited(code));
  }

  get catalogue(): Catalogue {
    return this.#followed.catalogue;
  }

  collection(name: string): Collection {
    return resolveCollection(this.catalogue, name);
  }

  collectionNamed(name: string): Collection | undefined {
    return collectionNamed(this.catalogue, name);
  }

  statistics(name: string): CollectionStatistics {
    const { counts } = this.#followed.shard(name);
    const paths = Object.keys(this.collection(name).payloadIndexes);
    return {
      points: counts.points(),
      indexedVectors: counts.vectors(),
      vectors: counts.vectorsByName(),
      payloadIndexPoints: counts.valued(paths),
      payloadBytes: counts.payloadBytes(),
    };
  }

  allStatistics(): ReadonlyMap<string, CollectionStatistics> {
    const served = visibleCollections(this.catalogue).filter(({ id }) => this.#followed.serves(id));
    return new Map(served.map(({ name }) => [name, this.statistics(name)]));
  }

  read(names: readonly string[], reading: Reading, limits: ReadingLimits): Promise<ReadAnswer> {
    return this.#reads.read(names, reading, limits);
  }

  async write(command: Command, options: WriteOptions = {}): Promise<Receipt> {
    this.#guard.admit(command);
    const receipt = this.#calls.write(command, options);
    return receipt.then((done) => {
      this.#commands.set(command.kind, (this.#commands.get(command.kind) ?? 0) + 1);
      if (isPointWrite(command)) this.#pointsUpserted += upsertedBy(command);
      return done;
    });
  }

  frontiers(names: readonly string[]): SessionToken {
    return this.#tokens.frontiers(names);
  }

  missing(token: SessionToken, names: readonly string[]): number {
    return this.#tokens.missing(token, names);
  }

  untilCovered(token: SessionToken, names: readonly string[], patience: Patience): Promise<boolean> {
    return this.#tokens.untilCovered(token, names, patience);
  }

  settled(wait: WaitRequest, signal: AbortSignal): Promise<SettledWait> {
    const begin = (request: number): Request => {
      signal.addEventListener("abort", () => {
        const abandoned = this.#calls.take(request);
        if (abandoned === undefined) return;
        this.#post({ kind: "cancel", request });
        abandoned.reject(new MurmurationError("unavailable", "the client is gone"));
      });
      return { kind: "wait", request, wait };
    };
    return this.#calls.send(begin, 0) as Promise<SettledWait>;
  }

  holders(token: SessionToken): Promise<readonly number[]> {
    return this.#calls.ask({ kind: "holders", token }) as Promise<readonly number[]>;
  }

  digest(name: string): Promise<Digest> {
    return this.#calls.ask({ kind: "digest", collection: name }) as Promise<Digest>;
  }

  async validate(name: string, samples: number): Promise<Json> {
    const { name: collection } = this.collection(name);
    const report = (await this.#calls.ask({ kind: "validate", collection: name, samples })) as unknown as Validation;
    const recall = Object.entries(report.recall).map(([vector, audit]) => [vector, audit.recall_at_10] as const);
    this.#recall.set(collection, Object.fromEntries(recall));
    for (const known of this.#recall.keys()) if (this.collectionNamed(known) === undefined) this.#recall.delete(known);
    return report as unknown as Json;
  }

  conflicts(name: string, limit: number): Promise<Json> {
    return this.#calls.ask({ kind: "conflicts", collection: name, limit }) as Promise<Json>;
  }

  links(name: string, id: PointId, vector: string): Promise<Json> {
    return this.#calls.ask({ kind: "links", collection: name, id, vector }) as Promise<Json>;
  }

  refusesReads(): string | undefined {
    return this.#standing.refusesReads;
  }

  /** While writes fail, whoever asks also has the log tried again, so that readiness comes back without a write. */
  status(): DatabaseStatus {
    if (this.#storageFailed) this.#probe();
    const known = [this.#notReady, this.#guard.look(), ...this.#standing.reasons, ...this.#followed.refusals()];
    const reasons = [...new Set(known.filter((reason) => reason !== undefined))];
    return {
      version,
      replicaId: this.#replicaId,
      uptimeSeconds: (performance.now() - this.#startedMs) / 1000,
      ready: reasons.length === 0,
      ...(reasons[0] === undefined ? {} : { reason: reasons[0] }),
      reasons,
      leftOut: this.#leftOut,
      shards: shownShards(this.#followed, this.catalogue, this.#standing),
    };
  }

  membership(): Membership {
    return membershipOf(this.#calls);
  }

  replication(): Promise<ReplicationReport> {
    return this.#calls.ask({ kind: "replication" }) as Promise<ReplicationReport>;
  }

  erasing(question: Parameters<Database["erasing"]>[0]): Promise<unknown> {
    return this.#calls.ask(question);
  }

  counters(): DatabaseCounters {
    return {
      commands: Object.fromEntries(this.#commands),
      pointsUpserted: this.#pointsUpserted,
      pending: this.#calls.count,
      pendingBytes: this.#calls.bytes,
      memory: {
        engine: memoryOf(this.#memory, "engine"),
        http: memoryOf(this.#memory, "http"),
        data: memoryOf(this.#memory, "data"),
      },
      recall: Object.fromEntries(this.#recall),
      readers: this.#readers.counters(),
    };
  }

  endedBecause(): string | undefined {
    return this.#endedBecause;
  }

  requireMemoryFor(bodyBytes: number): void {
    this.#guard.look();
    requireRoomFor(memoryOf(this.#memory, "http"), bodyBytes);
  }

  followedAt(port: MessagePort): Promise<FollowerStart> {
    return this.#calls.send((request) => ({ kind: "follow", request, port }), 0) as Promise<FollowerStart>;
  }

  /** Finish what is under way, write images, free the folder. */
  close(): Promise<void> {
    this.#closing ??= new Promise<void>((resolve) => {
      this.#notReady = "the server is stopping";
      if (this.#ended) return resolve();
      this.#onClosed = resolve;
      // whoever closes the log last takes the write-ahead log in: that is to be the engine, which has room kept for it
      this.briefSource?.payloads?.close();
      this.#readers.close().then(() => this.#post({ kind: "close" }));
    });
    return this.#closing;
  }

  /** Why the engine is asked nothing any more. */
  #refusal(): string | undefined {
    if (this.#closing !== undefined) return "the server is stopping";
    return this.#ended ? (this.#notReady ?? "the engine's thread has ended") : undefined;
  }

  #post(request: Request): void {
    this.#engine.postMessage(request, request.kind === "follow" ? [request.port] : []);
  }

  #receive(reply: Reply): void {
    switch (reply.kind) {
      case "committed":
        // first what was changed: the token of an acknowledged write holds it
        this.#follow(reply.changes);
        for (const outcome of reply.outcomes) this.#settle(outcome);
        return;
      case "applied":
        this.#follow(reply.changes);
        return;
      case "settled":
        for (const { request, outcome } of reply.requests) this.#calls.take(request)?.resolve(outcome);
        return;
      case "standing":
        this.#standing = reply.standing;
        return;
      case "left-out":
        this.#leftOut = reply.leftOut;
        return;
      case "storage-failed":
        this.#noteStorageFailure("what other replicas wrote, or upkeep did, could not be made durable", reply.error);
        return;
      case "following": {
        const start = { ...reply, shown: this.#followed.shown(), refusesReads: this.refusesReads() };
        this.#calls.take(reply.request)?.resolve(start);
        return;
      }
      case "answer":
        this.#calls.take(reply.request)?.resolve(reply.answer);
        return;
      case "refused":
        this.#calls.take(reply.request)?.reject(fromPlainError(reply.error));
        return;
      case "log":
        this.#log[reply.level](reply.details, reply.message);
        return;
      case "closed":
        this.#finish();
        return;
      case "ready":
        return;
      case "failed":
        this.#end(`the engine could not start: ${reply.error.message}`, fromPlainError(reply.error));
        return;
      case "opened":
        this.#fail("the engine's thread started twice", reply);
    }
  }

  /** What cannot be followed leaves nothing here that could be served. */
  #orEnd(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#end("what the engine did could not be followed", error);
    }
  }

  #end(reason: string, error: unknown): void {
    if (this.#endedBecause !== undefined) return;
    this.#endedBecause = reason;
    this.#fail(reason, error);
    this.#onEnded(reason);
  }

  #follow(changes: readonly Change[]): void {
    this.#followed.follow(changes);
    this.#guard.look();
    this.#tokens.followed();
  }

  #settle(outcome: Outcome): void {
    const pending = this.#calls.takeOutcome(outcome);
    if ("receipt" in outcome) {
      // a refused write proves nothing; a durable one proves that the log works again
      if (outcome.receipt.changed) this.#storageWorks();
      pending?.resolve(outcome.receipt);
      return;
    }
    const { error } = outcome;
    if (error.code === "storage") this.#noteStorageFailure("a write could not be made durable", error);
    pending?.reject(fromPlainError(error));
  }

  #noteStorageFailure(what: string, { message, cause }: PlainError): void {
    this.#notReady = `writes fail: ${message}`;
    this.#storageFailed = true;
    this.#log.error({ why: message, cause }, what);
  }

  #storageWorks(): void {
    if (!this.#storageFailed) return;
    this.#storageFailed = false;
    if (this.#closing === undefined) this.#notReady = undefined;
    this.#log.info("writes work again");
  }

  /** Have the log tried, one probe at a time and at most one a second. */
  #probe(): void {
    const nowMs = performance.now();
    if (nowMs < this.#nextProbeMs) return;
    this.#nextProbeMs = Number.POSITIVE_INFINITY;
    const done = () => {
      this.#nextProbeMs = performance.now() + PROBE_INTERVAL_MS;
    };
    this.#calls.ask({ kind: "probe" }).then(
      () => {
        done();
        this.#storageWorks();
      },
      // still failing: the reason stands as it is
      done,
    );
  }

  #fail(what: string, error: unknown): void {
    this.#log.fatal({ err: error }, what);
    this.#notReady = what;
    const failure = new MurmurationError("unavailable", what, undefined, error);
    this.#calls.rejectAll(failure);
  }

  #exited(code: number): void {
    this.#ended = true;
    const reason = `the engine's thread ended with code ${code}`;
    if (this.#closing === undefined) this.#end(reason, undefined);
    else if (this.#calls.count > 0) this.#fail(reason, undefined);
    this.#finish();
  }

  /** Nothing reads the folder any more when it is free. */
  #finish(): void {
    this.#followed.end();
    this.#isFinished ??= this.#readers.close().then(() => {
      this.#whenClosed();
      this.#onClosed();
    });
  }
}
