import rateLimit from "@fastify/rate-limit";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Refusal } from "../http/refusal.js";
import { credentialOf } from "./credential.js";
import { digested } from "./secrets.js";

/** How many requests are taken in a minute; 0: as many as come. */
export interface RequestRates {
  /** With one key or token. */
  readonly perKey: number;
  /** From one address; of IPv6, from one network of 64 bits. */
  readonly perAddress: number;
}

const MINUTE_MS = 60_000;
const SUBNET_BITS = 64;

type Limiter = ReturnType<FastifyInstance["createRateLimit"]>;

/** Throws 429 where there were too many. */
async function take(limiter: Limiter, request: FastifyRequest, from: string): Promise<void> {
  const taken = await limiter(request);
  if (taken.isAllowed || !taken.isExceeded) return;
  const seconds = Math.max(1, taken.ttlInSeconds);
  const message = `Rate limiting exceeded: more than ${taken.max} requests a minute ${from}. Help: Retry after ${seconds}s.`;
  throw new Refusal(429, message, { "retry-after": String(seconds) });
}

/**
 * Bounds how many requests come from one address, before anything else is looked at, and how many with one key, once it was let in. What another
 * replica passes on was counted there. `letIn` adds the hook that lets requests in.
 */
export async function limitRates(
  app: FastifyInstance,
  { perKey, perAddress }: RequestRates,
  letIn: () => void,
): Promise<void> {
  if (perKey > 0 || perAddress > 0) await app.register(rateLimit, { global: false });
  if (perAddress > 0) {
    const limiter = app.createRateLimit({ max: perAddress, timeWindow: MINUTE_MS, ipv6Subnet: SUBNET_BITS });
    app.addHook("onRequest", (request) => take(limiter, request, "from one address"));
  }
  letIn();
  if (perKey > 0) {
    // no key is kept, only what tells it from others
    const keyGenerator = ({ headers }: FastifyRequest) => digested(credentialOf(headers) ?? "").toString("base64");
    const limiter = app.createRateLimit({ max: perKey, timeWindow: MINUTE_MS, keyGenerator });
    app.addHook("onRequest", async (request) => {
      const { by } = request.caller;
      if (by !== "nobody" && by !== "replica") await take(limiter, request, "with one key");
    });
  }
}
