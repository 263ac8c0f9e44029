import type { VersionVector } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import type { Database } from "../engine/database.js";
import type { Reading } from "../read/reading.js";
import { readMs } from "./change-limits.js";

/** A collection that is followed. */
export interface FollowedCollection {
  /** As the request names it. */
  readonly collection: string;
  /** Id of the collection that it named when it began. */
  readonly shard: string;
}

/** An answer as JSON text, and the frontier of the collection that it is as of. */
export interface FollowedAnswer {
  readonly text: string;
  readonly frontier: VersionVector;
}

/** What bounds a read of theirs. */
export interface FollowedLimits {
  readonly isAbandoned: () => boolean;
  /** Of the answer: what one client is sent at a time has to fit what may wait for it. */
  readonly bytesMax: number;
}

const MEBIBYTE = 1024 * 1024;

/**
 * Reads a collection for whoever follows it. Rejects as reads do, with `bad-request` of `limit` for an answer of more bytes, and with `unavailable` where the name is another
 * collection's by now: reads find collections by their names, and an alias may have been moved, or a collection made anew, since the one before.
 */
export async function readFollowed(
  database: Database,
  { collection, shard }: FollowedCollection,
  reading: Reading,
  { isAbandoned, bytesMax }: FollowedLimits,
): Promise<FollowedAnswer> {
  const limits = { timeoutMs: readMs, deadlineMs: performance.now() + readMs, isAbandoned };
  const { pieces, frontiers } = await database.read([collection], reading, limits);
  const frontier = frontiers.get(shard);
  if (frontier === undefined)
    throw new MurmurationError("unavailable", `${collection} named another collection for a while; come again`);
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (bytes > bytesMax) {
    const most = `${bytesMax / MEBIBYTE} MiB, which one client is sent at a time (--stream-buffer-mib)`;
    const why = `limit: the answer is larger than ${most}: ask for fewer points, or for less of each`;
    throw new MurmurationError("bad-request", why, "limit");
  }
  const text = pieces.map((piece) => (typeof piece === "string" ? piece : Buffer.from(piece).toString())).join("");
  return { text, frontier };
}
