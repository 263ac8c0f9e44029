import { Refusal } from "../http/refusal.js";

const MINUTE_MS = 60_000;

/** A bucket: so many a minute, and as many at once. */
interface Bucket {
  perMinute: number;
  tokens: number;
  lastMs: number;
}

/** What collections may be asked in a minute, each on this node by itself. Time is given by the caller. */
export class RateLimits {
  readonly #buckets = new Map<string, Bucket>();

  /** Throws 429 with `Retry-After` when the collection (by id) was asked too much. `cost`: what this takes; more than a minute's is never let through. */
  take(collection: string, what: "Read" | "Write", cost: number, perMinute: number, nowMs: number): void {
    const key = `${what} ${collection}`;
    const bucket = this.#buckets.get(key) ?? { perMinute, tokens: perMinute, lastMs: nowMs };
    this.#buckets.set(key, bucket);
    if (bucket.perMinute !== perMinute) {
      bucket.perMinute = perMinute;
      bucket.tokens = Math.min(bucket.tokens, perMinute);
    }
    bucket.tokens = Math.min(perMinute, bucket.tokens + ((nowMs - bucket.lastMs) * perMinute) / MINUTE_MS);
    bucket.lastMs = nowMs;
    if (bucket.tokens >= cost) {
      bucket.tokens -= cost;
      return;
    }
    const reason = `Rate limiting exceeded: ${what} rate limit exceeded, this takes ${cost} of ${perMinute} a minute`;
    const waitMs = ((Math.min(cost, perMinute) - bucket.tokens) * MINUTE_MS) / perMinute;
    const seconds = Math.max(1, Math.ceil(waitMs / 1000));
    const help = cost > perMinute ? "Send fewer at once." : `Retry after ${seconds}s.`;
    throw new Refusal(429, `${reason}. Help: ${help}`, { "retry-after": String(seconds) });
  }

  /** Collections that are gone are forgotten. */
  keepOnly(exists: (collection: string) => boolean): void {
    for (const key of this.#buckets.keys()) if (!exists(key.slice(key.indexOf(" ") + 1))) this.#buckets.delete(key);
  }
}
