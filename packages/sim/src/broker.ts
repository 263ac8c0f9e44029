import type { Network } from "./network.js";

/** Messages that a stream keeps. */
const KEPT_MAX = 256;

interface Stream {
  readonly messages: { readonly sequence: number; readonly bytes: Uint8Array }[];
  /** Sequence of the next message. */
  next: number;
  isDown: boolean;
}

/** What can happen to a stream. */
export const brokerFaults = ["loses its tail", "loses its head", "delivers again", "is down"] as const;
export type BrokerFault = (typeof brokerFaults)[number];

/**
 * A carrier that stores and forwards what replicas say to all: one stream per replica, read by each other one from its position on, as
 * over one JetStream server per region. A cut link holds messages up instead of losing them. A stream may lose what it had
 * acknowledged; its sequences then go backwards, and consumers pass over what comes under the sequences that they have seen.
 */
export class Broker {
  readonly #network: Network;
  readonly #addresses: () => readonly number[];
  readonly #streams = new Map<number, Stream>();
  /** Last sequence consumed, by stream and consumer. */
  readonly #positions = new Map<string, number>();

  constructor(network: Network, addresses: () => readonly number[]) {
    this.#network = network;
    this.#addresses = addresses;
  }

  /** Store a message and pass it on. While the stream's server is down nothing is stored. */
  publish(from: number, bytes: Uint8Array): void {
    const stream = this.#streamOf(from);
    if (stream.isDown) return;
    stream.messages.push({ sequence: stream.next++, bytes });
    if (stream.messages.length > KEPT_MAX) stream.messages.shift();
    this.pump(from);
  }

  /** Pass on what consumers have not got and links let through. */
  pump(from: number): void {
    const stream = this.#streamOf(from);
    if (stream.isDown) return;
    for (const to of this.#addresses()) {
      if (to === from || this.#network.isCut(from, to)) continue;
      const position = this.#positions.get(`${from}>${to}`) ?? 0;
      for (const { sequence, bytes } of stream.messages) {
        if (sequence <= position) continue;
        this.#network.send(from, to, bytes);
        this.#positions.set(`${from}>${to}`, sequence);
      }
    }
  }

  /** Something happens to a stream; `share` (0 to 1) of its messages is concerned. Returns what ends it. */
  fail(from: number, fault: BrokerFault, share: number): () => void {
    const stream = this.#streamOf(from);
    const count = Math.ceil(stream.messages.length * share);
    switch (fault) {
      case "loses its tail":
        stream.messages.splice(stream.messages.length - count);
        stream.next -= count;
        break;
      case "loses its head":
        stream.messages.splice(0, count);
        break;
      case "delivers again":
        for (const [link, position] of this.#positions) {
          if (link.startsWith(`${from}>`)) this.#positions.set(link, Math.max(0, position - count));
        }
        break;
      case "is down":
        stream.isDown = true;
        break;
    }
    return () => {
      stream.isDown = false;
    };
  }

  #streamOf(from: number): Stream {
    let stream = this.#streams.get(from);
    if (stream === undefined) {
      stream = { messages: [], next: 1, isDown: false };
      this.#streams.set(from, stream);
    }
    return stream;
  }
}
