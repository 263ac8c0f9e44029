import { SqlitePayloadFile } from "@murmuration/core/payload-file";
import { KeptPayloads } from "./kept-payloads.js";
import type { PayloadsOf } from "./local-readers.js";
import type { StoredPayloads } from "./messages.js";

const MEBIBYTE = 1024 * 1024;
/** A read of the file that takes longer has waited for its disk. Less is what a thread waits for a processor that others want. */
const SLOW_MS = 25;
/** For so long no payload is read here then. */
const PAUSE_MS = 500;

/**
 * Payloads for a thread that answers others beside: it reads them as long as the disk lets nobody wait. What was read last is kept.
 */
export class PromptPayloads {
  /** What another thread needs to read the same. */
  readonly stored: StoredPayloads;
  readonly #file: Pick<SqlitePayloadFile, "read" | "close">;
  readonly #nowMs: () => number;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  readonly of: PayloadsOf;

  constructor(
    stored: StoredPayloads,
    file: Pick<SqlitePayloadFile, "read" | "close"> = new SqlitePayloadFile(stored.logFile, stored.logKey),
    nowMs: () => number = () => performance.now(),
  ) {
    this.stored = stored;
    this.#file = file;
    this.#nowMs = nowMs;
    const source = { read: (shard: string, key: number) => this.#read(shard, key) };
    const kept = new KeptPayloads(source, stored.cacheMebibytes * MEBIBYTE);
    this.of = (shard) => kept.of(shard);
  }

  /** Has no read had to wait for its disk lately? */
  get arePrompt(): boolean {
    return this.#nowMs() >= this.#pausedUntilMs;
  }

  close(): void {
    this.#file.close();
  }

  #read(shard: string, key: number): Uint8Array {
    const beganMs = this.#nowMs();
    try {
      return this.#file.read(shard, key);
    } finally {
      const nowMs = this.#nowMs();
      if (nowMs - beganMs > SLOW_MS) this.#pausedUntilMs = nowMs + PAUSE_MS;
    }
  }
}
