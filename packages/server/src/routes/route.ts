import type { Command } from "@murmuration/core";
import type { Sliced } from "@murmuration/index";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Caller } from "../access/caller.js";
import type { AuditTrail } from "../audit-log/audit-trail.js";
import type { Backups } from "../backup/backups.js";
import type { Canaries } from "../canary/canaries.js";
import type { ChangeStreams } from "../changes/change-streams.js";
import type { WriteReceipt } from "../consistency/session.js";
import type { DataKeys } from "../encryption/data-keys.js";
import type { Database } from "../engine/database.js";
import type { Erasures } from "../erasure/erasures.js";
import { nameLengthMax } from "../http/http-limits.js";
import { name } from "../http/schemas/names.js";
import type { Seal } from "../http/upload.js";
import type { Issues } from "../issues.js";
import type { Reading } from "../read/reading.js";
import type { SlowQueries } from "../slow-queries.js";
import type { Snapshots } from "../snapshots/snapshots.js";
import type { StrictMode } from "../strict/strict-mode.js";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** What a handler works with: the parts of the request as their schemas give them. */
export interface RouteContext<Params, Query, Body> {
  readonly database: Database;
  /** `undefined`: no folder was given for them. */
  readonly backups: Backups | undefined;
  /** `undefined`: nobody sees to what is kept beside the database. */
  readonly erasures: Erasures | undefined;
  readonly changes: ChangeStreams;
  /** `undefined`: there are none here. */
  readonly canaries: Canaries | undefined;
  readonly issues: Issues;
  readonly slowQueries: SlowQueries;
  /** What collections in strict mode refuse. */
  readonly strict: StrictMode;
  /** Who asks, and what they may do: they were let in already, for the right that the route needs. */
  readonly caller: Caller;
  /** Without it nothing is recorded. */
  readonly audit: AuditTrail | undefined;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Writes, and waits for as many members as the request asks for. */
  readonly write: (command: Command) => Promise<WriteReceipt>;
  /** `undefined`: there is no folder for them. */
  readonly snapshots: Snapshots | undefined;
  /** Writes the file that the request brings in this field to a new file (`takesFile`). Resolves to its sha256. */
  readonly saveFile: (field: string, path: string, seal?: Seal) => Promise<string>;
}

/** What a handler gives where the client does not wait for what it asked: 202. */
export const accepted: unique symbol = Symbol("accepted");

/** What a handler gives where the answer is a file; `onOver` is called when it is sent, or the client gone. */
export class SentFile {
  constructor(
    readonly path: string,
    readonly name: string,
    readonly onOver: (() => void) | undefined = undefined,
    /** It is sent as it was before it was encrypted with these. */
    readonly keys: DataKeys | undefined = undefined,
  ) {}
}

/** What a handler gives where the answer goes on, as server-sent events. `begin` throws what the request is refused with. */
export class SentEvents {
  constructor(
    readonly begin: (request: FastifyRequest, reply: FastifyReply) => void,
    /** What is read for them, again and again. */
    readonly read?: Read,
  ) {}
}

/** An answer outside of the envelope. A string is sent as it is, anything else as JSON. */
export interface BareAnswer {
  readonly statusCode: number;
  readonly contentType: string;
  readonly body: unknown;
}

/** A reading, and the collections that it names by their places. */
export interface Read {
  readonly names: readonly string[];
  readonly reading: Reading;
}

interface RouteCommon<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> {
  readonly method: Method;
  /** `/collections/{collection_name}/points` */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Reads what most requests send and the schema would read the same way, at less cost; `undefined` for anything else, faults too. */
  readonly plainBody?: (body: unknown) => z.output<Body> | undefined;
  readonly plainParams?: (params: unknown) => z.output<Params> | undefined;
  /** The route takes part in sessions: it takes and gives tokens, and reads wait for what they ask for. Its `query` has their parameters. */
  readonly session?: "read" | "write";
  /** The request brings a file, as multipart/form-data. */
  readonly takesFile?: true;
  /** Collections that it reads beside the one in its path. */
  readonly alsoReads?: (body: z.output<Body>) => readonly string[];
}

/**
 * How a route answers. bare: a `BareAnswer` instead of the `result` of the envelope. events: `SentEvents`. read: what it has checked as a `Read`, or work in slices
 * that comes to one; the result is what is read. Else: what it gives is the result.
 */
type Handled<Context> =
  | { readonly answer?: "bare"; readonly handle: (context: Context) => unknown }
  | { readonly answer: "events"; readonly handle: (context: Context) => SentEvents }
  | { readonly answer: "read"; readonly handle: (context: Context) => Read | Sliced<Read> };

type RouteDefinition<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> = RouteCommon<
  Params,
  Query,
  Body
> &
  Handled<RouteContext<z.output<Params>, z.output<Query>, z.output<Body>>>;

/** One route, with its types forgotten. Registered with the server and listed in the OpenAPI document. */
export type Route = Omit<RouteCommon<z.ZodType, z.ZodType, z.ZodType>, "alsoReads" | "plainBody" | "plainParams"> &
  Handled<RouteContext<never, never, never>> & {
    readonly alsoReads?: (body: never) => readonly string[];
    readonly plainBody?: (body: unknown) => unknown;
    readonly plainParams?: (params: unknown) => unknown;
  };

/** Parameters or body of a route that has none; whatever is sent there is ignored. */
export const none = z.unknown();

export const collectionParams = z.object({ collection_name: name });

/** `collectionParams` without a fault. */
export function plainCollectionParams(params: unknown): { collection_name: string } | undefined {
  const { collection_name: given } = params as { readonly collection_name?: unknown };
  return typeof given === "string" && given.length > 0 && given.length <= nameLengthMax
    ? { collection_name: given }
    : undefined;
}

/** Checks the handler of a route against its schemas. */
export function route<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  definition: RouteDefinition<Params, Query, Body>,
): Route {
  return definition;
}
