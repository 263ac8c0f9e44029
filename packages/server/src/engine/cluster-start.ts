import { randomInt } from "node:crypto";
import { limits, type Transport } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import type { PurgedStream } from "./erasure-questions.js";

/** Where the transport of a database comes from: loaded only when there is a cluster. */
export interface TransportSource {
  /** URL of a module. */
  readonly module: string;
  /** The `ConnectTransport` that it exports. */
  readonly exportName: string;
  /** What the transport needs to know; can be posted to another thread. */
  readonly options: object;
}

/** The cluster that a database takes part in. */
export interface ClusterStart {
  /** Replicas of another cluster's name are not listened to. */
  readonly name: string;
  readonly region: string;
  /** URL at which this replica answers HTTP, for requests that others cannot answer; without it none are sent here. */
  readonly advertise?: string;
  /** Id that the replica takes when it starts on an empty folder; without it a random one. */
  readonly replicaId?: number;
  /** Hosts to which reads may be passed on; default: on the loopback. */
  readonly peerHosts?: readonly string[];
  /** Other regions that are to be there when the cluster begins. */
  readonly peers: number;
  /** How long members have after a start to say what they hold of this replica's writes; default: five seconds. */
  readonly startWaitMs?: number;
  /** By which it is let in when it is no member yet: the text that `murmur invite` printed. */
  readonly invitation?: string;
  /** What all replicas have in common that are to begin the cluster, and to be let in. */
  readonly secret?: Uint8Array;
  readonly transport: TransportSource;
}

/**
 * The id for a log that has none yet. Throws `unavailable` where the one that is asked for is not that of the log: a replica keeps its id,
 * by which the others know what it has written.
 */
export function replicaIdFor(cluster: ClusterStart | undefined, known: number | undefined): () => number {
  const wanted = cluster?.replicaId;
  if (wanted !== undefined && known !== undefined && wanted !== known) {
    const way = "leave --replica-id out, or begin with an empty folder";
    throw new MurmurationError("unavailable", `the data folder is that of replica ${known}, not of ${wanted}: ${way}`);
  }
  return () => wanted ?? randomInt(1, limits.originMax + 1);
}

/** What a transport is told and given beside its own options. */
export interface TransportHost {
  readonly cluster: string;
  readonly region: string;
  readonly replicaId: number;
  /** Keeps how far each region's stream was read, from one start to the next. */
  readonly positions: {
    load(region: string): number | undefined;
    save(region: string, sequence: number): void;
  };
  /** Is a replica a member of the cluster, as the catalogue says now? */
  readonly isMember: (replica: number) => boolean;
  readonly log: (
    level: "info" | "warn" | "error",
    message: string,
    details: { readonly [name: string]: unknown },
  ) => void;
}

/** A transport that can be closed in good order. */
export interface HostedTransport extends Transport {
  /** Takes nothing more and sends what waits, up to a deadline; then closes. Missing where there is nothing to wait for. */
  drain?(deadlineMs: number): Promise<void>;
  /** Removes from the own region's stream all that came to it until now, its own that waits too. Missing where there is none. Never rejects. */
  purgeStream?(): Promise<PurgedStream>;
}

/** Connects a replica to the others. Resolves when it can send; what is out of reach at first is connected later by itself. */
export type ConnectTransport = (options: object & TransportHost) => Promise<HostedTransport>;
