import { covers, type LogEntry, type OpLog, type ReadOptions, sequenceOf, type VersionVector } from "@murmuration/core";

/** What is read of a log to follow it. */
export type FollowedLog = Pick<OpLog, "read" | "readOrigin" | "lastPosition" | "frontier">;

/**
 * A place in the order in which this replica applied the operations of one shard, and what whoever follows has seen: a frontier. What it has seen already, here or at
 * another replica, is passed over, so that it sees every operation once.
 */
export interface OpCursor {
  readonly shard: string;
  /** May hold operations that this replica does not. */
  readonly seen: Map<number, number>;
  /** Everything up to it in the log was seen. */
  position: number;
}

/**
 * Why reading stopped. end: everything that was told of has been read. more: as many rows as were asked for. gap: an operation between what was seen
 * and what was told of is not in the log: it was compacted away, is damaged, or came by a snapshot of another replica.
 */
export type Stop = "end" | "more" | "gap";

/** A cursor behind everything that `seen` holds. Throws `corrupt` where the first operation behind it is damaged. */
export function openCursor(log: FollowedLog, shard: string, seen: VersionVector): OpCursor {
  let position = log.lastPosition();
  for (const origin of log.frontier(shard).keys()) {
    for (const first of log.readOrigin(shard, origin, sequenceOf(seen, origin), 1, { leavesPayloadsOut: true }))
      position = Math.min(position, first.position - 1);
  }
  return { shard, seen: new Map(seen), position };
}

export function copyCursor({ shard, seen, position }: OpCursor): OpCursor {
  return { shard, seen: new Map(seen), position };
}

/**
 * Reads on, up to what was `told` of: what is behind that in the log may not be seen by reads yet. `take` is given each operation that was not seen, in the order in
 * which it was applied here; it returns false where that is enough for now. At most `rows` rows are looked at.
 */
export function readOn(
  log: FollowedLog,
  cursor: OpCursor,
  told: VersionVector,
  rows: number,
  options: Pick<ReadOptions, "leavesPayloadsOut">,
  take: (entry: LogEntry) => boolean,
): Stop {
  const { shard, seen } = cursor;
  // nothing is to be read where all that was told of was seen, which is so most of the time
  if (covers(seen, told)) return "end";
  let looked = 0;
  // a damaged row is missed like one that is not there
  const reading = log.read(cursor.position, { ...options, shard, limit: rows, onDamaged: () => undefined });
  for (const entry of reading) {
    const { origin, sequence, position } = entry;
    const last = sequenceOf(seen, origin);
    if (sequence > sequenceOf(told, origin) && sequence > last) return covers(seen, told) ? "end" : "gap";
    looked += 1;
    if (sequence > last + 1) return "gap";
    cursor.position = position;
    if (sequence <= last) continue;
    seen.set(origin, sequence);
    if (!take(entry)) return "more";
  }
  if (covers(seen, told)) return "end";
  return looked > 0 ? "more" : "gap";
}
