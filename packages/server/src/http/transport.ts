import { constants } from "node:zlib";
import compress from "@fastify/compress";
import cors from "@fastify/cors";
import type { FastifyInstance } from "fastify";
import { murmurHeaders } from "../consistency/headers.js";
import { allowedOrigin } from "./origins.js";

const encodings = ["br", "gzip", "deflate"] as const;

/** Its message is enumerable: of an error that was thrown already, the plugin assigns what it was told to refuse with. */
function refusal(statusCode: number, message: string): Error {
  return Object.defineProperty(Object.assign(new Error(message), { statusCode }), "message", { enumerable: true });
}

/** Answers preflights, and lets pages of these origins and of this machine read answers. */
export async function acceptOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  const allowed = allowedOrigin(origins);
  await app.register(cors, {
    origin: allowed === "*" ? allowed : (origin, answer) => answer(null, allowed(origin)),
    methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    exposedHeaders: Object.values(murmurHeaders),
  });
}

/** Compresses answers as they are asked for, and takes compressed bodies. */
export async function compressBodies(app: FastifyInstance): Promise<void> {
  await app.register(compress, {
    threshold: 1024,
    encodings: [...encodings],
    requestEncodings: [...encodings, "identity"],
    // The highest quality, which is the default, costs more than any search.
    brotliOptions: { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } },
    onUnsupportedRequestEncoding: (encoding) =>
      refusal(
        415,
        `content-encoding ${JSON.stringify(encoding)} is not supported, only ${encodings.join(", ")} and identity`,
      ),
    onInvalidRequestPayload: (encoding) => refusal(400, `the body is not what its content-encoding ${encoding} says`),
  });
}
