import type { Exchange, ExchangeContext } from "./exchange.js";

/** Every part of what replicas say to each other beyond operations, heartbeats and requests. */
export function makeExchanges(_context: ExchangeContext): readonly Exchange[] {
  return [];
}
