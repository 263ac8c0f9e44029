import { MurmurationError } from "@murmuration/index";
import { emptyVersionVector, mergeInto, sequenceOf, type VersionVector } from "../../causality/version-vector.js";
import type { CausalInbox } from "../../gossip/inbox.js";
import type { RequestMessage } from "../../gossip/message.js";
import type { Missing } from "../../gossip/requests.js";
import { limits } from "../../limits.js";
import type { OpLog } from "../../log/op-log.js";
import type { ReplicaStore } from "../commit/store.js";
import { SYSTEM_SHARD } from "../commit/stored-causality.js";
import type { Membership } from "../membership/membership.js";
import type { Wanted } from "./set-aside.js";

/**
 * What others hold (`known`, by shard), or what waits here follows, and this replica does not hold, as far as it is `wanted` of its origin.
 */
export function missingOperations(
  store: ReplicaStore,
  members: Membership,
  inboxes: ReadonlyMap<string, CausalInbox>,
  known: readonly ReadonlyMap<string, VersionVector>[],
  wanted: (shard: string, origin: number, known: number) => Wanted,
): Missing[] {
  const missing: Missing[] = [];
  for (const shard of [SYSTEM_SHARD, ...store.shards.keys()]) {
    const frontier = store.causality(shard)?.frontier;
    if (frontier === undefined) continue;
    const inbox = inboxes.get(shard);
    const exists = new Map(inbox?.wanted());
    for (const frontiers of known) mergeInto(exists, frontiers.get(shard) ?? emptyVersionVector);
    for (const [origin, sequence] of exists) {
      const held = sequenceOf(frontier, origin);
      if (sequence <= held || inbox?.has(origin, held + 1) === true) continue;
      if (shard !== SYSTEM_SHARD && !members.mayWrite(origin)) continue;
      const { known, avoid } = wanted(shard, origin, sequence);
      if (known > held) missing.push({ shard, origin, held, known, avoid });
    }
  }
  return missing;
}

/** Do others (`known`, by shard) hold operations of this replica that it does not hold? Then it came back from an older copy. */
export function isBehindItself(store: ReplicaStore, known: Iterable<ReadonlyMap<string, VersionVector>>): boolean {
  for (const frontiers of known) {
    for (const [shard, frontier] of frontiers) {
      const held = store.causality(shard)?.frontier;
      if (held !== undefined && sequenceOf(frontier, store.id) > sequenceOf(held, store.id)) return true;
    }
  }
  return false;
}

/**
 * The rows that a request asks for, as far as they fit an answer and up to one that is damaged; or up to where the log does not hold them any
 * more, or what is wrong with the first.
 */
export function answerRequest(
  log: OpLog,
  { shard, origin, after, limit }: RequestMessage,
): { readonly rows: readonly Uint8Array[] } | { readonly compactedTo: number } | { readonly damaged: string } {
  const rows: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (const entry of log.readOrigin(shard, origin, after, Math.min(limit, limits.requestOperationsMax))) {
      if (entry.sequence !== after + rows.length + 1) {
        if (rows.length > 0) break;
        return { compactedTo: entry.sequence - 1 };
      }
      rows.push(entry.bytes);
      bytes += entry.bytes.byteLength;
      if (bytes >= limits.answerBytesMax) break;
    }
  } catch (error) {
    if (!(error instanceof MurmurationError) || error.code !== "corrupt") throw error;
    if (rows.length === 0) return { damaged: `operation ${origin}:${after + 1} of shard ${shard}: ${error.message}` };
  }
  const held = sequenceOf(log.frontier(shard), origin);
  return rows.length === 0 && limit > 0 && held > after ? { compactedTo: held } : { rows };
}
