import type { Outgoing } from "../replica/cluster-options.js";

/** What a transport has done and what waits in it. */
export interface TransportCounters {
  /** Messages handed over to the network. */
  readonly sentMessages: number;
  /** Messages dropped because too many waited. */
  readonly droppedMessages: number;
  /** Bytes that wait to be sent. */
  readonly queuedBytes: number;
}

/**
 * Port: carries messages between the replicas of a cluster. It promises little, and replicas rely on no more: a message may be lost,
 * come late, twice or out of order. What is lost is asked for again, and what is damaged is refused by its checksum.
 */
export interface Transport {
  /**
   * Takes messages to send; never waits and never throws for a receiver that is not there. Live messages go before control
   * messages, and those before bulk. The queue is bounded: over the bound, the least urgent and last are dropped and counted.
   */
  send(outgoing: readonly Outgoing[]): void;
  /** Who takes what arrives, addressed to this replica or to all; replaces the one before. What came earlier waits or is lost. */
  onMessage(take: (bytes: Uint8Array) => void): void;
  counters(): TransportCounters;
  /** Drops what waits, sends and takes nothing more. May be called again. */
  close(): void;
}
