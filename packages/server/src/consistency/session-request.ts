import type { ConsistencyLevel } from "@murmuration/core";
import type { Caller } from "../access/caller.js";

/** What a request asks for beyond its answer: parameters of the query, as the schemas give them. */
export interface ConsistencyParameters {
  readonly consistency?: ConsistencyLevel | undefined;
  readonly write_consistency?: ConsistencyLevel | undefined;
  readonly wait?: boolean | undefined;
  /** Seconds. */
  readonly timeout?: number | undefined;
}

/** A request as a session takes it. */
export interface SessionRequest {
  readonly access: "read" | "write";
  /** In whose name another replica is asked. */
  readonly caller: Caller;
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
  /** Of its span here (W3C Trace Context), where it is traced. */
  readonly traceparent?: string | undefined;
  /** As it was parsed, or the bytes of a large one. */
  readonly body: unknown;
  /** Collections that it reads or writes, the one that it names first. */
  readonly names: readonly string[];
  readonly parameters: ConsistencyParameters;
  /** How long the filter of a write may be evaluated that does not say it itself. */
  readonly filterTimeoutMs?: number | undefined;
  /** Aborted when the client is gone. */
  readonly signal: () => AbortSignal;
}
