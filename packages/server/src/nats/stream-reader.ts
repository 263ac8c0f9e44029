import { setTimeout as after } from "node:timers/promises";
import {
  AckPolicy,
  createInbox,
  DeliverPolicy,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  nanos,
  type StreamInfo,
} from "nats";
import type { Delivery } from "./delivery.js";
import { isNotFound, reasonOf } from "./failure.js";
import { natsLimits } from "./nats-limits.js";
import type { NatsLog, NatsPositions } from "./options.js";
import { Reading } from "./reading.js";

const READER_GONE_MS = 30_000;
const HEARTBEAT_MS = 1_000;

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
  readonly #take: (subject: string, frame: Uint8Array, headers: MsgHdrs | undefined) => void;
  readonly #log: NatsLog;
  #connection: NatsConnection | undefined;
  #reading: Reading | undefined;
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
    take: (subject: string, frame: Uint8Array, headers: MsgHdrs | undefined) => void,
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

  /** Reads over a new connection until `detach`. */
  attach(connection: NatsConnection): void {
    this.#connection = connection;
    void this.#run(connection);
  }

  /** The connection is gone. */
  detach(): void {
    this.#connection = undefined;
    this.#reading?.end();
    this.#reading = undefined;
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

  async #run(connection: NatsConnection): Promise<void> {
    while (connection === this.#connection) {
      try {
        const info = await this.#look(connection);
        if (info === undefined) this.#sawNone = true;
        else await this.#read(connection, this.#startAt(info));
      } catch (error) {
        if (connection !== this.#connection) break;
        const reason = reasonOf(error);
        if (reason !== this.#lastError)
          this.#log("warn", "a region's stream cannot be read: trying again", { region: this.#region, why: reason });
        this.#lastError = reason;
      }
      await after(natsLimits.retryMs);
    }
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

  /**
   * Reads until the connection or the consumer is gone, or a frame is missing. The server pushes: a reader that pulls would wait a
   * round trip for what comes while its request has expired and the next is on its way.
   */
  async #read(connection: NatsConnection, startAt: number): Promise<void> {
    const { consumers } = await connection.jetstreamManager();
    const inbox = createInbox();
    const reading = new Reading((subject) => connection.publish(subject));
    this.#reading = reading;
    const subscription = connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error !== null) return reading.end();
        const delivery = connection === this.#connection ? reading.accept(message) : undefined;
        if (delivery !== undefined) this.#takeFrame(message, delivery);
      },
    });
    try {
      const { name } = await consumers.add(this.#stream, {
        ack_policy: AckPolicy.None,
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: Math.max(1, startAt),
        deliver_subject: inbox,
        flow_control: true,
        idle_heartbeat: nanos(HEARTBEAT_MS),
        inactive_threshold: nanos(READER_GONE_MS),
        mem_storage: true,
      });
      this.#lastError = undefined;
      await reading.ended;
      await consumers.delete(this.#stream, name).catch(() => false);
    } finally {
      reading.end();
      subscription.unsubscribe();
    }
  }

  #takeFrame(message: Msg, { streamSequence }: Delivery): void {
    const expected = this.#position === undefined ? streamSequence : this.#position + 1;
    this.#missedFrames += Math.max(0, streamSequence - expected);
    this.#position = streamSequence;
    this.#take(message.subject, message.data, message.headers);
  }
}
