import type { Message } from "../../gossip/message.js";
import { limits } from "../../limits.js";
import type { Admission } from "../membership/admission.js";
import type { Authentication } from "../membership/authentication.js";
import type { ClusterOptions } from "../upkeep/cluster-options.js";
import type { Exchange, ExchangeContext } from "./exchange.js";
import { FormatExchange } from "./format-exchange.js";
import { Introductions } from "./introductions.js";
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
  readonly introductions: Introductions;
  readonly all: readonly Exchange[];
  /** Who takes a kind of message. */
  readonly of: ReadonlyMap<Message["kind"], Exchange>;
}

/** What the parts are made of. */
export interface ExchangesOptions {
  readonly context: ExchangeContext;
  readonly options: ClusterOptions;
  readonly waits: Waits;
  readonly authentication: Authentication;
  readonly admission: Admission;
}

/** The parts of a replica that has started. */
export function makeExchanges(made: ExchangesOptions): Exchanges {
  const { context, options, waits, authentication, admission } = made;
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
  const introductions = new Introductions(context, options, authentication, admission);
  const quorums = new QuorumExchange(context, waits);
  const all: Exchange[] = [startGuard, reconciliation, quorums, words, snapshots, formats, introductions];
  const of = new Map(all.flatMap((one) => one.kinds.map((kind) => [kind, one] as const)));
  return { reconciliation, startGuard, snapshots, unconfirmed, formats, introductions, all, of };
}
