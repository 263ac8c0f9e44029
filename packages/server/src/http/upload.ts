import { createHash } from "node:crypto";
import { closeSync, createWriteStream, openSync } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import multipart from "@fastify/multipart";
import { MurmurationError } from "@murmuration/index";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { DataKeys, Sealed } from "../encryption/data-keys.js";
import { sinkTo } from "../encryption/sealed-file.js";

/** A file that was sent: of 1 TiB at most, a bound for a sender that never ends. */
const FILE_BYTES_MAX = 2 ** 40;

/** Lets the routes of this instance take a file as `multipart/form-data`, and no other. */
export async function acceptUploads(app: FastifyInstance): Promise<void> {
  await app.register(multipart, {
    limits: { fileSize: FILE_BYTES_MAX, files: 1, fields: 8, parts: 9, headerPairs: 64 },
  });
}

/** What a body that is no multipart/form-data, or ends in its middle, comes to; a disk that fails, a limit and a client that went away stay as they are. */
function ofBody(error: unknown): unknown {
  if (error instanceof MurmurationError || !(error instanceof Error) || "code" in error || "statusCode" in error)
    return error;
  return new MurmurationError("bad-request", `the body is not the multipart/form-data that it says: ${error.message}`);
}

/**
 * Write the file that a request brings in this field to a new file, as it comes. Returns its sha256. Throws `bad-request` without one, and for a body
 * that is compressed or no multipart/form-data.
 */
export async function saveUpload(request: FastifyRequest, field: string, path: string, seal?: Seal): Promise<string> {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    // few bytes could unpack to so many that they fill the disk
    throw new MurmurationError("bad-request", `a file is sent as it is, without content-encoding ${encoding}`);
  }
  try {
    return await save(request, field, path, seal);
  } catch (error) {
    throw ofBody(error);
  }
}

/** What a file is encrypted with, and as. */
export interface Seal {
  readonly keys: DataKeys;
  readonly as: Sealed;
}

/** The file is opened at once: a stream that opens it later does so also after the upload failed, and whoever removes it finds none yet. */
async function savePlain(source: AsyncIterable<Buffer>, path: string): Promise<void> {
  await pipeline(source, createWriteStream(path, { fd: openSync(path, "wx") }));
}

async function saveSealed(source: AsyncIterable<Buffer>, path: string, { keys, as }: Seal): Promise<void> {
  const descriptor = openSync(path, "wx");
  try {
    const sink = sinkTo(descriptor, keys, as);
    for await (const chunk of source) sink.push(chunk);
    sink.end();
  } finally {
    closeSync(descriptor);
  }
}

async function save(request: FastifyRequest, field: string, path: string, seal: Seal | undefined): Promise<string> {
  const part = request.isMultipart() ? await request.file() : undefined;
  if (part === undefined || part.fieldname !== field) {
    part?.file.resume();
    throw new MurmurationError(
      "bad-request",
      `a file is expected in the field ${JSON.stringify(field)} of multipart/form-data`,
    );
  }
  const hash = createHash("sha256");
  async function* hashed(source: Readable): AsyncGenerator<Buffer, void, void> {
    for await (const chunk of source) {
      hash.update(chunk as Buffer);
      yield chunk as Buffer;
    }
  }
  await pipeline(part.file, hashed, (source: AsyncIterable<Buffer>) =>
    seal === undefined ? savePlain(source, path) : saveSealed(source, path, seal),
  );
  if (part.file.truncated) throw new MurmurationError("bad-request", `the file has more than ${FILE_BYTES_MAX} bytes`);
  return hash.digest("hex");
}
