import type { Readable } from "node:stream";
import { MurmurationError } from "@murmuration/index";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { BodyBudget, type BodyLease } from "./body-budget.js";
import type { CheckedBody } from "./checked-body.js";
import { drain } from "./drain.js";
import { bodyBytesAlwaysRead, bodyBytesReadHere, drainedBytesMax, drainIdleMs } from "./http-limits.js";
import { parseJsonBytes } from "./json.js";
import { mayHoldLongTexts } from "./long-texts.js";
import { readBody, tooLarge } from "./read-body.js";

declare module "fastify" {
  interface FastifyRequest {
    /** What its body takes of what all may take together. */
    bodyLease: BodyLease | undefined;
  }
}

/** Bounds on bodies. */
export interface BodyLimits {
  /** Of one. */
  readonly bytesMax: number;
  /** Of all that are under way. */
  readonly inFlightBytesMax: number;
  /** Throws when there is no memory for what a body of so many bytes is parsed into. */
  readonly requireMemoryFor: (bytes: number) => void;
  /** Reads one that is too large to be read between other requests. */
  readonly readLarge: (bytes: Buffer, request: FastifyRequest) => Promise<CheckedBody>;
}

/** Reads bodies as JSON, large ones as `CheckedBody`. An empty one is no body, whatever its content type says. */
export function acceptJson(app: FastifyInstance, limits: BodyLimits): void {
  const { bytesMax, inFlightBytesMax, requireMemoryFor, readLarge } = limits;
  const budget = new BodyBudget(inFlightBytesMax);
  app.decorateRequest("bodyLease", undefined);
  // what was parsed takes as much at least, until the request is answered or its client is gone
  app.addHook("onRequest", (request, reply, done) => {
    reply.raw.once("close", () => request.bodyLease?.end());
    done();
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", async (request: FastifyRequest, body: Readable) => {
    const expectedBytes = Number(request.headers["content-length"]);
    if (expectedBytes > bytesMax) throw tooLarge(bytesMax);
    request.bodyLease = budget.lease();
    const bytes = await readBody(body, bytesMax, request.bodyLease, expectedBytes);
    if (bytes.length > bodyBytesAlwaysRead) requireMemoryFor(bytes.length);
    if (bytes.length > bodyBytesReadHere || mayHoldLongTexts(bytes)) return readLarge(bytes, request);
    return bytes.length === 0 ? undefined : parseJsonBytes(bytes);
  });
}

/** Was the body refused while it was still coming? */
function isRefused(error: unknown): boolean {
  if (error instanceof MurmurationError) return error.code === "unavailable";
  return error instanceof Error && "statusCode" in error && error.statusCode === 413;
}

/** Lets the sender of a body that was refused finish, so that it reads why; the connection ends then. */
export async function drainRefused(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (!isRefused(error)) return;
  request.bodyLease?.end();
  reply.header("connection", "close");
  await drain(request.raw, drainedBytesMax, drainIdleMs);
}
