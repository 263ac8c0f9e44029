import { isDeepStrictEqual } from "node:util";
import { digestOf, type OpLog, Replica } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { z } from "zod";
import { newTableSeed } from "../engine/table-seed.js";

const count = z.number().int().nonnegative();

const collectionContents = z.object({
  /** Id of the collection: two may have one name when they were made at once on two replicas. */
  shard: z.string(),
  collection: z.string(),
  frontier: z.record(z.string(), count),
  points: count,
  points_digest: z.string(),
  graph_digest: z.string(),
  live: count,
  dead: count,
});

/** Identity of everything that a log holds: equal for two logs that restore to the same state. */
export const logContents = z.object({
  /** Id of the replica that wrote the log. */
  replica_id: count,
  /** Position of the last operation. */
  position: count,
  catalogue_heads: z.array(z.string()),
  collections: z.array(collectionContents),
});

export type LogContents = z.infer<typeof logContents>;
export type CollectionContents = z.infer<typeof collectionContents>;

/** A replica that is recovered from a log and is part of no cluster. Throws `corrupt`. */
export function openAlone(
  log: OpLog,
  options: { readonly recoverFrom?: "projection" | "log"; readonly onMended?: (what: string) => void } = {},
): Replica {
  const newReplicaId = () => {
    throw new MurmurationError("corrupt", "the log belongs to no replica");
  };
  return Replica.open({ log, clock: { now: () => 0 }, newReplicaId, newTableSeed, ...options });
}

/**
 * Recovers a replica from a log, as a start without graph images does, and tells what it holds. Writes nothing. `onMended` is told of what is
 * damaged and was made again from operations. Throws `corrupt`.
 */
export function contentsOf(
  log: OpLog,
  recoverFrom: "projection" | "log" = "projection",
  onMended?: (what: string) => void,
): LogContents {
  const replica = openAlone(log, { recoverFrom, ...(onMended === undefined ? {} : { onMended }) });
  requireSound(replica);
  return {
    replica_id: replica.id,
    position: replica.position(),
    catalogue_heads: replica.catalogueHeads(),
    collections: collectionsOf(replica),
  };
}

/** The collections of a replica, with their digests. */
export function collectionsOf(replica: Replica): CollectionContents[] {
  const collections = [...replica.writableShards()].map((writable) => {
    const { shard } = writable;
    return { shard: shard.id, collection: shard.collection.name, ...digestOf(writable) };
  });
  return collections.sort((a, b) => (a.shard < b.shard ? -1 : 1));
}

/** A server goes on without what it cannot recover; a backup that lacks it would not be what its manifest says. */
function requireSound(replica: Replica): void {
  const [damaged] = replica.quarantined();
  if (damaged !== undefined) {
    const { collection, reason, position } = damaged;
    const what = collection === "" ? "the catalogue" : `collection ${collection}`;
    throw new MurmurationError("corrupt", `${what} cannot be recovered: ${reason} (log position ${position})`);
  }
}

/** What differs, one line each; none when both are the same. */
export function contentDifferences(expected: LogContents, actual: LogContents): string[] {
  const { collections: wanted, ...log } = expected;
  const lines = fieldDifferences("the log", log, actual);
  const found = new Map(actual.collections.map((one) => [one.shard, one]));
  for (const one of wanted) {
    const other = found.get(one.shard);
    const name = `collection ${one.collection} (${one.shard})`;
    if (other === undefined) lines.push(`${name} is missing`);
    else lines.push(...fieldDifferences(name, one, other));
    found.delete(one.shard);
  }
  for (const { collection, shard } of found.values()) lines.push(`collection ${collection} (${shard}) is not expected`);
  return lines;
}

function fieldDifferences<T extends object>(what: string, expected: T, actual: T): string[] {
  return (Object.keys(expected) as (keyof T & string)[])
    .filter((field) => !isDeepStrictEqual(expected[field], actual[field]))
    .map((field) => `${what}: ${field} is ${JSON.stringify(actual[field])}, not ${JSON.stringify(expected[field])}`);
}
