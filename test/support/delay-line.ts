import type { Socket } from "node:net";

/** What one direction of a link is like. */
export interface Shape {
  /** Time from one end to the other. */
  readonly delayMs: number;
  /** Up to so much more, at random; the order is kept. */
  readonly jitterMs: number;
  /** Shared by all connections. */
  readonly bandwidthBytesPerSecond: number;
  /**
   * Share of the packets that a lossy link would drop, 0 to 1. TCP sends them again, so they are not lost here but late, with all behind
   * them: after one round trip where more packets follow, after a retransmission timeout (200 ms or two round trips) that doubles with
   * every further loss otherwise. A packet lost seven times over resets the connection. Windows that shrink are not emulated: real TCP
   * is slower still.
   */
  readonly lossRate: number;
}

/** A direction's shape, and when its bandwidth is free again. */
export interface Way {
  shape: Shape;
  freeAtMs: number;
}

interface Events {
  readonly onBytes: (bytes: number) => void;
  /** Too many losses: the connection ends. */
  readonly onReset: () => void;
}

/** What a line holds before it stops reading. */
const HELD_BYTES_MAX = 16 * 1024 * 1024;
const PACKET_BYTES = 1_460;
const TIMEOUT_MS_MIN = 200;
const LOSSES_MAX = 7;

/** Extra time that losses cost a chunk; `undefined`: the connection is given up. */
export function lossDelayMs(bytes: number, shape: Shape, random: () => number): number | undefined {
  const { lossRate, delayMs } = shape;
  const packets = Math.ceil(bytes / PACKET_BYTES);
  if (lossRate === 0 || random() < (1 - lossRate) ** packets) return 0;
  const timeoutMs = Math.max(TIMEOUT_MS_MIN, 4 * delayMs);
  // three packets that arrive behind the lost one tell the sender at once
  let totalMs = packets > 3 ? 2 * delayMs : timeoutMs;
  for (let losses = 2; random() < lossRate; losses += 1) {
    if (losses === LOSSES_MAX) return undefined;
    totalMs += timeoutMs * 2 ** (losses - 2);
  }
  return totalMs;
}

/** Moves what one socket receives to another, later: a line and not a sleep, so that any amount can be under way at once. */
export class DelayLine {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #way: Way;
  readonly #random: () => number;
  readonly #events: Events;
  /** In order; without bytes: the sender has ended. */
  readonly #held: { readonly dueMs: number; readonly bytes: Buffer | undefined }[] = [];
  #heldBytes = 0;
  #lastDueMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStalled = false;
  #isBlocked = false;
  #isClosed = false;

  constructor(from: Socket, to: Socket, way: Way, random: () => number, events: Events) {
    this.#from = from;
    this.#to = to;
    this.#way = way;
    this.#random = random;
    this.#events = events;
    from.on("data", (bytes: Buffer) => this.#take(bytes));
    from.once("end", () => this.#hold(undefined, performance.now() + way.shape.delayMs));
    to.on("drain", () => {
      this.#isBlocked = false;
      this.#move();
    });
  }

  stall(isStalled: boolean): void {
    this.#isStalled = isStalled;
    this.#move();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #take(bytes: Buffer): void {
    const { shape } = this.#way;
    const lossMs = lossDelayMs(bytes.byteLength, shape, this.#random);
    if (lossMs === undefined) return this.#events.onReset();
    const nowMs = performance.now();
    this.#way.freeAtMs =
      Math.max(nowMs, this.#way.freeAtMs) + (bytes.byteLength / shape.bandwidthBytesPerSecond) * 1_000;
    this.#hold(bytes, this.#way.freeAtMs + shape.delayMs + this.#random() * shape.jitterMs + lossMs);
    this.#heldBytes += bytes.byteLength;
    if (this.#heldBytes > HELD_BYTES_MAX) this.#from.pause();
  }

  #hold(bytes: Buffer | undefined, dueMs: number): void {
    this.#lastDueMs = Math.max(this.#lastDueMs, dueMs);
    this.#held.push({ dueMs: this.#lastDueMs, bytes });
    this.#move();
  }

  /** Writes what is due, and comes back for what is not. */
  #move(): void {
    clearTimeout(this.#timer);
    while (!this.#isStalled && !this.#isBlocked && !this.#isClosed) {
      const next = this.#held[0];
      if (next === undefined) return;
      const waitMs = next.dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#move(), Math.ceil(waitMs));
        return;
      }
      this.#held.shift();
      if (next.bytes === undefined) {
        this.#to.end();
        return;
      }
      this.#heldBytes -= next.bytes.byteLength;
      if (this.#heldBytes <= HELD_BYTES_MAX && this.#from.isPaused()) this.#from.resume();
      this.#events.onBytes(next.bytes.byteLength);
      this.#isBlocked = !this.#to.write(next.bytes);
    }
  }
}
