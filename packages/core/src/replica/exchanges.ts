import type { Exchange, ExchangeContext } from "./exchange.js";
import { QuorumExchange } from "./quorum-exchange.js";
import { SnapshotExchange } from "./snapshot-exchange.js";
import type { Waits } from "./waits.js";

/** Every part of what replicas say to each other beyond operations, heartbeats and requests. */
export function makeExchanges(context: ExchangeContext, waits: Waits): readonly Exchange[] {
  return [new QuorumExchange(context, waits), new SnapshotExchange(context)];
}
