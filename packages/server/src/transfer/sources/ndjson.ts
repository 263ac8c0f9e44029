import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { crc32 } from "node:zlib";
import { type Json, MurmurationError } from "@murmuration/index";
import { parseJsonBytes } from "../../http/json.js";
import { bodyOfHeader, type CollectionBody } from "../collection-body.js";
import type { Row, Source } from "../source.js";
import { rejectedCharactersMax } from "../transfer-limits.js";
import { openFile, otherThanBefore } from "./file-identity.js";
import { isPacked, type Line, linesOf } from "./lines.js";

/** Key of the first line of what `murmur export` writes; it holds the collection that the points are of. */
export const headerKey = "murmur_export";

const isHeader = new RegExp(`^\\s*\\{\\s*"${headerKey}"\\s*:`);

const isBlank = (bytes: Buffer) => bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);

/** The collection that a first line tells of; `undefined`: it is a row. Throws `format`. */
function headerOf(line: Line | undefined): CollectionBody | undefined {
  // a row may have that text in it, too
  if (line === undefined || !isHeader.test(line.bytes.subarray(0, 64).toString("latin1"))) return undefined;
  const value = parseJsonBytes(line.bytes) as { readonly [key: string]: Json };
  if (value[headerKey] !== 1)
    throw new MurmurationError("unsupported", `line 1 is of a version of exports that is not known`);
  return bodyOfHeader(value["collection"]);
}

/** Behind which line a run goes on: a file in which it does not stand there any more is another one. */
interface Place {
  readonly line: number;
  /** Where the line begins, and behind its end, in bytes of the unpacked text. */
  readonly start: number;
  readonly byte: number;
  /** Of its bytes. */
  readonly sum: number;
}

function placeOf({ bytes, number, end, isCut }: Line): Place {
  return { line: number, start: end - bytes.length - (isCut ? 0 : 1), byte: end, sum: crc32(bytes) };
}

function rowOf(line: Line, rows: number, path: string): Row {
  const { bytes, number, isCut } = line;
  const place = `line ${number}`;
  const next = { rows, at: placeOf(line) };
  try {
    const value = parseJsonBytes(bytes);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return { place, next, fields: new Map(Object.entries(value)) };
    throw new MurmurationError("format", "a row is an object of JSON");
  } catch (error) {
    if (!(error instanceof MurmurationError)) throw error;
    if (isCut) {
      throw new MurmurationError(
        "corrupt",
        `${path} ends in the middle of ${place}: what stands before it is written; give it its end and import again`,
      );
    }
    return { place, next, fault: error, raw: bytes.subarray(0, rejectedCharactersMax).toString() };
  }
}

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

function bytesOf(path: string): number {
  const file = openFile(path);
  file.close();
  return file.bytes;
}

/** The lines behind a place. Throws `conflict` where its line does not stand there any more: somebody wrote another file. */
async function* linesBehind(path: string, { line: number, start, sum }: Place): AsyncGenerator<Line, void, void> {
  // what is packed is unpacked from its beginning anyway
  const from = isPacked(path) ? undefined : { number: number - 1, end: start };
  let isThere = false;
  for await (const line of linesOf(path, from)) {
    if (line.number < number) continue;
    if (isThere) yield line;
    else if (crc32(line.bytes) === sum) isThere = true;
    else break;
  }
  if (!isThere) throw otherThanBefore(path);
}

/** Objects of JSON, one each line: points of the dialect, or rows whose columns are their keys. `-`: from the standard input, once. */
export async function openNdjson(path: string): Promise<Source> {
  const isOnce = path === "-";
  const bytes = isOnce ? 0 : bytesOf(path);
  const fresh = linesOf(path);
  const first = await fresh.next();
  let collection: CollectionBody | undefined;
  try {
    collection = headerOf(first.value ?? undefined);
  } catch (error) {
    await fresh.return();
    throw new MurmurationError("format", `${path}, line 1: ${(error as Error).message}`);
  }
  async function* all(): AsyncGenerator<Line, void, void> {
    if (!first.done) yield first.value;
    yield* fresh;
  }
  if (!isOnce) await fresh.return();
  return {
    name: isOnce ? "the standard input" : path,
    format: "ndjson",
    // a file that has grown is the same: its last line may have been written since
    identity: isOnce || first.done ? undefined : { file: resolve(path), first_line: sha256(first.value.bytes) },
    collection,
    shareAt:
      isOnce || isPacked(path)
        ? undefined
        : ({ at }) => ((at as { readonly byte?: number } | undefined)?.byte ?? 0) / Math.max(1, bytes),
    async *rows(from) {
      const at = from?.at as Place | undefined;
      let rows = from?.rows ?? 0;
      for await (const line of isOnce ? all() : at === undefined ? linesOf(path) : linesBehind(path, at)) {
        if ((collection !== undefined && line.number === 1) || isBlank(line.bytes)) continue;
        yield rowOf(line, ++rows, path);
      }
    },
    close: async () => {
      await fresh.return();
    },
  };
}
