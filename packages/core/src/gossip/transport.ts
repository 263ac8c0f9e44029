/** A connection of a transport to a region, its own one among them. */
export interface TransportLink {
  readonly region: string;
  readonly state: "connected" | "reconnecting" | "closed";
  /** Open: nothing waits for this link. */
  readonly breaker: "closed" | "open";
  readonly roundTripMs: number | undefined;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly reconnects: number;
  /** Attempts to connect that failed. */
  readonly failures: number;
  readonly lastError: string | undefined;
}

/** What a transport has done and what waits in it. */
export interface TransportCounters {
  /** Messages handed over to the network. */
  readonly sentMessages: number;
  /** Messages dropped because too many waited. */
  readonly droppedMessages: number;
  /** Bytes that wait to be sent. */
  readonly queuedBytes: number;
  /** Missing where a transport has no connections. */
  readonly links?: readonly TransportLink[];
  /** Messages that were sent again because nobody had said that they came. */
  readonly retries?: number;
  /** What arrived and could not be read. */
  readonly malformedFrames?: number;
}

/** A message to send. */
export interface Outgoing {
  /** Replica id; `undefined`: all. */
  readonly to: number | undefined;
  /** Small live operations go before control messages, and those before what catches up. */
  readonly lane: "live" | "control" | "bulk";
  readonly bytes: Uint8Array;
  /**
   * Goes along beside the message, where the transport can: opaque to replicas, and no part of what is signed, compared or kept. It may be lost while
   * the message is not. Whoever takes it may not rely on a word of it.
   */
  readonly context?: string;
}

/** A message that has arrived. */
export interface Arrived {
  readonly bytes: Uint8Array;
  /** The replica that the transport knows to have sent it, whatever the message says of itself. `undefined`: there is nobody to tell it from. */
  readonly sender?: number | undefined;
  /** What went along (`Outgoing.context`). */
  readonly context?: string | undefined;
}

/**
 * Port: carries messages between the replicas of a cluster. It promises little, and replicas rely on no more: a message may be lost,
 * come late, twice or out of order. What is lost is asked for again, and what is damaged is refused by its checksum.
 */
export interface Transport {
  /**
   * Takes messages to send, of at least a byte each; never waits and never throws for a receiver that is not there. Live messages go before control
   * messages, and those before bulk. The queue is bounded: over the bound, the least urgent and last are dropped and counted.
   */
  send(outgoing: readonly Outgoing[]): void;
  /**
   * Who takes what arrives, addressed to this replica or to all, with the replica that has sent it as far as the transport can tell:
   * nobody else could have sent it that way. Replaces the one before. What came earlier waits or is lost.
   */
  onMessage(take: (bytes: Uint8Array, sender: number, context?: string) => void): void;
  counters(): TransportCounters;
  /** Drops what waits, sends and takes nothing more. May be called again. */
  close(): void;
}
