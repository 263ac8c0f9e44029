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

/**
 * Reads a collection for whoever follows it. Rejects as reads do, and with `unavailable` where the name is another collection's by now: reads find collections by their
 * names, and an alias may have been moved, or a collection made anew, since the one before.
 */
export async function readFollowed(
  database: Database,
  { collection, shard }: FollowedCollection,
  reading: Reading,
  isAbandoned: () => boolean,
): Promise<FollowedAnswer> {
  const limits = { timeoutMs: readMs, deadlineMs: performance.now() + readMs, isAbandoned };
  const { pieces, frontiers } = await database.read([collection], reading, limits);
  const frontier = frontiers.get(shard);
  if (frontier === undefined)
    throw new MurmurationError("unavailable", `${collection} named another collection for a while; come again`);
  const text = pieces.map((piece) => (typeof piece === "string" ? piece : Buffer.from(piece).toString())).join("");
  return { text, frontier };
}
