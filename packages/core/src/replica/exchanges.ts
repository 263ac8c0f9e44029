import { limits } from "../limits.js";
import type { ClusterOptions } from "./cluster-options.js";
import type { Exchange, ExchangeContext } from "./exchange.js";
import { QuorumExchange } from "./quorum-exchange.js";
import { Reconciliation } from "./reconciliation.js";
import { SnapshotExchange } from "./snapshot-exchange.js";
import { StartGuard } from "./start-guard.js";
import type { Waits } from "./waits.js";

/** Every part of what replicas say to each other beyond operations, heartbeats and requests. */
export interface Exchanges {
  readonly reconciliation: Reconciliation;
  readonly startGuard: StartGuard;
  readonly all: readonly Exchange[];
}

/** The parts of a replica that has started. */
export function makeExchanges(context: ExchangeContext, options: ClusterOptions, waits: Waits): Exchanges {
  const reconciliation = new Reconciliation(context);
  const startGuard = new StartGuard(context, context.incarnation, options.startWaitMs ?? limits.startWaitMs);
  const others = [new QuorumExchange(context, waits), new SnapshotExchange(context)];
  return { reconciliation, startGuard, all: [startGuard, reconciliation, ...others] };
}
