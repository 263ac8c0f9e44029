/** What is said of a span: short words and numbers. */
export type SpanAttributes = { readonly [name: string]: string | number | boolean };

/** A part of something, that is over. In milliseconds since 1970. */
export interface DoneSpan {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes?: SpanAttributes;
}

/** A span that has begun. */
export interface OpenSpan {
  /** Names it to others (W3C Trace Context). */
  readonly traceparent: string;
  /** A part of it. */
  part(done: DoneSpan): void;
  /** `error`: what went wrong, if it did. */
  end(endMs: number, attributes?: SpanAttributes, error?: string): void;
}

/** How a span begins. */
export interface BegunSpan {
  readonly name: string;
  /** server: a request that a client has sent. consumer: something that another replica has sent. */
  readonly kind: "server" | "consumer";
  readonly startMs: number;
  readonly attributes?: SpanAttributes;
}

/** What a span is a part of, as it came from elsewhere. */
export interface ParentHeaders {
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

/** What became of spans. */
export interface TracingCounts {
  readonly sent: number;
  /** Given to an endpoint that did not take them. */
  readonly failed: number;
  /** Over the bound on what waits. */
  readonly dropped: number;
  readonly waiting: number;
}

/** Port: takes spans. Never throws, never waits, and keeps within its bounds whatever its endpoint does. */
export interface Tracing {
  /** `undefined`: it is not to be traced. */
  begin(span: BegunSpan, parent: ParentHeaders): OpenSpan | undefined;
  counts(): TracingCounts;
  /** Sends what waits, for a moment. */
  close(): Promise<void>;
}
