import { createHash } from "node:crypto";
import { MurmurationError } from "@murmuration/index";
import type { DataKeys } from "../encryption/data-keys.js";
import { parseJsonBytes } from "../http/json.js";
import { snapshotStream } from "./snapshot-file.js";

/** A line holds one point at least: no larger one could have been written. */
export const LINE_BYTES_MAX = 256 * 1024 * 1024;

/** The first line of a snapshot: what it is of. */
export interface SnapshotHeader {
  readonly murmuration_snapshot: 1;
  readonly kind: "collection" | "full";
  readonly name?: unknown;
  /** The body of the request that makes the collection, and those of its payload indexes. */
  readonly create?: unknown;
  readonly indexes?: unknown;
}

export function unusable(why: string, line?: number): MurmurationError {
  const where = line === undefined ? "" : ` (line ${line})`;
  return new MurmurationError("bad-request", `the snapshot cannot be used: ${why}${where}`);
}

/** The lines of a file, each without its end. Throws `bad-request` for one that is too long, before more of it is read, and for a file that ends within one. */
async function* linesOf(path: string, keys: DataKeys | undefined): AsyncGenerator<Buffer, void, void> {
  const rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of snapshotStream(path, keys)) {
    let bytes = chunk as Buffer;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10)) {
      rest.push(bytes.subarray(0, end));
      yield rest.length === 1 ? (rest[0] as Buffer) : Buffer.concat(rest);
      rest.length = restBytes = 0;
      bytes = bytes.subarray(end + 1);
    }
    rest.push(bytes);
    restBytes += bytes.length;
    if (restBytes > LINE_BYTES_MAX) throw unusable(`a line of more than ${LINE_BYTES_MAX} bytes`);
  }
  if (restBytes > 0) throw unusable("it ends within a line");
}

/** A line of a snapshot. */
export type SnapshotLine =
  | { readonly kind: "header"; readonly header: SnapshotHeader; readonly line: number }
  | { readonly kind: "points"; readonly body: unknown; readonly line: number };

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parsed(bytes: Buffer, line: number): { readonly [key: string]: unknown } {
  let value: unknown;
  try {
    value = parseJsonBytes(bytes);
  } catch (error) {
    throw unusable(error instanceof MurmurationError ? error.message : String(error), line);
  }
  if (!isObject(value)) throw unusable("not an object", line);
  return value;
}

function headerOf(value: { readonly [key: string]: unknown }, line: number): SnapshotHeader {
  const { murmuration_snapshot: version, kind } = value;
  if (version !== 1 || (kind !== "collection" && kind !== "full")) {
    throw unusable("it is none of this program's, or of a version that is not known", line);
  }
  return value as unknown as SnapshotHeader;
}

/**
 * The lines of the collection in a snapshot: of a whole store's, those of the collection of this name. Comes to an end only where the snapshot is
 * whole: throws `bad-request` for another kind of file, one that was cut or changed, and one without the collection.
 */
export async function* readSnapshot(
  path: string,
  collection: string,
  keys?: DataKeys,
): AsyncGenerator<SnapshotLine, void, void> {
  let line = 0;
  let isFull = false;
  let isIn = false;
  let points = 0;
  let hash = createHash("sha256");
  for await (const bytes of linesOf(path, keys)) {
    line++;
    const isHeader = line === 1 || bytes.subarray(0, 24).includes("murmuration_snapshot");
    if (!isIn && !isHeader) continue;
    const value = parsed(bytes, line);
    if (isHeader) {
      if (isIn) throw unusable("another collection begins before the end of this one", line);
      const header = headerOf(value, line);
      if (line === 1 && header.kind === "full") {
        isFull = true;
        continue;
      }
      if (isFull && header.name !== collection) continue;
      isIn = true;
      points = 0;
      hash = createHash("sha256").update(bytes).update("\n");
      yield { kind: "header", header, line };
      continue;
    }
    if (isObject(value["end"])) {
      if (value["end"]["sha256"] !== hash.digest("hex")) throw unusable("its checksum is another", line);
      if (value["end"]["points"] !== points) throw unusable("it says another number of points than it has", line);
      if (isFull) return;
      isIn = false;
      continue;
    }
    hash.update(bytes).update("\n");
    if (!Array.isArray(value["points"])) throw unusable("neither points nor an end", line);
    points += value["points"].length;
    yield { kind: "points", body: { points: value["points"] }, line };
  }
  if (isIn) throw unusable("it has no end: it was cut");
  if (line === 0) throw unusable("it is empty");
  if (isFull) throw unusable(`it holds no collection ${collection}`);
}
