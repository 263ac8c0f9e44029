import type { EventQueue } from "./event-queue.js";
import type { Random } from "./random.js";

/** How a network treats messages; rates are probabilities per message. */
export interface NetworkRates {
  readonly drop: number;
  readonly duplicate: number;
  /** A message from long ago comes again. */
  readonly replay: number;
  readonly bitFlip: number;
  /** A message takes up to so many times as long. */
  readonly jitter: number;
  /** Milliseconds one way, by link, from and up to. */
  readonly delayMs: readonly [number, number];
  /** Bytes that a link takes in a millisecond; missing: any number. What would wait for too long is dropped. */
  readonly bytesPerMs?: number;
}

export const quietNetwork: NetworkRates = {
  drop: 0,
  duplicate: 0,
  replay: 0,
  bitFlip: 0,
  jitter: 0,
  delayMs: [1, 1],
};

/** What became of a message. */
export type Fate = "sent" | "dropped" | "cut" | "duplicated" | "replayed" | "damaged";

export interface SentMessage {
  readonly from: number;
  readonly to: number;
  readonly sentMs: number;
  readonly arrivesMs: number;
  readonly fate: Fate;
  readonly bytes: Uint8Array;
}

const REPLAYABLE = 64;
/** Longest wait for room on a link. */
const BACKLOG_MS_MAX = 5_000;

/** Links between nodes: each direction has a delay of its own, and can be cut or clogged. */
export class Network {
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #deliver: (message: SentMessage) => void;
  readonly #onSent: (message: SentMessage) => void;
  readonly #cut = new Set<string>();
  readonly #clogged = new Map<string, number>();
  readonly #delays = new Map<string, number>();
  /** When a link has passed on all that it was given. */
  readonly #busyUntilMs = new Map<string, number>();
  readonly #past: SentMessage[] = [];
  rates: NetworkRates;

  constructor(
    queue: EventQueue,
    random: Random,
    rates: NetworkRates,
    deliver: (message: SentMessage) => void,
    onSent: (message: SentMessage) => void,
  ) {
    this.#queue = queue;
    this.#random = random;
    this.rates = rates;
    this.#deliver = deliver;
    this.#onSent = onSent;
  }

  /** Nothing passes in this direction. */
  cut(from: number, to: number): void {
    this.#cut.add(`${from}>${to}`);
  }

  isCut(from: number, to: number): boolean {
    return this.#cut.has(`${from}>${to}`);
  }

  /** Everything in this direction takes longer. */
  clog(from: number, to: number, delayMs: number): void {
    this.#clogged.set(`${from}>${to}`, delayMs);
  }

  restore(from: number, to: number): void {
    this.#cut.delete(`${from}>${to}`);
    this.#clogged.delete(`${from}>${to}`);
  }

  /** All links are whole, and nothing goes wrong any more. */
  heal(): void {
    this.#cut.clear();
    this.#clogged.clear();
    this.rates = { ...quietNetwork, delayMs: this.rates.delayMs };
    this.#busyUntilMs.clear();
  }

  send(from: number, to: number, bytes: Uint8Array): void {
    const random = this.#random;
    const { rates } = this;
    if (this.#cut.has(`${from}>${to}`)) return this.#go(from, to, bytes, "cut");
    if (random.chance(rates.drop)) return this.#go(from, to, bytes, "dropped");
    if (random.chance(rates.bitFlip)) {
      const damaged = bytes.slice();
      const at = random.below(damaged.length);
      damaged[at] = (damaged[at] as number) ^ (1 << random.below(8));
      this.#go(from, to, damaged, "damaged");
    } else this.#go(from, to, bytes, "sent");
    if (random.chance(rates.duplicate)) this.#go(from, to, bytes, "duplicated");
    if (random.chance(rates.replay) && this.#past.length > 0) {
      const old = random.pick(this.#past);
      this.#go(old.from, old.to, old.bytes, "replayed");
    }
  }

  #go(from: number, to: number, bytes: Uint8Array, fate: Fate): void {
    const link = `${from}>${to}`;
    let base = this.#delays.get(link);
    if (base === undefined) {
      base = this.#random.between(...this.rates.delayMs);
      this.#delays.set(link, base);
    }
    const jitterMs = this.rates.jitter === 0 ? 0 : base * this.#random.fraction() * this.rates.jitter;
    const waitMs = this.#waitMs(link, bytes.length);
    if (waitMs > BACKLOG_MS_MAX) fate = "dropped";
    const delayMs = Math.round(base + jitterMs + waitMs + (this.#clogged.get(link) ?? 0));
    const message = { from, to, sentMs: this.#queue.nowMs, arrivesMs: this.#queue.nowMs + delayMs, fate, bytes };
    this.#onSent(message);
    if (fate === "cut" || fate === "dropped") return;
    if (fate === "sent") {
      if (this.#past.length < REPLAYABLE) this.#past.push(message);
      else this.#past[this.#random.below(REPLAYABLE)] = message;
    }
    this.#queue.at(message.arrivesMs, () => this.#deliver(message));
  }

  /** How long bytes take to get onto a link, those before them included. */
  #waitMs(link: string, bytes: number): number {
    const { bytesPerMs } = this.rates;
    if (bytesPerMs === undefined) return 0;
    const { nowMs } = this.#queue;
    const untilMs = Math.max(nowMs, this.#busyUntilMs.get(link) ?? nowMs) + bytes / bytesPerMs;
    if (untilMs - nowMs <= BACKLOG_MS_MAX) this.#busyUntilMs.set(link, untilMs);
    return untilMs - nowMs;
  }
}
