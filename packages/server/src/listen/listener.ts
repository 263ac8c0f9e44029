import type { Server } from "node:http";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { MurmurationError, type PayloadReader } from "@murmuration/index";
import { Guard } from "../access/guard.js";
import type { BriefSource } from "../engine/brief-source.js";
import { follow } from "../engine/follower.js";
import { onClientError } from "../http/connections.js";
import { makeServer, type SharedTls, showOn } from "../http/make-server.js";
import { LocalReaders } from "../read/local-readers.js";
import { PromptPayloads } from "../read/prompt-payloads.js";
import type { Tapped } from "../read/query-tap.js";
import type { SlowQuery } from "../slow-queries.js";
import { AnswerHeaders, type Observe } from "./brief-answer.js";
import { briefHandler } from "./brief-handler.js";
import { BriefLane } from "./brief-lane.js";
import { admitsNow, BriefReads } from "./brief-reads.js";
import type { BriefRequest } from "./brief-request.js";
import { type Answered, type ListenerReply, type ListenerRequest, type ListenerStart, stages } from "./messages.js";
import { Relay } from "./relay.js";
import { threadStream } from "./thread-stream.js";

/** So many answers are told of together, or those of so long. */
const ANSWERED_MAX = 512;
const TELL_EVERY_MS = 500;
/** How often connections that have become idle are looked for while the thread ends. */
const IDLE_SWEEP_MS = 20;

/** Where nobody said where payloads are. */
const noPayloads: PayloadReader = {
  bytesOf() {
    throw new MurmurationError("internal", "payloads are read by others");
  },
};

/**
 * What a listener's thread does: it listens at the addresses of the server, answers brief reads whole, and passes everything else on to the
 * thread that hosts the server.
 */
export class Listener {
  readonly #port: MessagePort;
  readonly #start: ListenerStart;
  readonly #guard = new Guard(undefined);
  readonly #relay: Relay;
  #answered: Answered[] = [];
  #lanes: readonly BriefLane[] = [];
  #servers: readonly Server[] = [];
  #tls: SharedTls | undefined;
  #beat: NodeJS.Timeout | undefined;
  #following: MessagePort | undefined;
  #payloads: PromptPayloads | undefined;
  #source: BriefSource | undefined;
  #tapped: Tapped | undefined;

  constructor(port: MessagePort, start: ListenerStart) {
    this.#port = port;
    this.#start = start;
    this.#tls = start.tls;
    this.#relay = new Relay(() => {
      const { port1: near, port2: far } = new MessageChannel();
      this.#post({ kind: "connection", port: far }, [far]);
      return threadStream(near);
    });
  }

  take(request: ListenerRequest): void {
    switch (request.kind) {
      case "follow":
        this.#listen(request);
        return;
      case "keys":
        this.#guard.replace(request.keys);
        return;
      case "tls":
        this.#tls = request.tls;
        for (const server of this.#servers) showOn(server, request.tls);
        return;
      case "tap":
        this.#tapped = request.tapped;
        this.#tap();
        return;
      case "tell":
        this.#tell(request.request);
        return;
      case "close":
        this.#close();
    }
  }

  #listen({ start, port, keys }: Extract<ListenerRequest, { readonly kind: "follow" }>): void {
    const {
      thread,
      beat,
      stage,
      addresses,
      connectionsMax,
      requestTimeoutMs,
      readTimeoutMs,
      fixedFields,
      slowQueryMs,
      payloads: stored,
    } = this.#start;
    // it is being ended
    if (Atomics.compareExchange(stage, 0, stages.starting, stages.listening) !== stages.starting) return;
    this.#guard.replace(keys);
    this.#following = port;
    const payloads = stored === undefined ? undefined : new PromptPayloads(stored);
    const readers = new LocalReaders(payloads?.of ?? (() => noPayloads), thread);
    const source = follow(port, start, readers, payloads);
    this.#payloads = payloads;
    this.#source = source;
    this.#tap();
    const admits = (request: BriefRequest) => {
      const isAdmitted = admitsNow(this.#guard, request);
      if (!isAdmitted) this.#guard.learn(request.credentials);
      return isAdmitted;
    };
    const reads = new BriefReads(source, readTimeoutMs, admits, slowQueryMs);
    const headers = new AnswerHeaders(fixedFields);
    const note: Observe = (path, tookMs, slow) => this.#note(path, tookMs, slow);
    const handler = briefHandler(reads, headers, note, (request, response) => this.#relay.pass(request, response));
    this.#servers = addresses.map(() => makeServer(requestTimeoutMs, this.#tls, handler));
    this.#lanes = this.#servers.map((server) => new BriefLane(server, reads, headers, note));
    this.#beat = setInterval(() => {
      Atomics.add(beat, 0, 1);
      if (this.#answered.length > 0) this.#tell();
    }, TELL_EVERY_MS);
    let awaited = addresses.length;
    for (const [i, { address: host, port }] of addresses.entries()) {
      const server = this.#servers[i] as Server;
      server.on("clientError", onClientError);
      if (connectionsMax > 0) server.maxConnections = connectionsMax;
      server.listen({ host, port, reusePort: true }, () => {
        if (--awaited === 0) this.#post({ kind: "listening" });
      });
    }
  }

  #tap(): void {
    this.#source?.tap.set(this.#tapped, (query, counts) => this.#post({ kind: "sampled", query, counts }));
  }

  #note(path: string, tookMs: number, slow: SlowQuery | undefined): void {
    this.#answered.push(slow === undefined ? [path, tookMs] : [path, tookMs, slow]);
    if (this.#answered.length >= ANSWERED_MAX) this.#tell();
  }

  #tell(request?: number): void {
    const answered = this.#answered;
    this.#answered = [];
    this.#post({ kind: "answered", answered, ...(request === undefined ? {} : { request }) });
  }

  #close(): void {
    for (const lane of this.#lanes) lane.close();
    const sweep = setInterval(() => {
      for (const server of this.#servers) server.closeIdleConnections();
    }, IDLE_SWEEP_MS);
    let awaited = this.#servers.length;
    for (const server of this.#servers) {
      server.close(() => {
        if (--awaited > 0) return;
        clearInterval(sweep);
        clearInterval(this.#beat);
        this.#tell();
        this.#relay.close();
        this.#following?.close();
        this.#payloads?.close();
        this.#port.close();
      });
    }
  }

  #post(reply: ListenerReply, transfer: readonly MessagePort[] = []): void {
    this.#port.postMessage(reply, transfer);
  }
}
