import type { Message } from "../../gossip/message.js";
import { limits } from "../../limits.js";
import type { ClusterOptions } from "../upkeep/cluster-options.js";
import type { Exchange, ExchangeContext } from "./exchange.js";
import { FormatExchange } from "./format-exchange.js";
import { KnownDigests } from "./known-digests.js";
import { QuorumExchange } from "./quorum-exchange.js";
import { Reconciliation } from "./reconciliation.js";
import { SnapshotExchange } from "./snapshot-exchange.js";
import { SnapshotWords } from "./snapshot-words.js";
import { StartGuard } from "./start-guard.js";
import { UnconfirmedSnapshots } from "./unconfirmed-snapshots.js";
import type { Waits } from "./waits.js";

/** Every part of what replicas say to each other beyond operations, heartbeats and requests. */
export interface Exchanges {
  readonly reconciliation: Reconciliation;
  readonly startGuard: StartGuard;
  readonly snapshots: SnapshotExchange;
  readonly unconfirmed: UnconfirmedSnapshots;
  readonly formats: FormatExchange;
  readonly all: readonly Exchange[];
  /** Who takes a kind of message. */
  readonly of: ReadonlyMap<Message["kind"], Exchange>;
}

/** The parts of a replica that has started. */
export function makeExchanges(context: ExchangeContext, options: ClusterOptions, waits: Waits): Exchanges {
  const { store } = context;
  const digests = new KnownDigests(store);
  const unconfirmed = new UnconfirmedSnapshots(context);
  const reconciliation = new Reconciliation(context, digests, unconfirmed);
  const words = new SnapshotWords(context, digests, unconfirmed, reconciliation);
  const snapshots = new SnapshotExchange(context, words, unconfirmed);
  const formats = new FormatExchange(context);
  const startGuard = new StartGuard(
    context,
    context.incarnation,
    options.startWaitMs ?? limits.startWaitMs,
    (replica, incarnation) => formats.noteStart(replica, incarnation),
  );
  const all: Exchange[] = [startGuard, reconciliation, new QuorumExchange(context, waits), words, snapshots, formats];
  const of = new Map(all.flatMap((one) => one.kinds.map((kind) => [kind, one] as const)));
  return { reconciliation, startGuard, snapshots, unconfirmed, formats, all, of };
}
