import type { Readable } from "node:stream";
import type { BodyLease } from "./body-budget.js";
import { smallBodyBytes } from "./http-limits.js";

const FIRST_BYTES = 16 * 1024;

/** The refusal of a body beyond its limit. */
export function tooLarge(bytesMax: number): Error {
  const message = `the body is larger than ${Math.floor(bytesMax / 1024 / 1024)} MiB`;
  return Object.assign(new Error(message), { statusCode: 413 });
}

const nothing = Buffer.alloc(0);

/** Bytes that come in pieces, in one buffer that grows: pieces of one byte, kept each by itself, would take a hundred times as much. */
class GrowingBuffer {
  readonly #lease: BodyLease;
  readonly #bytesMax: number;
  readonly #expectedBytes: number;
  #buffer: Buffer = nothing;
  #length = 0;

  constructor(lease: BodyLease, bytesMax: number, expectedBytes: number) {
    this.#expectedBytes = expectedBytes;
    this.#lease = lease;
    this.#bytesMax = bytesMax;
  }

  /** Throws when there are more than the limit, or than the budget has left. */
  append(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (length > this.#bytesMax) throw tooLarge(this.#bytesMax);
    if (this.#length === 0 && length === this.#expectedBytes && length <= smallBodyBytes) {
      // Most bodies are small and come whole: no copy of them is made. A piece of another would keep the memory that it came in.
      this.#lease.take(length);
      this.#buffer = piece;
      this.#length = length;
      return;
    }
    if (length > this.#buffer.length) this.#grow(length);
    piece.copy(this.#buffer, this.#length);
    this.#length = length;
  }

  bytes(): Buffer {
    return this.#length === this.#buffer.length ? this.#buffer : this.#buffer.subarray(0, this.#length);
  }

  #grow(length: number): void {
    const size = Math.min(this.#bytesMax, Math.max(FIRST_BYTES, length, 2 * this.#buffer.length));
    this.#lease.take(size - this.#buffer.length);
    const grown = Buffer.allocUnsafeSlow(size);
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

/**
 * A whole body, a large one alone in its memory; `expectedBytes`: what its sender says that it has, if it does. Rejects with 413 for more
 * than `bytesMax`, with `unavailable` when the budget is exhausted, and with 400 when the stream fails; the stream is left as it is then,
 * to be drained.
 */
export function readBody(
  body: Readable,
  bytesMax: number,
  lease: BodyLease,
  expectedBytes = Number.NaN,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const buffer = new GrowingBuffer(lease, bytesMax, expectedBytes);
    const stop = () => body.off("data", onData).off("end", onEnd).off("error", onBroken).off("close", onClose);
    const onData = (piece: Buffer) => {
      try {
        buffer.append(piece);
      } catch (error) {
        onError(error as Error);
      }
    };
    const onEnd = () => {
      stop();
      resolve(buffer.bytes());
    };
    const onError = (error: Error) => {
      stop();
      body.pause();
      // a late failure of a stream that nobody listens to would end the process
      body.on("error", () => undefined);
      reject(error);
    };
    // it is the sender's, or the connection's: none of ours
    const onBroken = (error: Error) =>
      onError("statusCode" in error ? error : Object.assign(error, { statusCode: 400 }));
    const onClose = () => onBroken(new Error("the body ended before its time"));
    body.on("data", onData).on("end", onEnd).on("error", onBroken).on("close", onClose);
    body.resume();
  });
}
