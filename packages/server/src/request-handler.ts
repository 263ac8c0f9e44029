import type { Command } from "@murmuration/core";
import { MurmurationError, printJson, type Sliced } from "@murmuration/index";
import type { FastifyReply, FastifyRequest } from "fastify";
import { requireRight } from "./access/rights.js";
import type { AuditTrail } from "./audit-log/audit-trail.js";
import type { Backups } from "./backup/backups.js";
import type { Canaries } from "./canary/canaries.js";
import type { ChangeStreams } from "./changes/change-streams.js";
import type { ForwardedAnswer, Forwarder } from "./consistency/forwarder.js";
import { Session } from "./consistency/session.js";
import type { ConsistencyParameters } from "./consistency/session-request.js";
import type { Database } from "./engine/database.js";
import type { Erasures } from "./erasure/erasures.js";
import { CheckedBody } from "./http/checked-body.js";
import { errorEnvelope, successEnd, successEnvelope } from "./http/envelope.js";
import { errorAnswer, type RequestPart } from "./http/errors.js";
import { murmurHeaders } from "./http/murmur-headers.js";
import type { ReadTurns } from "./http/read-turns.js";
import { validate } from "./http/schemas/validate.js";
import { type Seal, saveUpload } from "./http/upload.js";
import { checkHeaderText, checkQueryText } from "./http/url-text.js";
import type { Issues } from "./issues.js";
import type { ReadingLimits } from "./read/readers.js";
import type { ReadAnswer } from "./read/reading.js";
import type { ToldWrite } from "./request-timing.js";
import { type RequestWatch, watchOf } from "./request-watch.js";
import { accepted, type BareAnswer, type Read, type Route, SentEvents, SentFile } from "./routes/route.js";
import { inEnvelope, sendFile, signalOf } from "./send-answers.js";
import type { SlowQueries } from "./slow-queries.js";
import type { Snapshots } from "./snapshots/snapshots.js";
import type { StrictMode } from "./strict/strict-mode.js";
import type { Tracing } from "./tracing/tracing.js";

/** What every handler works with, whatever it is asked. */
export interface Services {
  readonly database: Database;
  readonly audit: AuditTrail | undefined;
  readonly backups: Backups | undefined;
  readonly changes: ChangeStreams;
  readonly erasures: Erasures | undefined;
  readonly canaries: Canaries | undefined;
  readonly issues: Issues;
  readonly slowQueries: SlowQueries;
  readonly snapshots: Snapshots | undefined;
  readonly strict: StrictMode;
}

/** What routes have in common beside what handlers see. */
export interface Host {
  readonly forwarder: Forwarder;
  readonly turns: ReadTurns;
  readonly readTimeoutSeconds: number;
  /** Missing: nothing is traced. */
  readonly tracing?: Tracing | undefined;
}

/** 0 for a request so malformed that no hook saw it arrive. */
export const elapsedMs = (request: FastifyRequest) =>
  request.arrivedMs > 0 ? (request.answeredMs || performance.now()) - request.arrivedMs : 0;

/** What of a URL is logged: a query may hold what is nobody's to read, a key for example. */
export const loggedPath = (url: string): string => url.split("?", 1)[0] as string;

const JSON_TYPE = "application/json; charset=utf-8";

/** Sends JSON: Fastify's own serializer knows no bigint. */
export function sendJson(reply: FastifyReply, statusCode: number, body: unknown): FastifyReply {
  return reply.code(statusCode).header("content-type", JSON_TYPE).send(printJson(body));
}

/** What is counted, and stands in the audit log, where a client left before its answer began. */
const CLIENT_GONE = "client-gone";

/** Was an answer ended because its client left before it began, or a body because it left in the middle? Both are told of as failures. */
function isClientGone({ raw }: FastifyRequest, reply: FastifyReply, error: unknown): boolean {
  if (raw.errored !== null && error === raw.errored) return true;
  return reply.raw.destroyed && (error as NodeJS.ErrnoException | undefined)?.code === "ERR_STREAM_PREMATURE_CLOSE";
}

/** Sends what an error becomes on the wire; `part` is where in the request it was found. */
export function sendError(
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
  part?: RequestPart,
): FastifyReply {
  const { statusCode, message, internal, headers, isText } = errorAnswer(error, part);
  for (const name in headers) reply.header(name, headers[name]);
  const isGone = isClientGone(request, reply, error);
  request.errorCode = isGone ? CLIENT_GONE : error instanceof MurmurationError ? error.code : String(statusCode);
  if (internal && !isGone)
    request.log.error({ err: error, method: request.method, path: loggedPath(request.url) }, "request failed");
  if (isText === true) return reply.code(statusCode).type("text/plain; charset=utf-8").send(message);
  return sendJson(reply, statusCode, errorEnvelope(message, elapsedMs(request)));
}

/** A level of consistency stands in the query, wherever it is found to be at fault. */
function partAtFault(error: unknown, part: RequestPart): RequestPart {
  return error instanceof MurmurationError && error.field === "write_consistency" ? "query parameters" : part;
}

function isBare(of: Route, _answer: unknown): _answer is BareAnswer {
  return of.answer === "bare";
}

function isSliced(work: Read | Sliced<Read>): work is Sliced<Read> {
  return "next" in work;
}

/** An answer of a replica that holds less than its cluster would say that something does not exist. */
function requireComplete(database: Database): void {
  const why = database.refusesReads();
  if (why !== undefined) throw new MurmurationError("unavailable", why);
}

/** Headers of ours that requests bring. */
const headersRead = [murmurHeaders.token, murmurHeaders.forwarded, murmurHeaders.frontier, murmurHeaders.digest];

/** What is the same in all requests of one route. */
interface Served {
  readonly of: Route;
  readonly services: Services;
  readonly host: Host;
  /** What the schema makes of a query without parameters, which most are. */
  readonly noQuery: unknown;
}

/** One request on its way through its route. */
class Exchange {
  readonly #served: Served;
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;
  /** Where in the request a fault would be that is found now. */
  #part: RequestPart = "path parameters";
  #params: unknown;
  #query: unknown;
  #body: unknown;
  #session: Session | undefined;
  /** Missing where nobody asks how it is carried out. */
  #watch: RequestWatch | undefined;

  constructor(served: Served, request: FastifyRequest, reply: FastifyReply) {
    this.#served = served;
    this.#request = request;
    this.#reply = reply;
  }

  /**
   * What can be answered at once is; what waits goes on where its promise ends. The promise comes to the reply: at nothing, Fastify would
   * send nothing in place of a stream that has not begun.
   */
  run(): Promise<FastifyReply> | undefined {
    try {
      const { of, services, host } = this.#served;
      this.#watch = watchOf(of, this.#request, { slowQueries: services.slowQueries, tracing: host.tracing });
      this.#take();
      this.#watch?.timing.taken();
      this.#part = "query parameters";
      const waiting = this.#session?.prepare(this.#served.host.forwarder);
      return waiting === undefined ? this.#answer() : this.#answerAfter(waiting);
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  async #answerAfter(waiting: Promise<ForwardedAnswer | undefined>): Promise<FastifyReply> {
    try {
      const beganMs = performance.now();
      const forwarded = await waiting;
      this.#watch?.timing.waited(performance.now() - beganMs);
      if (forwarded === undefined) await this.#answer();
      else {
        this.#reply.code(forwarded.statusCode).headers(forwarded.headers).send(forwarded.body);
        this.#watch?.forwarded(forwarded.statusCode);
      }
    } catch (error) {
      this.#fail(error);
    }
    return this.#reply;
  }

  #take(): void {
    const { of, services, noQuery } = this.#served;
    const request = this.#request;
    this.#params = of.plainParams?.(request.params) ?? validate(of.params, request.params);
    this.#part = "query parameters";
    checkQueryText(request.url);
    this.#query = request.url.includes("?") ? validate(of.query, request.query) : noQuery;
    this.#part = "JSON body";
    const { body } = request;
    if (body instanceof CheckedBody) this.#body = body.value();
    else this.#body = of.plainBody?.(body) ?? validate(of.body, body);
    this.#part = "headers";
    checkHeaderText(request.headers, headersRead);
    const others = of.alsoReads?.(this.#body as never) ?? [];
    this.#requireReads(others);
    if (of.session === undefined) return;
    requireComplete(services.database);
    this.#session = this.#sessionOf(of.session, others);
  }

  /** Beside the collection of the path, for which the request was let in, it reads these. */
  #requireReads(names: readonly string[]): void {
    for (const name of names) requireRight(this.#request.caller.access, "collection-read", name);
  }

  /** The part of the request in its session. */
  #sessionOf(access: "read" | "write", others: readonly string[]): Session {
    const { services, host } = this.#served;
    const { method, url, headers, body, caller } = this.#request;
    const { collection_name: name } = (this.#params ?? {}) as { readonly collection_name?: string };
    return new Session(services.database, {
      access,
      caller,
      method,
      url,
      headers,
      traceparent: this.#watch?.traceparent,
      body: body instanceof CheckedBody ? body.bytes : body,
      names: name === undefined ? others : others.length === 0 ? [name] : [name, ...others],
      parameters: (this.#query ?? {}) as ConsistencyParameters,
      filterTimeoutMs: host.readTimeoutSeconds * 1000,
      signal: signalOf(this.#reply),
    });
  }

  #answer(): Promise<FastifyReply> | undefined {
    const { of, services } = this.#served;
    this.#part = "JSON body";
    const session = this.#session;
    const { database } = services;
    const context = {
      database,
      audit: services.audit,
      backups: services.backups,
      changes: services.changes,
      erasures: services.erasures,
      canaries: services.canaries,
      issues: services.issues,
      snapshots: services.snapshots,
      caller: this.#request.caller,
      saveFile: (field: string, path: string, seal?: Seal) => saveUpload(this.#request, field, path, seal),
      params: this.#params as never,
      query: this.#query as never,
      body: this.#body as never,
      slowQueries: services.slowQueries,
      strict: services.strict,
      write: (command: Command) => {
        services.strict.write(command, this.#timeoutSeconds());
        const write = (told: ToldWrite) =>
          session === undefined ? database.write(command, told) : session.write(command, told);
        return this.#watch === undefined ? write({}) : this.#watch.write(command.kind, write);
      },
    };
    if (of.answer === "read") return this.#sendAfter(this.#read(of.handle(context)), (read) => this.#sendRead(read));
    const handled = of.handle(context);
    if (handled instanceof Promise) return this.#sendAfter(handled, (answer) => this.#send(answer));
    this.#send(handled);
    return undefined;
  }

  async #sendAfter<Answer>(answer: Promise<Answer>, send: (answer: Answer) => void): Promise<FastifyReply> {
    try {
      send(await answer);
    } catch (error) {
      this.#fail(error);
    }
    return this.#reply;
  }

  async #read(of: Read | Sliced<Read>): Promise<ReadAnswer> {
    const limits = this.#limits();
    const { database } = this.#served.services;
    const { names, reading } = isSliced(of) ? await this.#drive(of, limits) : of;
    // whatever the route said that it reads
    this.#requireReads(names);
    this.#served.services.strict.read(names, reading, this.#timeoutSeconds());
    // a read that is refused was refused as of then or later
    this.#session?.begin();
    const beganMs = performance.now();
    const answer = await database.read(names, this.#watch?.reading(reading) ?? reading, limits);
    this.#watch?.timing.answered(answer.report, beganMs);
    const [name] = names;
    if (name !== undefined) this.#served.services.issues.noteRead(name, reading, performance.now() - beganMs);
    return answer;
  }

  #timeoutSeconds(): number | undefined {
    return (this.#query as ConsistencyParameters | undefined)?.timeout;
  }

  /** Within the time that the request gives it. */
  #limits(): ReadingLimits {
    const { readTimeoutSeconds } = this.#served.host;
    const seconds = this.#timeoutSeconds() ?? readTimeoutSeconds;
    const timeoutMs = seconds * 1000;
    const isAbandoned = () => this.#reply.raw.destroyed;
    return { timeoutMs, deadlineMs: this.#request.arrivedMs + timeoutMs, isAbandoned };
  }

  /** Drives work in slices to its end. */
  #drive(work: Sliced<Read>, limits: ReadingLimits): Promise<Read> {
    return this.#served.host.turns.run(work, { ...limits, onFixed: () => undefined });
  }

  #sendRead({ pieces, frontiers, settled }: ReadAnswer): void {
    this.#session?.answeredFrom(frontiers);
    if (this.#session !== undefined) this.#tell(this.#session);
    if (settled !== undefined) this.#reply.header(murmurHeaders.settled, String(settled));
    this.#tellTiming();
    const body = inEnvelope(pieces, successEnd(elapsedMs(this.#request)));
    this.#reply.code(200).header("content-type", JSON_TYPE).send(body);
    this.#end();
  }

  #send(answer: unknown): void {
    if (answer instanceof SentFile) return sendFile(this.#reply, answer);
    if (answer instanceof SentEvents) return this.#sendEvents(answer);
    this.#sendAnswer(answer);
    this.#end();
  }

  #sendAnswer(answer: unknown): void {
    const session = this.#session;
    const reply = this.#reply;
    if (session !== undefined) this.#tell(session);
    this.#tellTiming();
    if (isBare(this.#served.of, answer)) {
      if (typeof answer.body !== "string") sendJson(reply, answer.statusCode, answer.body);
      else reply.code(answer.statusCode).type(answer.contentType).send(answer.body);
      return;
    }
    if (answer === accepted) {
      const { time } = successEnvelope(undefined, elapsedMs(this.#request));
      sendJson(reply, 202, { status: "accepted", time });
      return;
    }
    const statusCode = session?.missedQuorum === true ? 202 : 200;
    sendJson(reply, statusCode, successEnvelope(answer, elapsedMs(this.#request)));
  }

  /** How long they take says nothing: what is measured is until they begin. */
  #sendEvents({ begin, read }: SentEvents): void {
    const request = this.#request;
    if (read !== undefined) this.#served.services.strict.read(read.names, read.reading, undefined);
    begin(request, this.#reply);
    request.answeredMs = performance.now();
  }

  #tell(session: Session): void {
    const headers = session.answerHeaders();
    for (const name in headers) this.#reply.header(name, headers[name]);
  }

  #tellTiming(): void {
    const timing = this.#watch?.header();
    if (timing !== undefined) this.#reply.header("server-timing", timing);
  }

  #end(): void {
    this.#watch?.end(this.#reply.statusCode);
  }

  #fail(error: unknown): void {
    if (this.#session !== undefined) this.#tell(this.#session);
    this.#tellTiming();
    sendError(this.#request, this.#reply, error, partAtFault(error, this.#part));
    this.#end();
  }
}

/** The handler of a route, as Fastify calls it. */
export function requestHandler(
  of: Route,
  services: Services,
  host: Host,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> | undefined {
  const served: Served = { of, services, host, noQuery: validate(of.query, {}) };
  // A promise is over when the reply is: while an answer is still being compressed, Fastify would take the end of a handler for an empty one.
  return (request, reply) => new Exchange(served, request, reply).run()?.then(() => reply);
}
