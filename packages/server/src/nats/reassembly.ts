import { limits } from "@murmuration/core";
import type { Frame } from "./frame.js";
import { natsLimits } from "./nats-limits.js";

type Part = Extract<Frame, { kind: "part" }>;

interface Unfinished {
  readonly sender: number;
  readonly parts: Map<number, Uint8Array>;
  readonly count: number;
  readonly sinceMs: number;
  bytes: number;
}

/** Bounds of a `Reassembly`; default `natsLimits` and the longest message of core. */
export interface ReassemblyBounds {
  readonly bytesMax: number;
  readonly messagesMax: number;
  readonly messageBytesMax: number;
  readonly ageMsMax: number;
}

const defaultBounds: ReassemblyBounds = {
  bytesMax: natsLimits.reassemblyBytesMax,
  messagesMax: natsLimits.reassemblyMessagesMax,
  messageBytesMax: limits.messageBytesMax,
  ageMsMax: natsLimits.reassemblyMsMax,
};

/** Puts long messages together from parts that may come in any order, twice, or not at all. Bounded in bytes, messages and time. */
export class Reassembly {
  readonly #bounds: ReassemblyBounds;
  /** By sender and message, the oldest first. */
  readonly #unfinished = new Map<string, Unfinished>();
  #bytes = 0;
  #givenUp = 0;

  constructor(bounds: Partial<ReassemblyBounds> = {}) {
    this.#bounds = { ...defaultBounds, ...bounds };
  }

  /** Bytes of parts that wait for others. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Messages that were given up. */
  get givenUp(): number {
    return this.#givenUp;
  }

  /** Takes a part of a sender's message; returns the message that it completes. Keeps a copy of its bytes. */
  take(part: Part, sender: number, nowMs: number): Uint8Array | undefined {
    this.#expire(nowMs);
    const key = `${sender}:${part.instance}:${part.message}`;
    const entry = this.#unfinished.get(key) ?? {
      sender,
      parts: new Map(),
      count: part.parts,
      sinceMs: nowMs,
      bytes: 0,
    };
    if (entry.count !== part.parts || entry.parts.has(part.part)) return undefined;
    this.#unfinished.set(key, entry);
    entry.parts.set(part.part, part.bytes.slice());
    entry.bytes += part.bytes.byteLength;
    this.#bytes += part.bytes.byteLength;
    if (entry.bytes > this.#bounds.messageBytesMax) {
      this.#giveUp(key, entry);
      return undefined;
    }
    if (entry.parts.size === entry.count) {
      this.#remove(key, entry);
      return join(entry);
    }
    while (this.#bytes > this.#bounds.bytesMax || this.#unfinished.size > this.#bounds.messagesMax)
      this.#giveUpOldest();
    return undefined;
  }

  #expire(nowMs: number): void {
    for (const [key, entry] of this.#unfinished) {
      if (nowMs - entry.sinceMs <= this.#bounds.ageMsMax) return;
      this.#giveUp(key, entry);
    }
  }

  /** The oldest of whoever takes up most: who sends what never becomes whole takes nothing from the others. */
  #giveUpOldest(): void {
    const bySender = new Map<number, { bytes: number; messages: number }>();
    for (const { sender, bytes } of this.#unfinished.values()) {
      const sum = bySender.get(sender) ?? { bytes: 0, messages: 0 };
      bySender.set(sender, { bytes: sum.bytes + bytes, messages: sum.messages + 1 });
    }
    const share = ({ bytes, messages }: { bytes: number; messages: number }) =>
      Math.max(bytes / this.#bounds.bytesMax, messages / this.#bounds.messagesMax);
    const [greediest] = [...bySender].sort(([, a], [, b]) => share(b) - share(a));
    for (const [key, entry] of this.#unfinished) if (entry.sender === greediest?.[0]) return this.#giveUp(key, entry);
  }

  #giveUp(key: string, entry: Unfinished): void {
    this.#remove(key, entry);
    this.#givenUp += 1;
  }

  #remove(key: string, entry: Unfinished): void {
    this.#unfinished.delete(key);
    this.#bytes -= entry.bytes;
  }
}

function join({ parts, count, bytes }: Unfinished): Uint8Array {
  const message = new Uint8Array(bytes);
  let at = 0;
  for (let part = 0; part < count; part += 1) {
    const content = parts.get(part) as Uint8Array;
    message.set(content, at);
    at += content.byteLength;
  }
  return message;
}
