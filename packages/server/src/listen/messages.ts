import type { MessagePort } from "node:worker_threads";
import type { AccessKeys } from "../access/guard.js";
import type { FollowerStart } from "../engine/follower.js";
import type { SharedTls } from "../http/make-server.js";
import type { StoredPayloads } from "../read/messages.js";
import type { SampledQuery, TapCounts, Tapped } from "../read/query-tap.js";
import type { SlowQuery } from "../slow-queries.js";

/** Where connections come in. */
export interface Address {
  readonly address: string;
  readonly port: number;
}

/** A listener that has not begun to listen, one that has, and one that may not any more. Whoever is first to change the first decides. */
export const stages = { starting: 0, listening: 1, ended: 2 } as const;

/** What a listener is started with. */
export interface ListenerStart {
  /** Its place on tables and graphs. */
  readonly thread: number;
  /** One word, to which it adds twice a second: a thread that does not is stuck. */
  readonly beat: Int32Array;
  /** One word, of `stages`. */
  readonly stage: Int32Array;
  readonly addresses: readonly Address[];
  /** 0: as many as come. */
  readonly connectionsMax: number;
  readonly requestTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** Of brief reads that take longer it is told how they were carried out; 0: of none. */
  readonly slowQueryMs: number;
  /** Missing: what is answered with payloads is passed on. */
  readonly payloads?: StoredPayloads;
  /** Missing: HTTP without TLS. */
  readonly tls?: SharedTls;
  /** Names and values, in turns, with which all answers begin. */
  readonly fixedFields: readonly string[];
}

/** To a listener. */
export type ListenerRequest =
  /** What it answers from. The first message; it listens then. */
  | {
      readonly kind: "follow";
      readonly start: FollowerStart;
      readonly port: MessagePort;
      readonly keys: AccessKeys | undefined;
    }
  /** Others are let in from now on. */
  | { readonly kind: "keys"; readonly keys: AccessKeys | undefined }
  /** Another certificate for connections from now on. */
  | { readonly kind: "tls"; readonly tls: SharedTls }
  /** Queries that are asked of a canary as well, from now on. */
  | { readonly kind: "tap"; readonly tapped: Tapped | undefined }
  /** It is to tell at once what it has answered. */
  | { readonly kind: "tell"; readonly request: number }
  /** Nothing is taken any more; it ends when what is under way is answered. */
  | { readonly kind: "close" };

/** A brief read that was answered: its path, how long it took, and how it was carried out where that was slow. */
export type Answered = readonly [path: string, tookMs: number, slow?: SlowQuery];

/** From a listener. */
export type ListenerReply =
  | { readonly kind: "listening" }
  /** The other end of a connection by which it passes requests on. */
  | { readonly kind: "connection"; readonly port: MessagePort }
  /** A query for the canary. */
  | { readonly kind: "sampled"; readonly query: SampledQuery | undefined; readonly counts: TapCounts }
  | { readonly kind: "answered"; readonly answered: readonly Answered[]; readonly request?: number };
