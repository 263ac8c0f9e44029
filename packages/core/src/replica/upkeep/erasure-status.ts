import type { Catalogue, Member } from "../../catalogue/collection.js";
import type { Erasure, ErasureReceipt } from "../../catalogue/erasure.js";
import { isErased } from "../../catalogue/erasure-edits.js";

/**
 * How far a replica itself is with an erasure:
 *  - `delivery`: a member has not said that it holds the deletes, or what it had written before it knew of them has not come;
 *  - `purge`: tombstones and vectors of deleted points are not forgotten yet;
 *  - `stability`: a member has not said that it holds the operations that forget them;
 *  - `log`: the log is being compacted and scrubbed, or waits for readers of what is gone;
 *  - `outside`: nothing of it is in log and memory; what the replica does not keep itself (images, snapshots, backups, a broker) is its host's;
 *  - `erased`: it has said so;
 *  - `held`: the collection is quarantined here, or a snapshot of it is on its way.
 */
export type ErasureStage = "delivery" | "purge" | "stability" | "log" | "outside" | "erased" | "held";

/** How far it is here, and what it waits for. */
export interface ErasureHere {
  readonly stage: ErasureStage;
  /** Members that are waited for, in `delivery` and `stability`. */
  readonly waitsFor: readonly number[];
  /** Tombstones and vectors that are not forgotten yet, in `purge`. */
  readonly left: number;
  /** Evicted members of which operations are lacking here that were known where it was asked for: deletes may be lost with them. */
  readonly lost: readonly number[];
  /** Why the last step failed, if it did; it is tried again. */
  readonly failure: string | undefined;
}

/** What a replica has of an erasure, as is known here. */
export type ErasureReplica =
  | ({ readonly state: "erased" } & Pick<ErasureReceipt, "replica" | "atMs" | "done">)
  /** It has not said that it has nothing of it any more. */
  | { readonly state: "waiting"; readonly replica: number }
  /** It was evicted: nobody knows what it holds. */
  | { readonly state: "out-of-reach"; readonly replica: number };

/** An erasure, and what of it is still held, and where. */
export interface ErasureStatus extends Erasure {
  /** Has every active member said that it has nothing of it any more? */
  readonly isOver: boolean;
  readonly replicas: readonly ErasureReplica[];
  readonly here: ErasureHere;
}

/** What is known of an erasure at a replica, `self`. */
export function statusOf(catalogue: Catalogue, erasure: Erasure, self: number, here: ErasureHere): ErasureStatus {
  const members: readonly Pick<Member, "id" | "state">[] = catalogue.members;
  const known = members.length > 0 ? members : [{ id: self, state: "active" as const }];
  const receipts = (catalogue.receipts ?? []).filter((one) => one.erasure === erasure.id);
  const replicas = known.map(({ id, state }): ErasureReplica => {
    const receipt = receipts.find((one) => one.replica === id);
    if (receipt !== undefined) return { replica: id, state: "erased", atMs: receipt.atMs, done: receipt.done };
    return { replica: id, state: state === "evicted" ? "out-of-reach" : "waiting" };
  });
  return { ...erasure, isOver: isErased({ ...catalogue, receipts }, erasure.id), replicas, here };
}
