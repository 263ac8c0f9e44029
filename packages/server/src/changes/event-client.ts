import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import { endingMs, retryMs, stalledMs } from "./change-limits.js";
import { eventText } from "./event-text.js";
import type { EndReason } from "./messages.js";

const utf8 = new TextEncoder();
/** What is sent on by itself; beyond it the client is asked to take some first. */
const WINDOW_BYTES = 64 * 1024;
/** So much goes on at once: of what is larger it is seen that some was taken. */
const SLICE_BYTES = 256 * 1024;
const beat = utf8.encode(":\n\n");

/** What a client is told when its stream ends. */
function endEvent(reason: EndReason, message: string): Uint8Array {
  return utf8.encode(eventText("end", JSON.stringify({ reason, message })));
}

/** One client that is sent events, and what waits for it. Bytes are shared with all others that are sent the same. */
export class EventClient {
  readonly #stream: Readable;
  readonly #reply: FastifyReply;
  readonly #bytesMax: number;
  readonly #onTaken: () => void;
  #sent = 0;
  #taken = 0;
  #progressMs = performance.now();
  readonly #ready: (() => void)[] = [];
  #isEnding = false;
  #isFull = false;
  /** Of what waits, the bytes of an event that is more by itself than may wait. */
  #largeBytes = 0;

  /** `onTaken`: it has taken what waited. `onGone`: it is not there any more. */
  constructor(reply: FastifyReply, bytesMax: number, onTaken: () => void, onGone: () => void) {
    this.#reply = reply;
    this.#bytesMax = bytesMax;
    this.#onTaken = onTaken;
    this.#stream = new Readable({
      highWaterMark: WINDOW_BYTES,
      // its last bytes are counted a moment later
      read: () => this.#isFull && setImmediate(() => this.#look()),
      destroy: (error, done) => {
        onGone();
        this.#wake();
        done(error);
      },
    });
    this.#stream.push(utf8.encode(`retry: ${retryMs}\n\n`));
    reply.raw.on("drain", () => this.#look());
    reply
      .code(200)
      .header("content-type", "text/event-stream; charset=utf-8")
      .header("cache-control", "no-store")
      .header("x-accel-buffering", "no")
      // nothing comes behind a stream
      .header("connection", "close")
      .send(this.#stream);
  }

  /** Bytes that it has not read. */
  get waiting(): number {
    return this.#stream.readableLength + this.#reply.raw.writableLength;
  }

  /** Has it taken what it was sent, as far as it was to? */
  get isReady(): boolean {
    return !this.#isFull;
  }

  /** Sends it bytes. Returns false where it has not read what waits already: it is to be ended. */
  send(bytes: Uint8Array): boolean {
    if (this.#isEnding) return true;
    // whoever is still at a large event has not had the time to read another one
    if (this.waiting > this.#bytesMax + this.#largeBytes) return false;
    if (bytes.byteLength > this.#bytesMax) this.#largeBytes = bytes.byteLength;
    this.#sent += bytes.byteLength;
    for (let at = 0; at < bytes.byteLength; at += SLICE_BYTES) this.#stream.push(bytes.subarray(at, at + SLICE_BYTES));
    if (this.waiting >= WINDOW_BYTES) this.#isFull = true;
    return true;
  }

  /** Resolves when it has taken what it was sent, or is gone. */
  untilReady(): Promise<void> {
    if (!this.#isFull || this.#stream.destroyed) return Promise.resolve();
    return new Promise((resolve) => this.#ready.push(resolve));
  }

  beat(): void {
    // whoever has something to read needs no sign
    if (this.waiting === 0) this.send(beat);
  }

  /** Has it taken nothing of what waits for it for too long? */
  isStalled(nowMs: number): boolean {
    this.#look();
    const taken = this.#sent - this.waiting;
    if (taken !== this.#taken || this.waiting <= 0) {
      this.#taken = taken;
      this.#progressMs = nowMs;
    }
    return nowMs - this.#progressMs > stalledMs;
  }

  /** The last word. What it has not read when it has had its time is given up with the connection. */
  end(reason: EndReason, message: string): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#stream.push(endEvent(reason, message));
    this.#stream.push(null);
    const { raw } = this.#reply;
    const timer = setTimeout(() => {
      if (!raw.writableFinished) raw.destroy();
    }, endingMs);
    raw.once("close", () => clearTimeout(timer));
  }

  /** Has it taken what waited? */
  #look(): void {
    if (!this.#isFull || this.waiting >= WINDOW_BYTES) return;
    this.#isFull = false;
    this.#largeBytes = 0;
    this.#onTaken();
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#ready.splice(0)) resolve();
  }
}
