import compress from "@fastify/compress";
import cors from "@fastify/cors";
import type { FastifyInstance } from "fastify";
import { brotliOptions, compressedBytesMin, contentEncodings as encodings } from "./content-encoding.js";
import { exposedHeaders } from "./murmur-headers.js";
import { allowedOrigin } from "./origins.js";

/** Its message is enumerable: of an error that was thrown already, the plugin assigns what it was told to refuse with. */
function refusal(statusCode: number, message: string): Error {
  return Object.defineProperty(Object.assign(new Error(message), { statusCode }), "message", { enumerable: true });
}

/** Methods that change nothing here, whatever page sends them. */
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** A page that this server itself sent. */
function isOwn(origin: string, host: string | undefined): boolean {
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host;
}

/**
 * Refuses what pages of other origins send. A browser asks nobody before a POST without a body, an eviction for example: it only keeps the
 * answer from the page.
 */
function refuseForeignPages(app: FastifyInstance, isAllowed: (origin: string) => boolean): void {
  app.addHook("onRequest", (request, _reply, done) => {
    const { origin, host } = request.headers;
    if (origin === undefined || SAFE_METHODS.has(request.method) || isAllowed(origin) || isOwn(origin, host))
      return done();
    done(refusal(403, `Forbidden: pages of ${origin.slice(0, 255)} may not use this server; --cors-origin lets them`));
  });
}

/** Answers preflights, and lets pages of these origins and of this machine read answers; those of others can send nothing that changes. */
export async function acceptOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  const allowed = allowedOrigin(origins);
  if (allowed !== "*") refuseForeignPages(app, allowed);
  await app.register(cors, {
    origin: allowed === "*" ? allowed : (origin, answer) => answer(null, allowed(origin)),
    methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    exposedHeaders: [...exposedHeaders],
  });
}

/** Names and values, in turns, with which answers to requests without an origin begin. */
export function fieldsWithoutOrigin(origins: readonly string[]): readonly string[] {
  if (allowedOrigin(origins) !== "*") return ["vary", "Origin"];
  const exposed = exposedHeaders.join(", ");
  return ["access-control-allow-origin", "*", "access-control-expose-headers", exposed];
}

/** Compresses answers as they are asked for, and takes compressed bodies. */
export async function compressBodies(app: FastifyInstance): Promise<void> {
  await app.register(compress, {
    threshold: compressedBytesMin,
    encodings: [...encodings],
    requestEncodings: [...encodings, "identity"],
    brotliOptions,
    onUnsupportedRequestEncoding: (encoding) =>
      refusal(
        415,
        `content-encoding ${JSON.stringify(encoding)} is not supported, only ${encodings.join(", ")} and identity`,
      ),
    onInvalidRequestPayload: (encoding) => refusal(400, `the body is not what its content-encoding ${encoding} says`),
  });
}
