import type { FastifyInstance } from "fastify";
import type { Guard } from "../access/guard.js";
import type { Database } from "../engine/database.js";
import { connectionEvent, type Handler } from "../http/make-server.js";
import type { Metrics } from "../metrics.js";
import type { RequestStatistics } from "../request-statistics.js";
import type { SlowQueries } from "../slow-queries.js";
import { AnswerHeaders, type Observe } from "./brief-answer.js";
import { briefHandler } from "./brief-handler.js";
import { BriefLane } from "./brief-lane.js";
import { admitsNow, BriefReads } from "./brief-reads.js";
import { briefTarget } from "./brief-routes.js";
import { ListenerThreads } from "./listener-threads.js";
import type { Address } from "./messages.js";

/** How brief reads are served. */
export interface BesideOptions {
  readonly database: Database;
  readonly guard: Guard | undefined;
  readonly metrics: Metrics;
  readonly statistics: RequestStatistics;
  /** Threads that listen as well. */
  readonly listeners: number;
  readonly listenersAt: readonly Address[] | undefined;
  /** Of each thread; 0: as many as come. */
  readonly connectionsMax: number;
  readonly requestTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** Names and values, in turns, with which all answers begin. */
  readonly fixedFields: readonly string[];
  /** Tells of a request that took so many milliseconds, if that is long. */
  readonly noteSlow: (method: string, path: string, status: number, tookMs: number) => void;
  readonly slowQueries: SlowQueries;
}

/**
 * Serve brief reads of an app before its routes have them: on its own connections, and, where it listens with others (`listeners`), on those
 * that threads take. They are counted with all others.
 */
export function listenBeside(app: FastifyInstance, options: BesideOptions): void {
  const { database, guard, metrics, statistics, listeners: count, noteSlow, slowQueries } = options;
  const { briefSource } = database;
  if (briefSource === undefined) return;
  const observe: Observe = (path, tookMs, slow) => {
    const target = briefTarget(path);
    if (target === undefined) return;
    const { route, collection } = target;
    const known = database.collectionNamed(collection) === undefined ? undefined : collection;
    statistics.briefReads++;
    metrics.observe(route.method, route.endpoint, 200, tookMs / 1000);
    statistics.observe(route.method, route.endpoint, 200, tookMs / 1000, known);
    noteSlow(route.method, path, 200, tookMs);
    if (slow !== undefined) slowQueries.note(slow);
  };
  const reads = new BriefReads(
    briefSource,
    options.readTimeoutMs,
    (request) => admitsNow(guard, request),
    slowQueries.thresholdMs,
  );
  const headers = new AnswerHeaders(options.fixedFields);
  const lane = new BriefLane(app.server, reads, headers, observe);
  const [own] = app.server.listeners("request") as [Handler];
  app.server.off("request", own).on("request", briefHandler(reads, headers, observe, own));
  const listeners = new ListenerThreads({
    ...options,
    listeners: count,
    slowQueryMs: slowQueries.thresholdMs,
    certificates: app.listeners,
    onConnection: (connection) => app.server.emit(connectionEvent(app.server), connection),
    onAnswered: (answered) => {
      for (const [path, tookMs, slow] of answered) observe(path, tookMs, slow);
    },
    tell: (what, why) => app.log.warn({ why }, what),
  });
  statistics.countAlso(listeners);
  app.addHook("onListen", (done) => {
    listeners.begin(options.listenersAt ?? app.addresses());
    done();
  });
  let closing = Promise.resolve();
  app.addHook("preClose", (done) => {
    lane.close();
    closing = listeners.close();
    done();
  });
  app.addHook("onClose", () => closing);
}
