import { setTimeout as after } from "node:timers/promises";
import { connect, type NatsConnection } from "nats";
import { CircuitBreaker } from "./circuit-breaker.js";
import { clientOptions } from "./client-options.js";
import { reasonOf } from "./failure.js";
import { natsLimits } from "./nats-limits.js";
import type { NatsLog, ResolvedAddress } from "./options.js";

/** Reasons remembered as logged. */
const REASONS_MAX = 16;

/** What a link has done and how it is. */
export interface LinkCounters {
  readonly region: string;
  readonly servers: readonly string[];
  readonly state: "connected" | "reconnecting" | "closed";
  /** Open: nothing waits for this link. */
  readonly breaker: "closed" | "open";
  /** How often the breaker has opened. */
  readonly breakerOpened: number;
  /** The latest round trip to the server and back, and their long-run median. */
  readonly roundTripMs: number | undefined;
  readonly roundTripMedianMs: number | undefined;
  /** Over all connections so far. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly reconnects: number;
  /** Attempts to connect that failed. */
  readonly failures: number;
  readonly lastError: string | undefined;
  /** Published and not yet taken by the server. */
  readonly inFlightBytes: number;
}

/** What happens on a link. */
export interface LinkEvents {
  /** A connection was made. What it throws or rejects with ends the connection. */
  readonly onSession: (connection: NatsConnection) => Promise<void>;
  /** The connection is gone; there was an `onSession` for it. */
  readonly onEnd: () => void;
  /** Something that waited can perhaps be sent now. */
  readonly onProgress: () => void;
}

/**
 * The way to one NATS server, kept for as long as it is not closed: it connects again and again. Each connection is a session of its
 * own, so that nothing is buffered by the client while there is none.
 */
export class Link {
  readonly address: ResolvedAddress;
  readonly breaker = new CircuitBreaker();
  readonly #name: string;
  readonly #log: NatsLog;
  readonly #events: LinkEvents;
  readonly #stop = new AbortController();
  #connection: NatsConnection | undefined;
  #inFlightBytes = 0;
  #roundTripMs: number | undefined;
  #sessions = 0;
  #failures = 0;
  #lastError: string | undefined;
  /** Why it failed since it was last connected, and when that was last logged. */
  readonly #loggedMs = new Map<string, number>();
  readonly #ended = { inBytes: 0, outBytes: 0 };
  #pingSentMs: number | undefined;

  constructor(address: ResolvedAddress, name: string, log: NatsLog, events: LinkEvents) {
    this.address = address;
    this.#name = name;
    this.#log = log;
    this.#events = events;
  }

  /** The connection, while there is one. */
  get connection(): NatsConnection | undefined {
    return this.#connection;
  }

  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  /** Largest frame that the server takes. */
  get frameBytesMax(): number {
    const payload = this.#connection?.info?.max_payload ?? natsLimits.frameBytesMax;
    return Math.min(natsLimits.frameBytesMax, payload - natsLimits.headerBytes);
  }

  /** Connects, and again whenever the connection is lost, until `close`. */
  async run(): Promise<void> {
    let pauseMs: number = natsLimits.reconnectMs;
    for (let attempt = 0; !this.#stop.signal.aborted; attempt += 1) {
      try {
        const connection = await connect(await clientOptions(this.address, this.#name, attempt));
        if (this.#stop.signal.aborted) return await connection.close();
        pauseMs = natsLimits.reconnectMs;
        await this.#serve(connection);
      } catch (error) {
        this.#noteFailure(error);
      }
      // jitter: not all replicas come back to a server in the same moment
      await this.#pause(pauseMs * (0.75 + Math.random() / 2));
      pauseMs = Math.min(natsLimits.reconnectMsMax, pauseMs * 2);
    }
  }

  /** Publishes without waiting. The bytes are in flight until the server has taken them. */
  publish(subject: string, frame: Uint8Array): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    try {
      connection.publish(subject, frame);
    } catch {
      // closing: lost, like anything that is in flight then
      return;
    }
    this.#inFlightBytes += frame.byteLength;
    connection.flush().then(
      () => {
        if (connection !== this.#connection) return;
        this.#inFlightBytes -= frame.byteLength;
        this.#events.onProgress();
      },
      () => undefined,
    );
  }

  close(): void {
    this.#stop.abort();
    // its errors are those of a connection that nobody needs any more
    void this.#connection?.close().catch(() => undefined);
  }

  counters(): LinkCounters {
    const stats = this.#connection?.stats() ?? { inBytes: 0, outBytes: 0 };
    const state = this.#stop.signal.aborted ? "closed" : this.#connection === undefined ? "reconnecting" : "connected";
    return {
      region: this.address.region,
      servers: this.address.servers,
      state,
      breaker: this.breaker.isOpen ? "open" : "closed",
      breakerOpened: this.breaker.opened,
      roundTripMs: this.#roundTripMs,
      roundTripMedianMs: this.breaker.medianMs(),
      sentBytes: this.#ended.outBytes + stats.outBytes,
      receivedBytes: this.#ended.inBytes + stats.inBytes,
      reconnects: Math.max(0, this.#sessions - 1),
      failures: this.#failures,
      lastError: this.#lastError,
      inFlightBytes: this.#inFlightBytes,
    };
  }

  /** From the connection's first moment to its end. */
  async #serve(connection: NatsConnection): Promise<void> {
    this.#connection = connection;
    this.#sessions += 1;
    this.#lastError = undefined;
    this.#loggedMs.clear();
    this.#log("info", "connected to NATS", this.#details());
    const sampling = setInterval(() => this.#sampleRoundTrip(connection), natsLimits.roundTripEveryMs);
    this.#sampleRoundTrip(connection);
    const closed = connection.closed();
    try {
      this.#events.onSession(connection).catch(async (error: unknown) => {
        this.#noteFailure(error);
        await connection.close();
      });
      const error = await closed;
      if (!this.#stop.signal.aborted) this.#noteFailure(error ?? new Error("the connection was lost"));
    } finally {
      clearInterval(sampling);
      const { inBytes, outBytes } = connection.stats();
      this.#ended.inBytes += inBytes;
      this.#ended.outBytes += outBytes;
      this.#connection = undefined;
      this.#inFlightBytes = 0;
      this.#pingSentMs = undefined;
      this.#events.onEnd();
    }
  }

  #sampleRoundTrip(connection: NatsConnection): void {
    const sentMs = performance.now();
    if (this.#pingSentMs !== undefined) {
      if (sentMs - this.#pingSentMs > natsLimits.roundTripMsMax) this.breaker.noteError();
      return;
    }
    this.#pingSentMs = sentMs;
    connection.flush().then(
      () => {
        if (connection !== this.#connection) return;
        this.#pingSentMs = undefined;
        this.#roundTripMs = performance.now() - sentMs;
        const wasOpen = this.breaker.isOpen;
        this.breaker.noteRoundTrip(this.#roundTripMs);
        if (wasOpen && !this.breaker.isOpen) this.#events.onProgress();
      },
      () => undefined,
    );
  }

  #noteFailure(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#failures += 1;
    this.breaker.noteError();
    const reason = reasonOf(error);
    const nowMs = performance.now();
    if (this.#loggedMs.size > REASONS_MAX) this.#loggedMs.clear();
    // two reasons may take turns
    if (nowMs - (this.#loggedMs.get(reason) ?? Number.NEGATIVE_INFINITY) > natsLimits.repeatLogMs) {
      this.#loggedMs.set(reason, nowMs);
      this.#log("warn", "no connection to NATS: trying again", { ...this.#details(), why: reason });
    }
    this.#lastError = reason;
  }

  #details(): Record<string, unknown> {
    return { region: this.address.region, servers: this.address.servers };
  }

  async #pause(ms: number): Promise<void> {
    await after(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}
