import { brotliCompressSync, constants, deflateSync, gzipSync } from "node:zlib";
import negotiate from "@fastify/accept-negotiator";

/** How answers are compressed, the one that is preferred first. */
export const contentEncodings = ["br", "gzip", "deflate"] as const;
export type ContentEncoding = (typeof contentEncodings)[number];

/** The highest quality, which is the default, costs more than any search. */
export const brotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
/** Answers of fewer bytes are sent as they are. */
export const compressedBytesMin = 1024;

/** How a client that sends this `accept-encoding` has long answers compressed; `undefined`: not at all. */
export function encodingFor(accepted: string | undefined): ContentEncoding | undefined {
  if (accepted === undefined) return undefined;
  // as the plugin that compresses all other answers reads it
  return negotiate(accepted.toLowerCase().replace(/\*|x-gzip/g, "gzip"), [...contentEncodings]) ?? undefined;
}

const compressSync: { readonly [Encoding in ContentEncoding]: (bytes: Buffer) => Buffer } = {
  br: (bytes) => brotliCompressSync(bytes, brotliOptions),
  gzip: (bytes) => gzipSync(bytes),
  deflate: (bytes) => deflateSync(bytes),
};

/** A short text, compressed at once. */
export function compressed(text: string, encoding: ContentEncoding): Buffer {
  return compressSync[encoding](Buffer.from(text));
}
