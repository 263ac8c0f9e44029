import { type Command, hasCollection } from "@murmuration/core";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
  type FastifyServerOptions,
  LogController,
  type RouteOptions,
} from "fastify";
import type { Logger } from "pino";
import { anybody, type Caller, nobody } from "./access/caller.js";
import type { Guard } from "./access/guard.js";
import { limitRates } from "./access/request-rates.js";
import type { Right } from "./access/rights.js";
import { rightOf } from "./access/route-rights.js";
import { valueExistsIn } from "./access/value-exists.js";
import { recordRequests, refuseUnrecorded } from "./audit-log/audit-requests.js";
import type { AuditTrail } from "./audit-log/audit-trail.js";
import { backupMetrics } from "./backup/backup-metrics.js";
import type { Backups } from "./backup/backups.js";
import { readLargeBodies } from "./bodies/read-large.js";
import { serveCanaries } from "./canary/serve-canaries.js";
import { type ChangesOptions, serveChanges } from "./changes/serve-changes.js";
import { Forwarder } from "./consistency/forwarder.js";
import { dashboardBundle, serveDashboard } from "./dashboard.js";
import type { Database } from "./engine/database.js";
import type { Erasures } from "./erasure/erasures.js";
import { acceptJson, drainRefused } from "./http/accept-json.js";
import { clientAddress } from "./http/client-address.js";
import { Listeners, onClientError } from "./http/connections.js";
import { emptyNamesAt } from "./http/empty-names.js";
import type { HttpClient } from "./http/http-client.js";
import {
  bodyBytesInFlightMebibytesDefault,
  bodyLimitMebibytesDefault,
  pathParameterLengthMax,
  readTimeoutSecondsDefault,
  requestTimeoutMsDefault,
} from "./http/http-limits.js";
import { ReadTurns } from "./http/read-turns.js";
import { acceptOrigins, compressBodies, fieldsWithoutOrigin } from "./http/transport.js";
import { acceptUploads } from "./http/upload.js";
import { undecodable } from "./http/url-text.js";
import { Issues } from "./issues.js";
import { listenBeside } from "./listen/listen-beside.js";
import type { Address } from "./listen/messages.js";
import { Metrics } from "./metrics.js";
import { openApiRoute } from "./openapi.js";
import { elapsedMs, loggedPath, requestHandler, sendError } from "./request-handler.js";
import { RequestStatistics } from "./request-statistics.js";
import { metricsRoute } from "./routes/metrics.js";
import { routes } from "./routes/mod.js";
import { resumeRecoveries } from "./routes/recover-snapshot.js";
import { telemetryRoute } from "./routes/telemetry.js";
import { SlowQueries } from "./slow-queries.js";
import type { Snapshots } from "./snapshots/snapshots.js";
import { StrictMode } from "./strict/strict-mode.js";
import type { ServingTls } from "./tls-config.js";
import { traceMetrics } from "./tracing/trace-metrics.js";
import type { Tracing } from "./tracing/tracing.js";
import { answerUnknown } from "./unknown-paths.js";

/** What the HTTP side is told beside its database. */
export interface AppOptions {
  /** Without one nothing is logged. */
  readonly log?: Logger;
  /** Requests that take longer are logged, one line each; 0 turns it off. */
  readonly slowRequestMs?: number;
  /** Requests on collections that take longer are logged with how they were carried out; 0, or nothing: none are. */
  readonly slowQueryMs?: number;
  readonly bodyLimitMebibytes?: number;
  /** How long a read may take that does not say it itself. */
  readonly readTimeoutSeconds?: number;
  /** What the bodies of all requests under way may take together. */
  readonly bodyBytesInFlightMebibytes?: number;
  /** How long a request has to arrive whole. */
  readonly requestTimeoutMs?: number;
  /** Threads that listen beside this one; default: none. */
  readonly listeners?: number;
  /** Where they do; default: where this one does, with `reusePort`. */
  readonly listenersAt?: readonly Address[];
  /** Origins whose pages may use this server, beside those on this machine. */
  readonly corsOrigins?: readonly string[];
  /** Where reads may be passed on to other replicas (`isAllowedUrl`); default: on the loopback. */
  readonly peerHosts?: readonly string[];
  /** Without them the routes of snapshots say that there are none. */
  readonly snapshots?: Snapshots;
  /** Without them the routes of erasures say that there are none. */
  readonly erasures?: Erasures;
  /** Without them the routes of backups say that there are none. */
  readonly backups?: Backups;
  /** Without it nobody follows changes. */
  readonly changes?: ChangesOptions;
  /** Records who did what; without it nobody does. Whoever gives one closes it. */
  readonly audit?: AuditTrail;
  /** Decides who is let in; without it everybody is. */
  readonly guard?: Guard;
  /** Of all clients together, and of one address; 0, or nothing: as many as come. */
  readonly connectionsMax?: number;
  readonly connectionsPerAddressMax?: number;
  /** In a minute, with one key or token, and from one address. */
  readonly requestsPerKeyMax?: number;
  readonly requestsPerAddressMax?: number;
  /** Takes spans of requests; without it nothing is traced. Whoever gives one closes it. */
  readonly tracing?: Tracing;
  /** HTTP by TLS. */
  readonly tls?: ServingTls;
  /** Is the dashboard served? By default it is. */
  readonly dashboard?: boolean;
  /** Asks other replicas; whoever gives one closes it. */
  readonly peerClient?: HttpClient;
}

declare module "fastify" {
  interface FastifyInstance {
    listeners: Listeners;
  }
  interface FastifyRequest {
    /** When the request arrived, on the clock of `performance.now()`. */
    arrivedMs: number;
    /** When its answer began, where that goes on. */
    answeredMs: number;
    /** Kind of the error that it was answered with, if it was. */
    errorCode: string | undefined;
    /** Who calls; set before anything of the request is looked at but its headers and its path. */
    caller: Caller;
  }
  interface FastifyContextConfig {
    /** What the route needs. */
    right?: Right;
  }
}

const MINUTE_MS = 60_000;
const mebibyte = 1024 * 1024;

function logSlow(log: FastifyBaseLogger, method: string, url: string, statusCode: number, tookMs: number): void {
  log.warn({ method, path: loggedPath(url), statusCode, elapsedMs: Math.round(tookMs) }, "slow request");
}

function logSlowRequests(app: FastifyInstance, thresholdMs: number): void {
  if (thresholdMs <= 0) return;
  app.addHook("onResponse", (request, reply, done) => {
    const tookMs = elapsedMs(request);
    if (tookMs > thresholdMs) logSlow(request.log, request.method, request.url, reply.statusCode, tookMs);
    done();
  });
}

/** The collection of a request's path, if there is one. */
function collectionOf({ params }: FastifyRequest, database: Database): string | undefined {
  const { collection_name: name } = (params ?? {}) as { readonly collection_name?: string };
  return name !== undefined && database.collectionNamed(name) !== undefined ? name : undefined;
}

function measureRequests(
  app: FastifyInstance,
  database: Database,
  metrics: Metrics,
  statistics: RequestStatistics,
): void {
  const endpoints = new Map<string, string>();
  app.addHook("onResponse", (request, reply, done) => {
    const url = request.routeOptions.url ?? "unknown";
    let endpoint = endpoints.get(url);
    if (endpoint === undefined) endpoints.set(url, (endpoint = url.replace(/:(\w+)/g, "{$1}")));
    const seconds = elapsedMs(request) / 1000;
    metrics.observe(request.method, endpoint, reply.statusCode, seconds);
    statistics.observe(request.method, endpoint, reply.statusCode, seconds, collectionOf(request, database));
    if (request.errorCode !== undefined) metrics.countError(request.errorCode);
    done();
  });
}

/**
 * Lets in whoever may do what the route needs, before a byte of the body is read. A path that is no route tells nothing to those who have no key.
 */
function letIn(app: FastifyInstance, database: Database, guard: Guard | undefined): void {
  if (guard === undefined) return;
  const here = { holds: valueExistsIn(database), replicaId: () => database.status().replicaId };
  app.addHook("onRequest", (request, _reply, done) => {
    const { right = "any" } = request.routeOptions.config;
    const { collection_name: collection } = (request.params ?? {}) as { readonly collection_name?: string };
    const entered = (caller: Caller) => {
      request.caller = caller;
      done();
    };
    const known = (caller: Caller) => {
      request.caller = caller;
    };
    try {
      const caller = guard.admit(request.headers, right, collection, here, known);
      if (caller instanceof Promise) caller.then(entered, done);
      else entered(caller);
    } catch (error) {
      done(error as Error);
    }
  });
}

/** Says that connections were refused, once a minute at most. */
function refusedConnections(log: Logger | undefined): () => void {
  let saidMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - saidMs < MINUTE_MS) return;
    saidMs = performance.now();
    log?.warn("connections beyond --connections-max or --connections-per-address-max are refused");
  };
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
  const requestTimeoutMs = options.requestTimeoutMs ?? requestTimeoutMsDefault;
  // the kernel deals connections out evenly among who listens
  const connectionsEach = Math.ceil((options.connectionsMax ?? 0) / (1 + (options.listeners ?? 0)));
  const listeners = new Listeners(
    {
      requestTimeoutMs,
      connectionsMax: connectionsEach,
      connectionsPerAddressMax: options.connectionsPerAddressMax ?? 0,
    },
    options.tls,
    refusedConnections(options.log),
  );
  const serverOptions: FastifyServerOptions & { readonly https?: object } = {
    ...(options.log === undefined ? {} : { loggerInstance: options.log as FastifyBaseLogger }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyBytesMax,
    serverFactory: (handler) => listeners.make(handler),
    // for the address that it is said to listen at
    ...(options.tls === undefined ? {} : { https: {} }),
    clientErrorHandler: onClientError,
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: pathParameterLengthMax },
    frameworkErrors: (error, request, reply) =>
      error.code === "FST_ERR_BAD_URL"
        ? void sendError(request, reply, undecodable(request.url), "path parameters")
        : void sendError(request, reply, error),
    forceCloseConnections: "idle",
  };
  const app: FastifyInstance = Fastify(serverOptions as FastifyServerOptions);
  app.decorate("listeners", listeners);
  app.decorateRequest("arrivedMs", 0);
  app.decorateRequest("answeredMs", 0);
  app.decorateRequest("errorCode", undefined);
  app.decorateRequest("caller");
  const initially = options.guard === undefined ? anybody : nobody;
  app.addHook("onRequest", (request, _reply, done) => {
    request.arrivedMs = performance.now();
    request.caller = initially;
    done();
  });
  await acceptOrigins(app, options.corsOrigins ?? []);
  const rates = { perKey: options.requestsPerKeyMax ?? 0, perAddress: options.requestsPerAddressMax ?? 0 };
  const { audit } = options;
  if (audit !== undefined) recordRequests(app, audit, clientAddress);
  await limitRates(app, rates, () => letIn(app, database, options.guard));
  if (audit !== undefined) refuseUnrecorded(app, audit);
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
  const slowMs = options.slowRequestMs ?? 0;
  logSlowRequests(app, slowMs);

  const statistics = new RequestStatistics();
  const slowQueries = new SlowQueries(options.slowQueryMs ?? 0, (line) => app.log.warn(line, "slow query"));
  const metrics = new Metrics(database, statistics, options.snapshots, audit?.log, () => [
    slowQueries.metric,
    ...(options.tracing === undefined ? [] : traceMetrics(options.tracing.counts())),
    ...(options.backups === undefined ? [] : backupMetrics(options.backups.counts)),
  ]);
  const canaries = serveCanaries(app, database, metrics, options);
  measureRequests(app, database, metrics, statistics);
  const served = [...routes, telemetryRoute(statistics), metricsRoute(metrics)];
  const all = [...served, openApiRoute(served)];
  const host = {
    forwarder: new Forwarder(database, {
      hosts: options.peerHosts ?? ["127.0.0.1"],
      onRefused: refusedOnce(options.log),
      guard: options.guard,
      client: options.peerClient,
      needsTls: options.tls !== undefined,
    }),
    turns,
    readTimeoutSeconds,
    tracing: options.tracing,
  };
  const issues = new Issues((name) =>
    hasCollection(database.catalogue, name) ? database.collection(name) : undefined,
  );
  const services = {
    database,
    canaries,
    audit,
    backups: options.backups,
    changes: serveChanges(app, database, metrics, options),
    erasures: options.erasures,
    issues,
    slowQueries,
    snapshots: options.snapshots,
    strict: new StrictMode(database),
  };
  const refuseEmptyNames = emptyNamesAt(all);
  app.addHook("onRequest", async ({ method, url }) => refuseEmptyNames(method, url));
  const takingFiles: RouteOptions[] = [];
  for (const of of all) {
    const url = of.path.replace(/\{(\w+)\}/g, ":$1");
    const config = { right: rightOf(of.method, of.path) };
    const registered = { method: of.method, url, config, handler: requestHandler(of, services, host) };
    if (of.takesFile === undefined) app.route(registered);
    else takingFiles.push(registered);
  }
  // apart: at no other path is a file a body
  await app.register(async (apart) => {
    await acceptUploads(apart);
    for (const registered of takingFiles) apart.route(registered);
  });
  if (options.dashboard !== false) await serveDashboard(app, dashboardBundle());
  answerUnknown(app, all);
  // every request is counted where there are limits on how many come, recorded where reads are, and traced
  const isEach = rates.perKey > 0 || rates.perAddress > 0 || audit?.policy.reads === true;
  if (!isEach && options.tracing === undefined) {
    listenBeside(app, {
      database,
      guard: options.guard,
      metrics,
      statistics,
      listeners: options.listeners ?? 0,
      listenersAt: options.listenersAt,
      connectionsMax: connectionsEach,
      requestTimeoutMs,
      readTimeoutMs: readTimeoutSeconds * 1000,
      slowQueries,
      fixedFields: fieldsWithoutOrigin(options.corsOrigins ?? []),
      noteSlow: (method, path, status, tookMs) => {
        if (slowMs > 0 && tookMs > slowMs) logSlow(app.log, method, path, status, tookMs);
      },
    });
  }
  const { snapshots, log } = options;
  if (snapshots !== undefined) {
    const write = (command: Command) => database.write(command);
    resumeRecoveries({ database, write }, snapshots, log).catch((error: unknown) => {
      log?.error({ err: error }, "recoveries that were interrupted cannot be looked through");
    });
  }
  return app;
}
