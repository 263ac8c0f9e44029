import { MurmurationError } from "@murmuration/index";
import { covers, sequenceOf } from "../../causality/version-vector.js";
import type { LogEntry } from "../../log/op-log.js";
import { decodeOperation } from "../../operation/codec.js";
import type { Operation } from "../../operation/operation.js";
import type { ReplicaStore } from "../commit/store.js";

/** Operations that are made durable at once. */
const OPERATIONS_PER_COMMIT = 1_000;

/** An operation of a log, decoded, with its place there. */
export interface LoggedOperation {
  readonly operation: Operation;
  readonly entry: LogEntry;
}

/** The operations of entries of a log. Throws `corrupt` for one that cannot be decoded. */
export function* operationsOf(entries: Iterable<LogEntry>): Iterable<LoggedOperation> {
  for (const entry of entries) {
    const { shard, origin, sequence, bytes } = entry;
    yield { operation: decodeOperation(shard, origin, sequence, bytes), entry };
  }
}

/**
 * Applies operations that others have written, in an order in which each comes behind what it follows, and makes them durable. What is held already is passed over. Returns how many were
 * applied. Throws `corrupt` for one whose causes, or whose shard, are not here, and what does not fit the state.
 */
export function replayOperations(store: ReplicaStore, operations: Iterable<LoggedOperation>): number {
  let applied = 0;
  for (const { operation, entry } of operations) {
    const { shard, origin, sequence, time, dependencies } = operation;
    const frontier = store.causality(shard)?.frontier;
    const name = `operation ${origin}:${sequence} of shard ${shard}`;
    if (frontier === undefined) throw new MurmurationError("corrupt", `${name}: its collection is not here`);
    const held = sequenceOf(frontier, origin);
    if (sequence <= held) continue;
    if (sequence !== held + 1 || !covers(frontier, dependencies)) {
      throw new MurmurationError("corrupt", `${name}: operations that it follows are missing`);
    }
    store.applyForeign({ operation, bytes: entry.bytes });
    // it was taken once already, whatever this machine's clock says
    store.time.observe(time, time.wallMs);
    applied++;
    if (applied % OPERATIONS_PER_COMMIT === 0) store.flush();
  }
  store.flush();
  store.sync();
  return applied;
}
