import { setTimeout as pause } from "node:timers/promises";
import { MurmurationError } from "@murmuration/index";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "pino";
import type { Database } from "../engine/database.js";
import { Refusal } from "../http/refusal.js";
import {
  admitEveryMs,
  heartbeatMs,
  linkEveryMs,
  liveEvaluationsMax,
  liveQueriesMaxDefault,
  snapshotReadsMax,
  streamBufferMebibytesDefault,
  streamClientsMaxDefault,
  threadIdleMs,
} from "./change-limits.js";
import { changeToken } from "./change-token.js";
import type { ChangesLink, OpenChanges } from "./changes-link.js";
import { EventClient } from "./event-client.js";
import { eventText, leftOutData, nothingLeftOutData } from "./event-text.js";
import type { Following } from "./following.js";
import { LiveQuery } from "./live-query.js";
import { evaluateLive, Gate, type LiveAsked, ruleOf } from "./live-reads.js";
import type { ChangesReply, ChangesRequest, EndReason, From, Told } from "./messages.js";
import { sendSnapshot } from "./snapshot-events.js";

const MEBIBYTE = 1024 * 1024;

/** Bounds, where not as usual. */
export interface ChangeStreamsLimits {
  readonly clientsMax?: number | undefined;
  readonly liveQueriesMax?: number | undefined;
  readonly bufferMebibytes?: number | undefined;
}

/** What streams are served with. */
export interface ChangeStreamsOptions {
  readonly database: Database;
  /** Without it there are none. */
  readonly open: OpenChanges | undefined;
  /** May whoever sent this request still read? Throws, or rejects, where not. */
  readonly admit: (request: FastifyRequest, collection: string) => unknown;
  readonly limits?: ChangeStreamsLimits;
  readonly log: Pick<Logger, "warn"> | undefined;
}

/** What a client asks for. */
export interface StreamAsked {
  /** As the request names it. */
  readonly collection: string;
  readonly from: From;
  readonly told: Exclude<Told, "names">;
}

/** What is counted, for the metrics. */
export interface StreamCounts {
  readonly clients: number;
  readonly liveQueries: number;
  readonly events: number;
  readonly bytes: number;
  readonly ended: { readonly [reason in EndReason]: number };
  readonly refused: number;
  readonly snapshots: number;
  readonly evaluations: number;
}

/** Everybody who follows changes: what they are sent, and what bounds that. The log is read elsewhere (`ChangesHost`). */
export class ChangeStreams {
  readonly #options: ChangeStreamsOptions;
  readonly #clientsMax: number;
  readonly #bytesMax: number;
  readonly #liveMax: number;
  readonly #gate = new Gate(liveEvaluationsMax);
  readonly #pages = new Gate(snapshotReadsMax);
  readonly #following = new Map<number, Following>();
  /** By group. */
  readonly #groups = new Map<number, Set<number>>();
  readonly #ended: { [reason in EndReason]: number } = {
    dropped: 0,
    moved: 0,
    quarantined: 0,
    forbidden: 0,
    slow: 0,
    stopping: 0,
    failed: 0,
    log: 0,
  };
  #link: Promise<ChangesLink> | undefined;
  #opened: ChangesLink | undefined;
  #look: NodeJS.Timeout | undefined;
  #idleSinceMs = 0;
  #beatMs = 0;
  #admitMs = 0;
  #lostMs = Number.NEGATIVE_INFINITY;
  #lastClient = 0;
  #events = 0;
  #bytes = 0;
  #refused = 0;
  #snapshots = 0;
  #liveQueries = 0;
  #evaluations = 0;
  #isClosed = false;

  constructor(options: ChangeStreamsOptions) {
    this.#options = options;
    const { limits = {} } = options;
    this.#clientsMax = limits.clientsMax ?? streamClientsMaxDefault;
    this.#liveMax = limits.liveQueriesMax ?? liveQueriesMaxDefault;
    this.#bytesMax = (limits.bufferMebibytes ?? streamBufferMebibytesDefault) * MEBIBYTE;
  }

  counts(): StreamCounts {
    return {
      clients: this.#following.size,
      liveQueries: this.#liveQueries,
      events: this.#events,
      bytes: this.#bytes,
      ended: { ...this.#ended },
      refused: this.#refused,
      snapshots: this.#snapshots,
      evaluations: this.#evaluations,
    };
  }

  /** Throws where nobody more can follow. */
  requireRoom(isLive = false): void {
    if (this.#isClosed) throw new MurmurationError("unavailable", "the server is stopping");
    if (this.#options.open === undefined)
      throw new MurmurationError("unavailable", "this server has no log that could be followed");
    const why = this.#options.database.refusesReads();
    if (why !== undefined) throw new MurmurationError("unavailable", why);
    if (this.#following.size >= this.#clientsMax)
      throw this.#full(`${this.#clientsMax} clients follow changes already (--stream-clients-max)`);
    if (isLive && this.#liveQueries >= this.#liveMax)
      throw this.#full(`there are ${this.#liveMax} live queries already (--live-queries-max)`);
  }

  #full(message: string): Refusal {
    this.#refused += 1;
    return new Refusal(503, `Service unavailable: ${message}`, { "retry-after": "5" });
  }

  /** Sends a client the changes of a collection that there is, from here on. */
  begin(request: FastifyRequest, reply: FastifyReply, { collection, from, told }: StreamAsked): void {
    const { id: shard } = this.#options.database.collection(collection);
    const client = this.#add(request, reply, { collection, shard, told });
    this.#post({ kind: "follow", client, shard, from, told });
  }

  /** Sends a client the answer to a query, and what becomes of it. */
  beginLive(request: FastifyRequest, reply: FastifyReply, asked: LiveAsked): void {
    const { database } = this.#options;
    const collection = database.collection(asked.collection);
    const { id: shard } = collection;
    const told = "names";
    const client = this.#add(request, reply, { collection: asked.collection, shard, told });
    const following = this.#following.get(client) as Following;
    const limits = { isAbandoned: () => this.#following.get(client) !== following, bytesMax: this.#bytesMax };
    this.#liveQueries += 1;
    following.live = new LiveQuery(
      {
        evaluate: (among) => {
          this.#evaluations += 1;
          return this.#gate.run(() => evaluateLive(database, asked, shard, among, limits));
        },
        send: (event, data, frontier) => {
          const token = changeToken(shard, frontier);
          const text = eventText(event, `{"token":"${token}",${data.slice(1)}`, token);
          this.#send(client, following, Buffer.from(text), 1);
        },
        fail: (error) => this.#failed(client, error, "the query could not be answered"),
      },
      ruleOf(collection, asked.query),
    );
    this.#post({ kind: "follow", client, shard, from: { kind: "now" }, told });
  }

  /** Ends all streams with a word, and reads nothing more. */
  close(): void {
    this.#isClosed = true;
    for (const client of [...this.#following.keys()]) this.#end(client, "stopping", "the server is stopping");
    this.#closeLink();
    clearInterval(this.#look);
  }

  #add(
    request: FastifyRequest,
    reply: FastifyReply,
    { collection, shard, told }: Pick<Following, "collection" | "shard" | "told">,
  ): number {
    const number = ++this.#lastClient;
    const client = new EventClient(
      reply,
      this.#bytesMax,
      () => this.#taken(number),
      () => this.#remove(number),
    );
    this.#following.set(number, {
      client,
      collection,
      shard,
      request,
      told,
      live: undefined,
      owes: false,
      leftOut: nothingLeftOutData,
      group: undefined,
    });
    this.#look ??= setInterval(() => this.#lookAround(performance.now()), 1_000).unref();
    return number;
  }

  #remove(number: number): void {
    const following = this.#following.get(number);
    if (following === undefined) return;
    this.#following.delete(number);
    if (following.live !== undefined) {
      this.#liveQueries -= 1;
      following.live.close();
    }
    if (following.group !== undefined) this.#leaveGroup(following.group, number);
    this.#opened?.post({ kind: "leave", client: number });
    this.#idleSinceMs = performance.now();
  }

  #leaveGroup(group: number, number: number): void {
    const clients = this.#groups.get(group);
    clients?.delete(number);
    if (clients?.size === 0) this.#groups.delete(group);
  }

  #end(number: number, reason: EndReason, message: string): void {
    const following = this.#following.get(number);
    if (following === undefined) return;
    this.#ended[reason] += 1;
    following.client.end(reason, message);
    this.#remove(number);
  }

  /** What it follows could not be read: it may not be there any more, or be another one. */
  #failed(number: number, error: unknown, otherwise: string): void {
    const following = this.#following.get(number);
    if (following === undefined || !this.#isThere(following, number)) return;
    this.#end(number, "failed", error instanceof MurmurationError ? error.message : otherwise);
  }

  // ---- whoever reads the log

  #post(request: ChangesRequest): void {
    if (this.#opened !== undefined) return this.#opened.post(request);
    this.#openLink().then(
      // it may be gone meanwhile
      (link) => this.#following.has(request.client) && link.post(request),
      (error: unknown) => this.#lost(error instanceof Error ? error.message : String(error)),
    );
  }

  #openLink(): Promise<ChangesLink> {
    const { open, database } = this.#options;
    if (open === undefined) return Promise.reject(new Error("there is no log"));
    if (this.#link !== undefined) return this.#link;
    // one that ends at once is not begun again and again
    const waitMs = Math.max(0, this.#lostMs + linkEveryMs - performance.now());
    const listener = {
      onReply: (reply: ChangesReply) => this.#receive(reply),
      onEnd: (why: string) => this.#lost(why),
    };
    const opening = waitMs === 0 ? open(database, listener) : pause(waitMs).then(() => open(database, listener));
    this.#link = opening.then((link) => {
      if (this.#isClosed) link.close();
      this.#opened = link;
      return link;
    });
    return this.#link;
  }

  #closeLink(): void {
    this.#opened?.close();
    this.#opened = undefined;
    this.#link = undefined;
  }

  /** Whoever follows comes back, and is told by another one what it has not seen. */
  #lost(why: string): void {
    this.#closeLink();
    if (this.#isClosed) return;
    this.#lostMs = performance.now();
    this.#options.log?.warn({ why }, "the thread that reads changes ended");
    for (const number of [...this.#following.keys()])
      this.#end(number, "failed", "changes could not be read; come again");
  }

  #receive(reply: ChangesReply): void {
    switch (reply.kind) {
      case "page": {
        const following = this.#following.get(reply.client);
        if (following === undefined) return;
        if (reply.group !== undefined) {
          following.group = reply.group;
          const clients = this.#groups.get(reply.group) ?? new Set();
          this.#groups.set(reply.group, clients.add(reply.client));
        } else following.owes = true;
        this.#send(reply.client, following, reply.bytes, reply.events);
        if (following.owes && following.client.isReady) this.#taken(reply.client);
        return;
      }
      case "tail":
        for (const number of this.#groups.get(reply.group) ?? []) {
          const following = this.#following.get(number);
          if (following !== undefined) this.#send(number, following, reply.bytes, reply.events);
        }
        return;
      case "snapshot":
        this.#snapshot(reply);
        return;
      case "end":
        this.#end(reply.client, reply.reason, reply.message);
        return;
      case "fault":
        this.#options.log?.warn({ why: reply.why }, "changes could not be read");
        return;
      case "names":
        for (const number of reply.client === undefined ? (this.#groups.get(reply.group) ?? []) : [reply.client])
          this.#following.get(number)?.live?.told(reply.operations, reply.frontier, reply.isReset === true);
    }
  }

  #send(number: number, { client }: Following, bytes: Uint8Array, events: number): void {
    if (bytes.byteLength === 0) return;
    if (!client.send(bytes)) {
      this.#end(
        number,
        "slow",
        `${this.#bytesMax / MEBIBYTE} MiB wait that were not read; come again with the last id`,
      );
      return;
    }
    this.#events += events;
    this.#bytes += bytes.byteLength;
  }

  #taken(number: number): void {
    const following = this.#following.get(number);
    if (following?.owes !== true) return;
    following.owes = false;
    this.#opened?.post({ kind: "more", client: number });
  }

  // ---- points

  #snapshot({ client: number, token, why }: Extract<ChangesReply, { readonly kind: "snapshot" }>): void {
    const following = this.#following.get(number);
    if (following === undefined) return;
    if (following.group !== undefined) this.#leaveGroup(following.group, number);
    following.group = undefined;
    following.owes = false;
    this.#snapshots += 1;
    const isGone = () => this.#following.get(number) !== following;
    const send = (bytes: Uint8Array, events: number) => this.#send(number, following, bytes, events);
    const { database } = this.#options;
    const bytesMax = this.#bytesMax;
    sendSnapshot({ database, following, gate: this.#pages, token, why, isGone, bytesMax, send }).then(
      () => this.#opened?.post({ kind: "resume", client: number }),
      (error: unknown) => this.#failed(number, error, "the points could not be read"),
    );
  }

  // ---- time

  #lookAround(nowMs: number): void {
    if (this.#following.size === 0) {
      if (this.#opened !== undefined && nowMs - this.#idleSinceMs > threadIdleMs) this.#closeLink();
      if (this.#opened === undefined && this.#link === undefined) {
        clearInterval(this.#look);
        this.#look = undefined;
      }
      return;
    }
    const beats = nowMs - this.#beatMs >= heartbeatMs;
    if (beats) this.#beatMs = nowMs;
    if (nowMs - this.#admitMs >= admitEveryMs) this.admitAgain();
    for (const [number, following] of [...this.#following]) {
      if (following.client.isStalled(nowMs))
        this.#end(number, "slow", "nothing was read for too long; come again with the last id");
      else if (!this.#isThere(following, number)) continue;
      else if (beats) following.client.beat();
    }
    this.#tellLeftOut();
  }

  #tellLeftOut(): void {
    const { leftOut } = this.#options.database.status();
    for (const [number, following] of [...this.#following]) {
      if (following.told === "names") continue;
      const data = leftOutData(leftOut, following.shard);
      if (data === following.leftOut) continue;
      following.leftOut = data;
      this.#send(number, following, Buffer.from(eventText("left-out", `{"operations":${data}}`)), 1);
    }
  }

  /** Asks of everybody whether they may still read: keys are replaced, tokens end, and some hold only while there is a point. */
  admitAgain(): void {
    this.#admitMs = performance.now();
    for (const [number, { request, collection }] of this.#following) {
      Promise.resolve(request)
        .then((one) => this.#options.admit(one, collection))
        .catch((error: unknown) => this.#notAdmitted(number, error));
    }
  }

  /** What a token says may also be what cannot be looked up just now: then nobody knows that it may not read, and whoever comes again is asked anew. */
  #notAdmitted(number: number, error: unknown): void {
    if (error instanceof Refusal)
      return this.#end(number, "forbidden", "the key or token does not let read this collection any more");
    const why = error instanceof MurmurationError ? `: ${error.message}` : "";
    this.#end(number, "failed", `whether it may be read still could not be looked up${why}; come again`);
  }

  /** Is it still the collection that it follows? */
  #isThere({ collection, shard }: Following, number: number): boolean {
    try {
      if (this.#options.database.collection(collection).id === shard) return true;
      this.#end(number, "moved", `${collection} names another collection now`);
    } catch {
      this.#end(number, "dropped", `the collection ${collection} was deleted`);
    }
    return false;
  }
}
