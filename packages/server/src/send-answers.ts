import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import { successBegin } from "./http/envelope.js";
import type { AnswerPieces } from "./read/reading.js";
import type { SentFile } from "./routes/route.js";
import { snapshotStream } from "./snapshots/snapshot-file.js";

/** The text of an answer with this result: a short one as it is, a long one as a stream of it. */
export function inEnvelope(pieces: AnswerPieces, end: string): string | Readable {
  const [only] = pieces;
  if (typeof only === "string") return successBegin + only + end;
  return Readable.from([Buffer.from(successBegin), ...pieces, Buffer.from(end)], { objectMode: false });
}

/** A file as what it is called; what comes of it after the first byte cannot be said any more, and ends the connection. */
export function sendFile(reply: FastifyReply, { path, name, onOver, keys }: SentFile): void {
  const attached = `attachment; filename*=UTF-8''${encodeURIComponent(name)}`;
  const content = keys === undefined ? createReadStream(path) : snapshotStream(path, keys);
  if (onOver !== undefined) content.once("close", onOver);
  reply.code(200).header("content-disposition", attached).type("application/octet-stream").send(content);
}

/** Aborted when the client goes away before it is answered; made when somebody asks for it. */
export function signalOf(reply: FastifyReply): () => AbortSignal {
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
