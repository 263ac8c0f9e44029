import { Readable } from "node:stream";
import { MurmurationError, printJson } from "@murmuration/index";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Right } from "../access/rights.js";
import { errorEnvelope } from "../http/envelope.js";
import type { AuditTrail } from "./audit-trail.js";
import type { Actor, AuditEntry, Outcome } from "./entry.js";

/** What lets change something. */
const changing: ReadonlySet<Right> = new Set(["points-write", "collection-write", "manage"]);
/** Routes that give out everything that there is: recorded like what changes something. */
const givingAll = /^GET .*\/(snapshots\/\{snapshot_name\}|snapshot)$/;

/** Statuses of requests that nobody was let do. */
const refusing: ReadonlySet<number> = new Set([401, 403, 429]);
const unrecorded =
  "the request was carried out, but the audit log cannot be written: it says nothing of it yet. Until it can, no other is taken";

/** How the requests of a route are recorded. */
type Recorded = "always" | "reads" | "refusals";

/** A route as the table of rights names it, and how its requests are recorded. */
interface Known {
  readonly route: string;
  readonly recorded: Recorded;
}

/** Of routes, of which there are few: most answers are of reads that are not recorded, and are to cost nothing. */
class KnownRoutes {
  readonly #known = new Map<string, Known>();

  /** `undefined`: the path is no route. */
  of({ method, routeOptions: { url, config } }: FastifyRequest): Known | undefined {
    if (url === undefined) return undefined;
    const key = method + url;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const route = `${method} ${url.replace(/:(\w+)/g, "{$1}")}`;
    const made = { route, recorded: recordingOf(route, config.right ?? "any") };
    this.#known.set(key, made);
    return made;
  }
}

/** By its right, which stands in one table with all others. */
export function recordingOf(route: string, right: Right): Recorded {
  if (changing.has(right) || givingAll.test(route)) return "always";
  return right === "open" ? "refusals" : "reads";
}

function actorOf({ caller }: FastifyRequest): Actor {
  const { by, name, subject } = caller;
  return { by, ...(name === undefined ? {} : { name }), ...(subject === undefined ? {} : { subject }) };
}

/** What a path names beside the collection: a field, a snapshot, a member. */
function targetOf({ params, url, routeOptions }: FastifyRequest): string | undefined {
  // a path that is no route: all of it but its query, which may hold a key
  if (routeOptions.url === undefined) return url.split("?", 1)[0];
  const { collection_name: _collection, ...others } = (params ?? {}) as { readonly [name: string]: string };
  const values = Object.values(others);
  return values.length === 0 ? undefined : values.join("/");
}

function outcomeOf(status: number): Outcome {
  if (refusing.has(status)) return "refused";
  if (status >= 400) return "failed";
  return status === 202 ? "accepted" : "done";
}

/** The address that asked; one that came to a thread that listens is told by it. */
type AddressOf = (request: FastifyRequest) => string;

function entryOf(request: FastifyRequest, status: number, route: string | undefined, from: string) {
  const { collection_name: collection } = (request.params ?? {}) as { readonly collection_name?: string };
  const bytes = Number(request.headers["content-length"]);
  const target = targetOf(request);
  const entry: AuditEntry & { readonly from: string } = {
    action: route ?? request.method,
    who: actorOf(request),
    from,
    ...(collection === undefined ? {} : { collection }),
    ...(target === undefined ? {} : { target }),
    outcome: outcomeOf(status),
    status,
    ...(request.errorCode === undefined ? {} : { error: request.errorCode }),
    ...(Number.isSafeInteger(bytes) ? { bytes } : {}),
  };
  return entry;
}

function unrecordedAnswer(reply: FastifyReply): string {
  reply.code(503).removeHeader("content-encoding").removeHeader("content-length");
  reply.header("content-type", "application/json; charset=utf-8");
  return printJson(errorEnvelope(`Service unavailable: ${unrecorded}`, 0));
}

/** Once somebody is let in: what must be recorded and cannot be is not begun. */
export function refuseUnrecorded(app: FastifyInstance, trail: AuditTrail): void {
  const routes = new KnownRoutes();
  app.addHook("onRequest", (request, _reply, done) => {
    const why = trail.refusesWrites;
    if (why === undefined || routes.of(request)?.recorded !== "always") return done();
    done(
      new MurmurationError("unavailable", `the audit log cannot be written (${why}): nothing is changed until it can`),
    );
  });
}

/**
 * Records requests before they are answered: what changes something, or gives all of it out, is not answered before its line is durable. To be called before
 * anything that changes answers.
 */
export function recordRequests(app: FastifyInstance, trail: AuditTrail, addressOf: AddressOf): void {
  const { reads, onFailure } = trail.policy;
  const routes = new KnownRoutes();
  app.addHook("onSend", (request, reply, payload, done) => {
    const status = reply.statusCode;
    const { route, recorded = "refusals" } = routes.of(request) ?? {};
    const isRefused = refusing.has(status);
    if (!isRefused && (recorded === "refusals" || (recorded === "reads" && !reads))) return done(null, payload);
    const entry = entryOf(request, status, route, addressOf(request));
    if (isRefused) {
      trail.refused(entry);
      return done(null, payload);
    }
    const written = trail.record(entry);
    if (recorded === "reads" || status >= 400) {
      written.catch(() => undefined);
      return done(null, payload);
    }
    written.then(
      () => done(null, payload),
      () => {
        if (onFailure === "continue") return done(null, payload);
        if (payload instanceof Readable) payload.destroy();
        done(null, unrecordedAnswer(reply));
      },
    );
  });
}
