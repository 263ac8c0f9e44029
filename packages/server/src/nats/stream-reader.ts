import { setTimeout as after } from "node:timers/promises";
import {
  AckPolicy,
  type ConsumerMessages,
  DeliverPolicy,
  type JsMsg,
  type NatsConnection,
  nanos,
  type StreamInfo,
} from "nats";
import { isNotFound, reasonOf } from "./failure.js";
import { natsLimits } from "./limits.js";
import type { NatsLog, NatsPositions } from "./options.js";

const READER_GONE_MS = 30_000;
const EXPIRES_MS = 5_000;
const IDLE_HEARTBEAT_MS = 1_000;

/** How far a reader is. */
export interface ReaderCounters {
  readonly region: string;
  /** The last frame read. */
  readonly position: number | undefined;
  /** Frames that the stream dropped before they were read. */
  readonly missedFrames: number;
  /** How often the stream was found wiped or cut back. */
  readonly restarts: number;
}

/**
 * Reads a region's stream in order, from where it was read to the last time. A stream that was wiped or cut back is read from its first
 * frame. It may miss frames (the stream is bounded) and repeat some.
 */
export class StreamReader {
  readonly #region: string;
  readonly #stream: string;
  readonly #positions: NatsPositions | undefined;
  readonly #take: (subject: string, frame: Uint8Array) => void;
  readonly #log: NatsLog;
  #connection: NatsConnection | undefined;
  #messages: ConsumerMessages | undefined;
  #position: number | undefined;
  #savedPosition: number | undefined;
  #created: string | undefined;
  /** The stream was not there when it was first looked for: all that is in it is new. */
  #sawNone = false;
  #missedFrames = 0;
  #restarts = 0;
  #lastError: string | undefined;

  constructor(
    region: string,
    stream: string,
    positions: NatsPositions | undefined,
    take: (subject: string, frame: Uint8Array) => void,
    log: NatsLog,
  ) {
    this.#region = region;
    this.#stream = stream;
    this.#positions = positions;
    this.#take = take;
    this.#log = log;
    this.#position = positions?.load(region);
    this.#savedPosition = this.#position;
  }

  /** Reads over a new connection until `detach`. Resolves when reading has begun, or there is no stream yet. */
  attach(connection: NatsConnection): Promise<void> {
    this.#connection = connection;
    return new Promise((resolve) => void this.#run(connection, resolve));
  }

  /** The connection is gone. */
  detach(): void {
    this.#connection = undefined;
    void this.#messages?.close();
    this.#messages = undefined;
  }

  /** Saves the position if it has changed. */
  save(): void {
    if (this.#position === undefined || this.#position === this.#savedPosition) return;
    this.#positions?.save(this.#region, this.#position);
    this.#savedPosition = this.#position;
  }

  counters(): ReaderCounters {
    return {
      region: this.#region,
      position: this.#position,
      missedFrames: this.#missedFrames,
      restarts: this.#restarts,
    };
  }

  async #run(connection: NatsConnection, onBegun: () => void): Promise<void> {
    while (connection === this.#connection) {
      try {
        const info = await this.#look(connection);
        if (info === undefined) {
          this.#sawNone = true;
          onBegun();
        } else {
          await this.#read(connection, this.#startAt(info), onBegun);
        }
      } catch (error) {
        if (connection !== this.#connection) break;
        const reason = reasonOf(error);
        if (reason !== this.#lastError)
          this.#log("warn", "a region's stream cannot be read: trying again", { region: this.#region, why: reason });
        this.#lastError = reason;
      }
      await after(natsLimits.retryMs);
    }
    onBegun();
  }

  async #look(connection: NatsConnection): Promise<StreamInfo | undefined> {
    try {
      const manager = await connection.jetstreamManager();
      return await manager.streams.info(this.#stream);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** The first frame to read. */
  #startAt({ created, state }: StreamInfo): number {
    const { first_seq: first, last_seq: last } = state;
    const isOther = this.#created !== undefined && this.#created !== created;
    this.#created = created;
    if (this.#position !== undefined && (isOther || this.#position > last)) {
      this.#restarts += 1;
      this.#log("warn", "a region's stream was wiped or cut back: reading it from its start", {
        region: this.#region,
        position: this.#position,
        lastInStream: last,
      });
      this.#position = undefined;
      return first;
    }
    if (this.#position !== undefined) return this.#position + 1;
    return this.#sawNone ? first : Math.max(first, last + 1 - natsLimits.lookBackFrames);
  }

  /** Reads until the connection or the consumer is gone, or a frame is missing. */
  async #read(connection: NatsConnection, startAt: number, onBegun: () => void): Promise<void> {
    const manager = await connection.jetstreamManager();
    const { name } = await manager.consumers.add(this.#stream, {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: Math.max(1, startAt),
      inactive_threshold: nanos(READER_GONE_MS),
      mem_storage: true,
      max_deliver: 1,
    });
    const consumer = await connection.jetstream().consumers.get(this.#stream, name);
    if (connection !== this.#connection) return;
    let delivered = 0;
    const messages = await consumer.consume({
      max_messages: natsLimits.readAheadFrames,
      expires: EXPIRES_MS,
      idle_heartbeat: IDLE_HEARTBEAT_MS,
      // wiped or removed while it is read: look again
      abort_on_missing_resource: true,
      callback: (message) => {
        if (connection !== this.#connection || messages !== this.#messages) return;
        delivered += 1;
        // lost on the way: a new consumer begins behind the last frame that came
        if (message.info.deliverySequence === delivered) this.#takeFrame(message);
        else void messages.close();
      },
    });
    this.#messages = messages;
    this.#lastError = undefined;
    onBegun();
    await messages.closed();
    await consumer.delete().catch(() => false);
  }

  #takeFrame(message: JsMsg): void {
    const expected = this.#position === undefined ? message.seq : this.#position + 1;
    this.#missedFrames += Math.max(0, message.seq - expected);
    this.#position = message.seq;
    this.#take(message.subject, message.data);
  }
}
