import { assert } from "@murmuration/index";
import { limits } from "../limits.js";
import type { Outgoing, Transport, TransportCounters } from "./transport.js";

const LANES = ["live", "control", "bulk"] as const;

/** Connects replicas of one process. Nothing moves until `deliver` is called; keeps the order of each sender's lanes. */
export class MemoryNetwork {
  readonly #transports = new Map<number, MemoryTransport>();
  readonly #queueBytesMax: number;

  constructor(queueBytesMax: number = limits.transportQueueBytesMax) {
    this.#queueBytesMax = queueBytesMax;
  }

  /** The transport of a replica. One of the same id must be closed before. */
  connect(id: number): Transport {
    assert(!this.#transports.has(id), "a replica connects once");
    const transport = new MemoryTransport(this.#queueBytesMax, () => this.#transports.delete(id));
    this.#transports.set(id, transport);
    return transport;
  }

  /**
   * Delivers what waits, also what is sent meanwhile, up to `messagesMax`: senders in turn, of each the most urgent message. Returns how
   * many. An error of a taker is passed on; its message stays first in line and is delivered again, to all its receivers.
   */
  deliver(messagesMax: number = Number.POSITIVE_INFINITY): number {
    let delivered = 0;
    for (let moved = true; moved; ) {
      moved = false;
      for (const [id, sender] of [...this.#transports].sort(([a], [b]) => a - b)) {
        if (delivered >= messagesMax) return delivered;
        const message = sender.shift();
        if (message === undefined) continue;
        try {
          for (const [to, receiver] of [...this.#transports]) {
            if (to !== id && (message.to === undefined || message.to === to)) receiver.take(message.bytes, id);
          }
        } catch (error) {
          sender.unshift(message);
          throw error;
        }
        delivered += 1;
        moved = true;
      }
    }
    return delivered;
  }
}

class MemoryTransport implements Transport {
  readonly #queues = { live: [] as Outgoing[], control: [] as Outgoing[], bulk: [] as Outgoing[] };
  readonly #queueBytesMax: number;
  readonly #leave: () => void;
  #take: ((bytes: Uint8Array, sender: number) => void) | undefined;
  #queuedBytes = 0;
  #sentMessages = 0;
  #droppedMessages = 0;
  #isClosed = false;

  constructor(queueBytesMax: number, leave: () => void) {
    this.#queueBytesMax = queueBytesMax;
    this.#leave = leave;
  }

  send(outgoing: readonly Outgoing[]): void {
    if (this.#isClosed) return;
    for (const message of outgoing) {
      this.#queues[message.lane].push(message);
      this.#queuedBytes += message.bytes.byteLength;
      while (this.#queuedBytes > this.#queueBytesMax) this.#drop();
    }
  }

  onMessage(take: (bytes: Uint8Array, sender: number) => void): void {
    this.#take = take;
  }

  counters(): TransportCounters {
    return {
      sentMessages: this.#sentMessages,
      droppedMessages: this.#droppedMessages,
      queuedBytes: this.#queuedBytes,
    };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const lane of LANES) this.#queues[lane].length = 0;
    this.#queuedBytes = 0;
    this.#take = undefined;
    this.#leave();
  }

  /** Takes the message that goes next out of its queue. */
  shift(): Outgoing | undefined {
    const message = LANES.map((lane) => this.#queues[lane])
      .find((queue) => queue.length > 0)
      ?.shift();
    if (message === undefined) return undefined;
    this.#queuedBytes -= message.bytes.byteLength;
    this.#sentMessages += 1;
    return message;
  }

  /** Puts a message back that could not be delivered. */
  unshift(message: Outgoing): void {
    if (this.#isClosed) return;
    this.#queues[message.lane].unshift(message);
    this.#queuedBytes += message.bytes.byteLength;
    this.#sentMessages -= 1;
  }

  take(bytes: Uint8Array, sender: number): void {
    this.#take?.(bytes, sender);
  }

  #drop(): void {
    const message = [...LANES]
      .reverse()
      .map((lane) => this.#queues[lane])
      .find((queue) => queue.length > 0)
      ?.pop();
    assert(message !== undefined, "bytes that wait belong to a message");
    this.#queuedBytes -= message.bytes.byteLength;
    this.#droppedMessages += 1;
  }
}
