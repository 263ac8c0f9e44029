import type { VersionVector } from "../causality/version-vector.js";

/** Consecutive operations of one origin, as `encodeBatchFromRows` packs them; not always from their origin. */
export interface OperationsMessage {
  readonly kind: "operations";
  readonly batch: Uint8Array;
}

/** What the sender holds and what time it is there. */
export interface HeartbeatMessage {
  readonly kind: "heartbeat";
  /** Which start of the sender this is: grows with every start; two processes with one id differ. */
  readonly incarnation: number;
  readonly nowMs: number;
  /** By shard. */
  readonly frontiers: ReadonlyMap<string, VersionVector>;
}

/** Asks for operations of an origin behind `after`, at most `limit`. */
export interface RequestMessage {
  readonly kind: "request";
  readonly shard: string;
  readonly origin: number;
  readonly after: number;
  readonly limit: number;
}

/** Answers a request: operations up to `upTo` are not in the log any more. */
export interface CompactedMessage {
  readonly kind: "compacted";
  readonly shard: string;
  readonly origin: number;
  readonly upTo: number;
}

/** Asks for parts of a shard's snapshot. */
export interface SnapshotRequestMessage {
  readonly kind: "snapshot-request";
  readonly shard: string;
  /** Which snapshot; 0, or one that the receiver does not have any more: the first part of the one it has. */
  readonly transfer: number;
  readonly first: number;
  readonly count: number;
}

/** A part of a snapshot: of the sender's checkpoint (docs/files.md). Part 0 says what the others are. */
export interface SnapshotMessage {
  readonly kind: "snapshot";
  readonly shard: string;
  /** Names the snapshot: the same at everybody who has it. */
  readonly transfer: number;
  /** From 0, below `parts`. */
  readonly part: number;
  readonly parts: number;
  readonly bytes: Uint8Array;
}

/** What a member knows of the digests of a shard at a frontier. */
export type SnapshotWord = "same" | "different" | "unknown";

/** Asks a member whether a shard had these digests at this frontier: another member's snapshot says so. */
export interface SnapshotQuestionMessage {
  readonly kind: "snapshot-question";
  readonly shard: string;
  readonly frontier: VersionVector;
  readonly points: string;
  readonly graph: string;
}

/** Answers a question about a snapshot. */
export interface SnapshotWordMessage {
  readonly kind: "snapshot-word";
  readonly shard: string;
  /** Those of the question. */
  readonly points: string;
  readonly graph: string;
  readonly word: SnapshotWord;
}

/** Digests of what the sender holds at a frontier, for comparing. */
export interface DigestMessage {
  readonly kind: "digest";
  readonly shard: string;
  readonly frontier: VersionVector;
  /** Is the receiver to send its own? */
  readonly asks: boolean;
  readonly points: string;
  readonly graph: string;
}

/** The keys from `from` on that are less than `to`; an empty `to` is the end. */
export interface KeyRange {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

/** How much lies in a range, and its digest. Set reconciliation splits the ranges that differ. */
export interface SummaryRange extends KeyRange {
  readonly count: number;
  readonly digest: string;
}

/** Digests of ranges of a shard's points, or of the nodes of one of its graphs, at a frontier. */
export interface SummaryMessage {
  readonly kind: "summary";
  readonly shard: string;
  readonly frontier: VersionVector;
  /** Whose graph; `undefined`: the points. */
  readonly vector: string | undefined;
  readonly ranges: readonly SummaryRange[];
}

/** A point's state or a node's lists, opaque here. */
export interface KeyedState {
  readonly key: Uint8Array;
  /** Of all that it is. */
  readonly hash: string;
  readonly bytes: Uint8Array;
}

/** What the sender has in ranges that differ, at a frontier. */
export interface StatesMessage {
  readonly kind: "states";
  readonly shard: string;
  readonly frontier: VersionVector;
  /** Whose graph; `undefined`: the points. */
  readonly vector: string | undefined;
  readonly ranges: readonly KeyRange[];
  /** Are these all that the sender has there, and is the receiver to send what it has that is other? */
  readonly asks: boolean;
  readonly states: readonly KeyedState[];
}

/** A replica has started, and asks the others what they know of its own operations. */
export interface StartMessage {
  readonly kind: "start";
  /** Which start it is: comes back in the answer. */
  readonly incarnation: number;
}

/** Answers a start: what the sender holds, by shard. */
export interface WelcomeMessage {
  readonly kind: "welcome";
  readonly incarnation: number;
  /** The sender's time. */
  readonly nowMs: number;
  readonly frontiers: ReadonlyMap<string, VersionVector>;
}

/** Asks a member what it holds durably, for a quorum: to be answered at once, and again until it holds what is waited for. */
export interface AskMessage {
  readonly kind: "ask";
  /** Which start of the sender asks: answers to an earlier one do not count. */
  readonly incarnation: number;
  /** Counts the questions of this start: an answer that names it was given after the question was. */
  readonly round: number;
  /** Shard → what the sender holds durably and waits for; nothing where it only wants to know. */
  readonly wanted: ReadonlyMap<string, VersionVector>;
}

/** What the sender holds durably: an answer, or unasked (incarnation and round 0) for one that lags behind it. */
export interface DurableMessage {
  readonly kind: "durable";
  readonly incarnation: number;
  readonly round: number;
  /** Members of the cluster as the sender knows them, ascending. */
  readonly members: readonly number[];
  /** By shard that was asked about; nothing of one that is not there. */
  readonly frontiers: ReadonlyMap<string, VersionVector>;
}

/** Says which formats of operations the sender reads: all up to one. */
export interface FormatsMessage {
  readonly kind: "formats";
  /** Which start of the sender says so. */
  readonly incarnation: number;
  /** The newest. */
  readonly reads: number;
  /** Is the receiver to say its own? */
  readonly asks: boolean;
}

/** Asks to be let in: a replica that is no member says its key, and proves that it was invited. */
export interface IntroduceMessage {
  readonly kind: "introduce";
  /** Its public keys, newest first. */
  readonly keys: readonly string[];
  readonly region: string;
  readonly url: string | undefined;
  /** Of the invitation that it has; "": it has none, or the secret of the cluster. */
  readonly invitation: string;
  /** When that ends. */
  readonly endsMs: number;
  /** Keyed hash of all this, by the secret of the invitation or of the cluster; nothing where it has neither. */
  readonly proof: Uint8Array;
}

/** Answers it: the replica is let in. Says which keys the members have. */
export interface AdmittedMessage {
  readonly kind: "admitted";
  /** That of the question. */
  readonly invitation: string;
  /** By member, newest first. */
  readonly keys: ReadonlyMap<number, readonly string[]>;
  /** Keyed hash of this and of the keys of the replica that is let in, by the same secret. */
  readonly proof: Uint8Array;
}

/** Tells a replica that a later session of it is known than that in which it speaks: an earlier one is not listened to. */
export interface SessionMessage {
  readonly kind: "session";
  readonly known: number;
}

/** What replicas say to each other. */
export type Message =
  | OperationsMessage
  | HeartbeatMessage
  | RequestMessage
  | CompactedMessage
  | SnapshotRequestMessage
  | SnapshotMessage
  | SnapshotQuestionMessage
  | SnapshotWordMessage
  | DigestMessage
  | SummaryMessage
  | StatesMessage
  | AskMessage
  | DurableMessage
  | StartMessage
  | WelcomeMessage
  | FormatsMessage
  | IntroduceMessage
  | AdmittedMessage
  | SessionMessage;

/** That a message is its sender's, and which of all that it has sent. */
export interface Seal {
  readonly session: number;
  readonly count: number;
  readonly signature: Uint8Array;
  /** What is signed. */
  readonly signed: Uint8Array;
}

/** A message with who it is from and for. */
export interface Envelope {
  /** Name of the cluster. */
  readonly cluster: string;
  /** Replica id. */
  readonly from: number;
  /** Replica id, 0: all. */
  readonly to: number;
  readonly message: Message;
  /** Missing: it is not signed. */
  readonly seal?: Seal;
}
