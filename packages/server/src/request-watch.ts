import type { FastifyRequest } from "fastify";
import { murmurHeaders } from "./http/murmur-headers.js";
import type { Reading } from "./read/reading.js";
import { RequestTiming, serverTimingText, type ToldWrite, timedWrite } from "./request-timing.js";
import type { Route } from "./routes/route.js";
import { noteIfSlow, type SlowQueries } from "./slow-queries.js";
import { endRequest, epochMs } from "./tracing/request-spans.js";
import type { OpenSpan, ParentHeaders, Tracing } from "./tracing/tracing.js";

/** Who asks how requests are carried out. */
export interface Watchers {
  readonly slowQueries: SlowQueries;
  /** Missing: nothing is traced. */
  readonly tracing: Tracing | undefined;
}

type Watched = Pick<FastifyRequest, "arrivedMs" | "headers" | "params">;

const collectionOf = ({ params }: Watched) => ((params ?? {}) as { readonly collection_name?: string }).collection_name;

/** Requests on a collection are traced; nothing else is. */
function spanOf(
  { method, path, session }: Route,
  request: Watched,
  tracing: Tracing | undefined,
): OpenSpan | undefined {
  if (tracing === undefined || session === undefined) return undefined;
  const attributes = {
    "http.request.method": method,
    "http.route": path,
    "murmur.collection": collectionOf(request) ?? "",
  };
  const startMs = epochMs(request.arrivedMs);
  const { traceparent, tracestate } = request.headers as ParentHeaders;
  return tracing.begin({ name: `${method} ${path}`, kind: "server", startMs, attributes }, { traceparent, tracestate });
}

/** Watches a request, if anybody asks how it is carried out. */
export function watchOf(of: Route, request: Watched, watchers: Watchers): RequestWatch | undefined {
  const isAsked = request.headers[murmurHeaders.timing] === "1";
  const span = spanOf(of, request, watchers.tracing);
  if (!isAsked && span === undefined && !watchers.slowQueries.isOn) return undefined;
  return new RequestWatch(of, request, isAsked, watchers.slowQueries, span);
}

/** How one request is carried out: for its own answer, the log of slow ones, and its trace. */
export class RequestWatch {
  readonly timing: RequestTiming;
  readonly #of: Route;
  readonly #collection: string | undefined;
  readonly #isAsked: boolean;
  readonly #slow: SlowQueries;
  readonly #span: OpenSpan | undefined;
  /** What it reads or writes, once that is known. */
  #kind: string | undefined;

  constructor(of: Route, request: Watched, isAsked: boolean, slow: SlowQueries, span: OpenSpan | undefined) {
    this.timing = new RequestTiming(request.arrivedMs);
    this.#of = of;
    this.#collection = collectionOf(request);
    this.#isAsked = isAsked;
    this.#slow = slow;
    this.#span = span;
  }

  /** What is read, to be watched. */
  reading(reading: Reading): Reading {
    this.#kind = reading.kind;
    return { ...reading, isWatched: true };
  }

  write<T>(kind: string, write: (told: ToldWrite) => Promise<T>): Promise<T> {
    this.#kind = kind;
    return timedWrite(this.timing, this.#span?.traceparent, write);
  }

  /** What the answer says of it, where it was asked for. */
  header(): string | undefined {
    return this.#isAsked ? serverTimingText(this.timing.parts(performance.now())) : undefined;
  }

  /** Names its span to another replica that is asked instead; `undefined`: it has none. */
  get traceparent(): string | undefined {
    return this.#span?.traceparent;
  }

  /** Another replica has answered it. */
  forwarded(statusCode: number): void {
    this.#kind ??= "forwarded";
    this.end(statusCode);
  }

  /** It is answered. */
  end(statusCode: number): void {
    if (this.#span !== undefined) endRequest(this.#span, this.timing, statusCode);
    if (this.#kind === undefined || this.#collection === undefined) return;
    const { method, path: endpoint } = this.#of;
    const asked = { method, endpoint, collection: this.#collection, kind: this.#kind, statusCode };
    noteIfSlow(this.#slow, this.timing, asked);
  }
}
