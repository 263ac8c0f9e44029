import { readFileSync } from "node:fs";
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { type ExportResult, ExportResultCode, W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { headersOf } from "./otlp-headers.js";
import * as limits from "./trace-limits.js";
import type {
  BegunSpan,
  DoneSpan,
  OpenSpan,
  ParentHeaders,
  SpanAttributes,
  Tracing,
  TracingCounts,
} from "./tracing.js";

/** Where spans go, and what they are of. */
export interface OtlpOptions {
  /** Base of the endpoint, or all of it: `/v1/traces` is put behind one without a path. */
  readonly endpoint: string;
  /** Share of the traces that begin here which are sent: 0 to 1. Those that came from elsewhere go on as they were begun. */
  readonly sample: number;
  /** A header a line, `name: value`; read again for each message. "": none. */
  readonly headersFile: string;
  readonly resource: SpanAttributes;
  /** The endpoint takes nothing, or the file of headers cannot be read: each once in a while. */
  readonly tell: (what: string, why: string) => void;
}

type HrTime = [seconds: number, nanoseconds: number];

const hrTimeOf = (ms: number): HrTime => [Math.floor(ms / 1_000), Math.floor((ms % 1_000) * 1e6)];

const carried = {
  keys: (carrier: ParentHeaders) => Object.keys(carrier),
  get: (carrier: ParentHeaders, name: string) => carrier[name as keyof ParentHeaders],
};

/** Tells of failures of one kind, once in a while. */
function seldom(tell: OtlpOptions["tell"], what: string): (error: unknown) => void {
  let toldMs = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (performance.now() - toldMs < limits.tellEveryMs) return;
    toldMs = performance.now();
    tell(what, (error instanceof Error ? error.message : "").slice(0, 500));
  };
}

/** Counts spans from when they are over until the endpoint has answered, and drops those that would be too many. */
class Counted implements SpanExporter, SpanProcessor {
  readonly #exporter: SpanExporter;
  readonly #batches: BatchSpanProcessor;
  readonly #tellFailure: (error: unknown) => void;
  readonly #counts = { sent: 0, failed: 0, dropped: 0, waiting: 0 };

  constructor(exporter: SpanExporter, tell: OtlpOptions["tell"]) {
    this.#exporter = exporter;
    this.#tellFailure = seldom(tell, "the endpoint of traces does not take them");
    this.#batches = new BatchSpanProcessor({
      exporter: this,
      // it never comes to drop any: those that are on their way count here
      maxQueueSize: limits.spansWaitingMax,
      maxExportBatchSize: limits.spansPerMessage,
      scheduledDelayMillis: limits.sendEveryMs,
      exportTimeoutMillis: limits.sendMsMax,
    });
  }

  counts(): TracingCounts {
    return { ...this.#counts };
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    const counts = this.#counts;
    if (counts.waiting >= limits.spansWaitingMax) {
      counts.dropped++;
      return;
    }
    counts.waiting++;
    this.#batches.onEnd(span);
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#exporter.export(spans, (result) => {
      const counts = this.#counts;
      counts.waiting -= spans.length;
      if (result.code === ExportResultCode.SUCCESS) counts.sent += spans.length;
      else {
        counts.failed += spans.length;
        this.#tellFailure(result.error);
      }
      done(result);
    });
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  async shutdown(): Promise<void> {
    await this.#exporter.shutdown();
  }

  close(): Promise<void> {
    return this.#batches.shutdown();
  }
}

class Begun implements OpenSpan {
  readonly traceparent: string;
  readonly #tracer: Tracer;
  readonly #span: Span;
  readonly #context: Context;

  constructor(tracer: Tracer, span: Span, around: Context) {
    const { traceId, spanId } = span.spanContext();
    this.#tracer = tracer;
    this.#span = span;
    this.#context = trace.setSpan(around, span);
    this.traceparent = `00-${traceId}-${spanId}-01`;
  }

  part({ name, startMs, endMs, attributes = {} }: DoneSpan): void {
    const span = this.#tracer.startSpan(name, { startTime: hrTimeOf(startMs), attributes }, this.#context);
    span.end(hrTimeOf(Math.max(startMs, endMs)));
  }

  end(endMs: number, attributes: SpanAttributes = {}, error?: string): void {
    this.#span.setAttributes(attributes);
    if (error !== undefined) this.#span.setStatus({ code: SpanStatusCode.ERROR, message: error });
    this.#span.end(hrTimeOf(endMs));
  }
}

function urlOf(endpoint: string): string {
  const url = new URL(endpoint);
  if (url.pathname === "/") url.pathname = "/v1/traces";
  return url.href;
}

/** Traces by OpenTelemetry's SDK, sent by OTLP over HTTP. This module is loaded only where `--otlp-endpoint` is given. */
export class OtlpTracing implements Tracing {
  readonly #counted: Counted;
  readonly #tracer: Tracer;
  readonly #propagator = new W3CTraceContextPropagator();

  /** Throws an `Error` for a file of headers that cannot be used. */
  constructor({ endpoint, sample, headersFile, resource, tell }: OtlpOptions) {
    let headers = headersFile === "" ? {} : headersOf(readFileSync(headersFile, "utf8"));
    const tellUnread = seldom(tell, "the file of headers for traces cannot be read");
    const exporter = new OTLPTraceExporter({
      url: urlOf(endpoint),
      timeoutMillis: limits.sendMsMax,
      concurrencyLimit: limits.messagesUnderWayMax,
      headers: async () => {
        try {
          if (headersFile !== "") headers = headersOf(readFileSync(headersFile, "utf8"));
        } catch (error) {
          // those of before, until it can be read again
          tellUnread(error);
        }
        return { ...headers };
      },
    });
    this.#counted = new Counted(exporter, tell);
    const provider = new TracerProvider({
      resource: resourceFromAttributes(resource),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sample) }),
      spanProcessors: [this.#counted],
      spanLimits: {
        attributeValueLengthLimit: limits.attributeCharactersMax,
        attributeCountLimit: limits.attributesMax,
      },
    });
    this.#tracer = provider.getTracer("murmuration");
  }

  begin({ name, kind, startMs, attributes = {} }: BegunSpan, parent: ParentHeaders): OpenSpan | undefined {
    const around =
      parent.traceparent === undefined ? ROOT_CONTEXT : this.#propagator.extract(ROOT_CONTEXT, parent, carried);
    const spanKind = kind === "server" ? SpanKind.SERVER : SpanKind.CONSUMER;
    const span = this.#tracer.startSpan(name, { kind: spanKind, startTime: hrTimeOf(startMs), attributes }, around);
    return span.isRecording() ? new Begun(this.#tracer, span, around) : undefined;
  }

  counts(): TracingCounts {
    return this.#counted.counts();
  }

  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limits.closeMsMax);
    });
    await Promise.race([this.#counted.close().catch(() => undefined), over]);
    clearTimeout(timer);
  }
}
