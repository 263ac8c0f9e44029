import { crc32 } from "node:zlib";
import { natsLimits } from "./nats-limits.js";

interface Seen {
  readonly sinceMs: number;
  /** How often it came over each link. */
  readonly times: Map<unknown, number>;
  taken: number;
}

/**
 * Tells a frame that comes over a second link, because it was published at several brokers, from one that was published again: of the same
 * bytes so many are taken as came over one link.
 */
export class Duplicates {
  /** The oldest first. */
  readonly #seen = new Map<string, Seen>();

  /** Was it taken already, as it came over another link? Takes note of it. */
  has(link: unknown, sender: number, bytes: Uint8Array, nowMs: number): boolean {
    this.#expire(nowMs);
    const name = `${sender} ${bytes.byteLength} ${crc32(bytes)}`;
    const seen = this.#seen.get(name) ?? { sinceMs: nowMs, times: new Map(), taken: 0 };
    this.#seen.set(name, seen);
    const times = (seen.times.get(link) ?? 0) + 1;
    seen.times.set(link, times);
    if (times <= seen.taken) return true;
    seen.taken = times;
    return false;
  }

  #expire(nowMs: number): void {
    for (const [name, { sinceMs }] of this.#seen) {
      if (nowMs - sinceMs <= natsLimits.duplicateMs && this.#seen.size <= natsLimits.duplicatesMax) return;
      this.#seen.delete(name);
    }
  }
}
