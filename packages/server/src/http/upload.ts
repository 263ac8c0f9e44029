import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import multipart from "@fastify/multipart";
import { MurmurationError } from "@murmuration/index";
import type { FastifyInstance, FastifyRequest } from "fastify";

/** A file that was sent: of 1 TiB at most, a bound for a sender that never ends. */
const FILE_BYTES_MAX = 2 ** 40;

/** Lets the routes of this instance take a file as `multipart/form-data`, and no other. */
export async function acceptUploads(app: FastifyInstance): Promise<void> {
  await app.register(multipart, {
    limits: { fileSize: FILE_BYTES_MAX, files: 1, fields: 8, parts: 9, headerPairs: 64 },
  });
}

/** Write the file that a request brings in this field to a new file, as it comes. Returns its sha256. Throws `bad-request` without one. */
export async function saveUpload(request: FastifyRequest, field: string, path: string): Promise<string> {
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
  await pipeline(part.file, hashed, createWriteStream(path, { flags: "wx" }));
  if (part.file.truncated) throw new MurmurationError("bad-request", `the file has more than ${FILE_BYTES_MAX} bytes`);
  return hash.digest("hex");
}
