import { type JetStreamClient, type MsgHdrs, type NatsConnection, nanos, RetentionPolicy, StorageType } from "nats";
import type { PurgedStream } from "../engine/erasure-questions.js";
import { codeOf, isNotFound, reasonOf } from "./failure.js";
import { natsLimits } from "./nats-limits.js";
import type { NatsLog } from "./options.js";

/** The stream of a region, as its replicas want it. */
export interface StreamSettings {
  readonly name: string;
  readonly subject: string;
  readonly bytesMax: number;
  readonly ageMsMax: number;
}

interface Publication {
  readonly id: string;
  readonly frame: Uint8Array;
  readonly headers: MsgHdrs | undefined;
}

/**
 * Makes the stream, or brings it to its settings; it is used as it is when the server refuses that. It exists until someone removes it
 * or its server loses its storage.
 */
async function ensureStream(connection: NatsConnection, settings: StreamSettings, log: NatsLog): Promise<void> {
  const { streams } = await connection.jetstreamManager();
  const bounds = { max_bytes: settings.bytesMax, max_age: nanos(settings.ageMsMax) };
  try {
    const { config } = await streams.info(settings.name);
    if (config.max_bytes !== bounds.max_bytes || config.max_age !== bounds.max_age)
      await streams.update(settings.name, bounds).catch((error: unknown) => {
        log("warn", "the stream keeps its old bounds", { stream: settings.name, why: reasonOf(error) });
      });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await streams.add({
      ...bounds,
      name: settings.name,
      subjects: [settings.subject],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      duplicate_window: nanos(natsLimits.duplicateWindowMs),
    });
  }
}

/**
 * Publishes frames to the own region's stream: a bounded number at a time, each under an id of its own and again until the stream has
 * it. What is not acknowledged when the connection is lost goes out first on the next one.
 */
export class StreamWriter {
  readonly #settings: StreamSettings;
  readonly #subject: string;
  readonly #idPrefix: string;
  readonly #log: NatsLog;
  readonly #onRoom: () => void;
  #waiting: Publication[] = [];
  readonly #inFlight = new Set<Publication>();
  #connection: NatsConnection | undefined;
  #jetstream: JetStreamClient | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #nextId = 0;
  #retries = 0;
  #lastError: string | undefined;

  /** Ids of publications are `idPrefix` and a number. `onRoom`: another frame can be published. */
  constructor(settings: StreamSettings, subject: string, idPrefix: string, log: NatsLog, onRoom: () => void) {
    this.#settings = settings;
    this.#subject = subject;
    this.#idPrefix = idPrefix;
    this.#log = log;
    this.#onRoom = onRoom;
  }

  /** Publications made again: no acknowledgement came, or the connection was lost before it did. */
  get retries(): number {
    return this.#retries;
  }

  /** Frames that the stream has not acknowledged. */
  get unacknowledged(): number {
    return this.#waiting.length + this.#inFlight.size;
  }

  /** Whether a frame would go out at once. */
  hasRoom(): boolean {
    return (
      this.#jetstream !== undefined &&
      this.#waiting.length === 0 &&
      this.#inFlight.size < natsLimits.publishesInFlightMax
    );
  }

  publish(frame: Uint8Array, headers?: MsgHdrs): void {
    this.#nextId += 1;
    this.#waiting.push({ id: `${this.#idPrefix}-${this.#nextId}`, frame, headers });
    this.#send();
  }

  /** Goes on over a new connection. */
  async attach(connection: NatsConnection): Promise<void> {
    this.#connection = connection;
    await this.#prepare(connection);
  }

  /** The connection is gone. */
  detach(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    this.#connection = undefined;
    this.#jetstream = undefined;
    this.#retries += this.#inFlight.size;
    // a set keeps the order in which they were sent
    this.#waiting = [...this.#inFlight, ...this.#waiting];
    this.#inFlight.clear();
  }

  /**
   * Have the stream hold nothing of what was ever published to it: what others have not read of it they ask for. All of it goes, since the server
   * rewrites no block of its storage for a part. Not while frames of this replica are on their way to it. Never rejects.
   */
  async purge(): Promise<PurgedStream> {
    const connection = this.#connection;
    const { name: stream, ageMsMax } = this.#settings;
    if (connection === undefined) return { state: "unreachable", why: "there is no connection to the broker" };
    if (this.unacknowledged > 0) return { state: "unreachable", why: "operations are on their way to the stream" };
    let keptMs = ageMsMax;
    try {
      const { streams } = await connection.jetstreamManager();
      const { config } = await streams.info(stream);
      keptMs = config.max_age === 0 ? Number.MAX_SAFE_INTEGER : config.max_age / 1_000_000;
      await streams.purge(stream);
      return { state: "purged", stream };
    } catch (error) {
      if (isNotFound(error)) return { state: "purged", stream };
      if (connection !== this.#connection) return { state: "unreachable", why: reasonOf(error) };
      const untilMs = Math.min(Date.now() + keptMs, natsLimits.timeMsMax);
      this.#log("warn", "the stream cannot be purged of what is erased", { ...this.#details(), why: reasonOf(error) });
      return { state: "refused", stream, why: reasonOf(error), untilMs };
    }
  }

  /** Makes sure of the stream, then sends what waits; tries again later when the stream cannot be had. */
  async #prepare(connection: NatsConnection): Promise<void> {
    try {
      await ensureStream(connection, this.#settings, this.#log);
    } catch (error) {
      if (connection !== this.#connection) return;
      this.#noteError(error);
      this.#prepareLater(connection);
      return;
    }
    if (connection !== this.#connection) return;
    if (this.#lastError !== undefined) this.#log("info", "the stream takes operations again", this.#details());
    this.#lastError = undefined;
    this.#jetstream = connection.jetstream();
    this.#send();
    this.#onRoom();
  }

  #prepareLater(connection: NatsConnection): void {
    this.#jetstream = undefined;
    this.#retryTimer ??= setTimeout(() => {
      this.#retryTimer = undefined;
      if (connection === this.#connection) void this.#prepare(connection);
    }, natsLimits.retryMs);
  }

  #send(): void {
    const jetstream = this.#jetstream;
    const connection = this.#connection;
    if (jetstream === undefined || connection === undefined) return;
    while (this.#inFlight.size < natsLimits.publishesInFlightMax) {
      const publication = this.#waiting.shift();
      if (publication === undefined) return;
      this.#inFlight.add(publication);
      const { id, frame, headers } = publication;
      const options = {
        msgID: id,
        timeout: natsLimits.publishTimeoutMs,
        ...(headers === undefined ? {} : { headers }),
      };
      jetstream.publish(this.#subject, frame, options).then(
        () => {
          // a late acknowledgement of one that was sent again since does no harm either
          if (this.#inFlight.delete(publication) && connection === this.#connection) {
            this.#send();
            this.#onRoom();
          }
        },
        (error: unknown) => {
          if (connection === this.#connection && this.#inFlight.delete(publication))
            this.#repeat(connection, publication, error);
        },
      );
    }
  }

  #repeat(connection: NatsConnection, publication: Publication, error: unknown): void {
    this.#retries += 1;
    this.#waiting.unshift(publication);
    this.#noteError(error);
    // the stream may be gone: it is looked for before anything is sent again
    this.#prepareLater(connection);
  }

  #noteError(error: unknown): void {
    const reason = reasonOf(error);
    if (reason !== this.#lastError)
      this.#log("warn", "the stream does not take operations: trying again", {
        ...this.#details(),
        why: reason,
        code: codeOf(error),
      });
    this.#lastError = reason;
  }

  #details(): Record<string, unknown> {
    return { stream: this.#settings.name };
  }
}
