import type { Command } from "@murmuration/core";
import { MurmurationError, type Sliced } from "@murmuration/index";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from "fastify";
import type { Logger } from "pino";
import type { Backups } from "./backup/backups.js";
import { CheckedBody } from "./bodies/checked-body.js";
import { readLargeBodies } from "./bodies/read-large.js";
import { Forwarder } from "./consistency/forwarder.js";
import { murmurHeaders } from "./consistency/headers.js";
import { type ConsistencyParameters, Session } from "./consistency/session.js";
import type { Database } from "./engine/database.js";
import { acceptJson, drainRefused } from "./http/accept-json.js";
import { connectionOptions } from "./http/connections.js";
import { emptyNamesAt } from "./http/empty-names.js";
import { errorEnvelope, successBegin, successEnd, successEnvelope } from "./http/envelope.js";
import { errorAnswer, type RequestPart } from "./http/errors.js";
import { stringifyJson } from "./http/json.js";
import { JsonText } from "./http/json-text.js";
import {
  bodyBytesInFlightMebibytesDefault,
  bodyLimitMebibytesDefault,
  pathParameterLengthMax,
  readTimeoutSecondsDefault,
  requestTimeoutMsDefault,
} from "./http/limits.js";
import { ReadTurns } from "./http/read-turns.js";
import { validate } from "./http/schemas/validate.js";
import { acceptOrigins, compressBodies } from "./http/transport.js";
import { checkHeaderText, checkQueryText, undecodable } from "./http/url-text.js";
import { Metrics } from "./metrics.js";
import { openApiRoute } from "./openapi.js";
import { metricsRoute } from "./routes/metrics.js";
import { routes } from "./routes/mod.js";
import type { BareAnswer, Route } from "./routes/route.js";

/** What the HTTP side is told beside its database. */
export interface AppOptions {
  /** Without one nothing is logged. */
  readonly log?: Logger;
  /** Requests that take longer are logged, one line each; 0 turns it off. */
  readonly slowRequestMs?: number;
  readonly bodyLimitMebibytes?: number;
  /** How long a read may take that does not say it itself. */
  readonly readTimeoutSeconds?: number;
  /** What the bodies of all requests under way may take together. */
  readonly bodyBytesInFlightMebibytes?: number;
  /** How long a request has to arrive whole. */
  readonly requestTimeoutMs?: number;
  /** Origins whose pages may use this server, beside those on this machine. */
  readonly corsOrigins?: readonly string[];
  /** Where reads may be passed on to other replicas (`isAllowedUrl`); default: on the loopback. */
  readonly peerHosts?: readonly string[];
  /** Without them the routes of backups say that there are none. */
  readonly backups?: Backups;
}

declare module "fastify" {
  interface FastifyRequest {
    /** When the request arrived, on the clock of `performance.now()`. */
    arrivedMs: number;
    /** Kind of the error that it was answered with, if it was. */
    errorCode: string | undefined;
  }
}

const mebibyte = 1024 * 1024;

/** 0 for a request so malformed that no hook saw it arrive. */
const elapsedMs = (request: FastifyRequest) => (request.arrivedMs > 0 ? performance.now() - request.arrivedMs : 0);

const JSON_TYPE = "application/json; charset=utf-8";

/** Sends JSON: Fastify's own serializer knows no bigint. */
function sendJson(reply: FastifyReply, statusCode: number, body: unknown): FastifyReply {
  return reply.code(statusCode).type(JSON_TYPE).send(stringifyJson(body));
}

function sendError(request: FastifyRequest, reply: FastifyReply, error: unknown, part?: RequestPart): FastifyReply {
  const { statusCode, message, internal } = errorAnswer(error, part);
  request.errorCode = error instanceof MurmurationError ? error.code : String(statusCode);
  if (internal) request.log.error({ err: error, method: request.method, url: request.url }, "request failed");
  return sendJson(reply, statusCode, errorEnvelope(message, elapsedMs(request)));
}

/** A level of consistency stands in the query, wherever it is found to be at fault. */
function partAtFault(error: unknown, part: RequestPart): RequestPart {
  return error instanceof MurmurationError && error.field === "write_consistency" ? "query parameters" : part;
}

function isBare(of: Route, _answer: unknown): _answer is BareAnswer {
  return of.answer === "bare";
}

function isSliced(of: Route, _work: unknown): _work is Sliced<unknown> {
  return of.answer === "sliced";
}

/** Aborted when the client goes away before it is answered; made when somebody asks for it. */
function signalOf(reply: FastifyReply): () => AbortSignal {
  let controller: AbortController | undefined;
  return () => {
    if (controller !== undefined) return controller.signal;
    controller = new AbortController();
    const abort = () => controller?.abort();
    if (reply.raw.destroyed) abort();
    else reply.raw.once("close", abort);
    return controller.signal;
  };
}

/** The part of a request in its session, of a route that takes part in sessions. */
function sessionOf(
  of: Route,
  database: Database,
  readTimeoutSeconds: number,
  request: FastifyRequest,
  reply: FastifyReply,
  parts: { readonly params: unknown; readonly query: unknown; readonly body: unknown },
): Session | undefined {
  if (of.session === undefined) return undefined;
  const { collection_name: name } = (parts.params ?? {}) as { readonly collection_name?: string };
  return new Session(database, {
    access: of.session,
    method: of.method,
    url: request.url,
    headers: request.headers,
    body: request.body instanceof CheckedBody ? request.body.bytes : request.body,
    names: [...(name === undefined ? [] : [name]), ...(of.alsoReads?.(parts.body as never) ?? [])],
    parameters: (parts.query ?? {}) as ConsistencyParameters,
    filterTimeoutMs: readTimeoutSeconds * 1000,
    signal: signalOf(reply),
  });
}

/** An answer of a replica that holds less than its cluster would say that something does not exist. */
function requireComplete(database: Database): void {
  const why = database.refusesReads();
  if (why !== undefined) throw new MurmurationError("unavailable", why);
}

/** What routes have in common beside what handlers see. */
interface Host {
  readonly forwarder: Forwarder;
  readonly turns: ReadTurns;
  readonly readTimeoutSeconds: number;
}

/** A request whose answer is made in slices. */
interface SlicedLimits {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly session: Session | undefined;
  readonly timeoutSeconds: number;
}

/** What every handler works with, whatever it is asked. */
interface Services {
  readonly database: Database;
  readonly backups: Backups | undefined;
}

/** Work in slices of a handler, driven to its end within the time that the request gives it. */
function drive(work: Sliced<unknown>, turns: ReadTurns, limits: SlicedLimits): Promise<unknown> {
  const { request, reply, session, timeoutSeconds } = limits;
  const timeoutMs = timeoutSeconds * 1000;
  return turns.run(work, {
    timeoutMs,
    deadlineMs: request.arrivedMs + timeoutMs,
    isAbandoned: () => reply.raw.destroyed,
    onFixed: () => session?.fix(),
  });
}

function register(app: FastifyInstance, services: Services, host: Host, of: Route): void {
  const { database } = services;
  const { forwarder, turns } = host;
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    let part: RequestPart = "path parameters";
    let session: Session | undefined;
    try {
      const params = validate(of.params, request.params);
      part = "query parameters";
      checkQueryText(request.url);
      const query = validate(of.query, request.query);
      part = "JSON body";
      const body = request.body instanceof CheckedBody ? request.body.value() : validate(of.body, request.body);
      part = "headers";
      checkHeaderText(request.headers, headersRead);
      if (of.session !== undefined) requireComplete(database);
      session = sessionOf(of, database, host.readTimeoutSeconds, request, reply, { params, query, body });
      part = "query parameters";
      const forwarded = await session?.prepare(forwarder);
      if (forwarded !== undefined) {
        return reply.code(forwarded.statusCode).headers(forwarded.headers).send(forwarded.body);
      }
      part = "JSON body";
      const write = (command: Command) => (session === undefined ? database.write(command) : session.write(command));
      const context = { ...services, params, query, body, write } as Parameters<Route["handle"]>[0];
      const handled = of.handle(context);
      const timeoutSeconds = (query as ConsistencyParameters | undefined)?.timeout ?? host.readTimeoutSeconds;
      const answer: unknown = await (isSliced(of, handled)
        ? drive(handled, turns, { request, reply, session, timeoutSeconds })
        : handled);
      if (session !== undefined) reply.headers(session.answerHeaders());
      if (!isBare(of, answer)) {
        const statusCode = session?.missedQuorum === true ? 202 : 200;
        if (answer instanceof JsonText) {
          answer.raw(successEnd(elapsedMs(request)));
          return reply.code(statusCode).type(JSON_TYPE).send(answer.end(successBegin));
        }
        return sendJson(reply, statusCode, successEnvelope(answer, elapsedMs(request)));
      }
      if (typeof answer.body !== "string") return sendJson(reply, answer.statusCode, answer.body);
      return reply.code(answer.statusCode).type(answer.contentType).send(answer.body);
    } catch (error) {
      if (session !== undefined) reply.headers(session.answerHeaders());
      return sendError(request, reply, error, partAtFault(error, part));
    }
  };
  app.route({ method: of.method, url: of.path.replace(/\{(\w+)\}/g, ":$1"), handler });
}

/** Headers of ours that requests bring. */
const headersRead = [murmurHeaders.token, murmurHeaders.forwarded, murmurHeaders.frontier, murmurHeaders.digest];

/** Methods that some route serves at this path. */
function methodsAt(all: readonly Route[]): (path: string) => readonly string[] {
  const patterns = all.map((of) => ({
    method: of.method,
    pattern: new RegExp(`^${of.path.replace(/\{\w+\}/g, "[^/]+").replaceAll(".", "\\.")}/?$`),
  }));
  return (path) => [...new Set(patterns.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))];
}

function answerUnknown(app: FastifyInstance, all: readonly Route[]): void {
  const allowedAt = methodsAt(all);
  app.setNotFoundHandler((request, reply) => {
    const path = (request.url.split("?", 1)[0] as string).replace(/\/{2,}/g, "/");
    const allowed = allowedAt(path);
    if (allowed.length === 0) return sendJson(reply, 404, errorEnvelope("Not found: no such path", elapsedMs(request)));
    reply.header("allow", allowed.join(", "));
    const message = `Method ${request.method} is not allowed here, only ${allowed.join(", ")}`;
    return sendJson(reply, 405, errorEnvelope(message, elapsedMs(request)));
  });
}

function logSlowRequests(app: FastifyInstance, thresholdMs: number): void {
  if (thresholdMs <= 0) return;
  app.addHook("onResponse", (request, reply, done) => {
    const tookMs = elapsedMs(request);
    if (tookMs > thresholdMs) {
      const { method, url } = request;
      request.log.warn({ method, url, statusCode: reply.statusCode, elapsedMs: Math.round(tookMs) }, "slow request");
    }
    done();
  });
}

function measureRequests(app: FastifyInstance, metrics: Metrics): void {
  app.addHook("onResponse", (request, reply, done) => {
    const endpoint = request.routeOptions.url?.replace(/:(\w+)/g, "{$1}") ?? "unknown";
    metrics.observe(request.method, endpoint, reply.statusCode, elapsedMs(request) / 1000);
    if (request.errorCode !== undefined) metrics.countError(request.errorCode);
    done();
  });
}

/** Says of the first address to which no read is passed on that it is not. */
function refusedOnce(log: Logger | undefined): (url: string) => void {
  let isSaid = false;
  return (url) => {
    if (!isSaid) log?.warn({ url }, "a member's address is not in --peer-url-allow: no reads are passed on to it");
    isSaid = true;
  };
}

/** The HTTP interface of a database: every route, ready to listen or to be injected into. It does not close the database. */
export async function buildApp(database: Database, options: AppOptions = {}): Promise<FastifyInstance> {
  const bodyBytesMax = (options.bodyLimitMebibytes ?? bodyLimitMebibytesDefault) * mebibyte;
  const app: FastifyInstance = Fastify({
    ...(options.log === undefined ? {} : { loggerInstance: options.log as FastifyBaseLogger }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyBytesMax,
    ...connectionOptions(options.requestTimeoutMs ?? requestTimeoutMsDefault),
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: pathParameterLengthMax },
    frameworkErrors: (error, request, reply) =>
      error.code === "FST_ERR_BAD_URL"
        ? void sendError(request, reply, undecodable(request.url), "path parameters")
        : void sendError(request, reply, error),
    forceCloseConnections: "idle",
  });
  app.decorateRequest("arrivedMs", 0);
  app.decorateRequest("errorCode", undefined);
  app.addHook("onRequest", (request, _reply, done) => {
    request.arrivedMs = performance.now();
    done();
  });
  await acceptOrigins(app, options.corsOrigins ?? []);
  await compressBodies(app);
  const inFlight = options.bodyBytesInFlightMebibytes ?? bodyBytesInFlightMebibytesDefault;
  const turns = new ReadTurns();
  const readTimeoutSeconds = options.readTimeoutSeconds ?? readTimeoutSecondsDefault;
  acceptJson(app, {
    bytesMax: bodyBytesMax,
    inFlightBytesMax: inFlight * mebibyte,
    requireMemoryFor: (bytes) => database.requireMemoryFor(bytes),
    readLarge: readLargeBodies(app, turns, bodyBytesMax, readTimeoutSeconds * 1000),
  });
  app.setErrorHandler(async (error, request, reply) => {
    await drainRefused(error, request, reply);
    return sendError(request, reply, error);
  });
  logSlowRequests(app, options.slowRequestMs ?? 0);

  const metrics = new Metrics(database);
  measureRequests(app, metrics);
  const served = [...routes, metricsRoute(metrics)];
  const all = [...served, openApiRoute(served)];
  const host = {
    forwarder: new Forwarder(database, options.peerHosts ?? ["127.0.0.1"], refusedOnce(options.log)),
    turns,
    readTimeoutSeconds,
  };
  const services = { database, backups: options.backups };
  const refuseEmptyNames = emptyNamesAt(all);
  app.addHook("onRequest", async ({ method, url }) => refuseEmptyNames(method, url));
  for (const each of all) register(app, services, host, each);
  answerUnknown(app, all);
  return app;
}
