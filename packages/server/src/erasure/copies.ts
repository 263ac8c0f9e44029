import type { Backups } from "../backup/backups.js";
import type { CollectionHeader } from "../snapshots/snapshots.js";
import type { CopiesPolicy } from "./copies-policy.js";
import type { SnapshotCopies } from "./snapshot-copies.js";

/** What was done of snapshots, or of backups, by their names. */
export interface CopiesDone {
  readonly removed: readonly string[];
  readonly made: readonly string[];
  /** They may hold it still. */
  readonly kept: readonly string[];
}

export const noCopies: CopiesDone = { removed: [], made: [], kept: [] };

/** One of the erasures that wait for what the host keeps. */
export interface Erased {
  readonly id: string;
  /** Id of the collection, and what it was called. */
  readonly shard: string;
  readonly collection: string;
  /** Since when nothing of it is in log and memory, by this machine's clock. */
  readonly sinceMs: number;
}

/** What erasures need of those who keep copies. */
export interface Copies {
  readonly backups: Pick<Backups, "holding" | "leaveOnlyBackups" | "make" | "remove"> | undefined;
  readonly snapshots: SnapshotCopies;
  /** Of a collection that is there under this name; `undefined`: there is none. */
  readonly headerOf: (collection: string) => CollectionHeader | undefined;
}

/**
 * Backups of this replica, and in its folder those of replicas that are no members: each that was not made of a log that was scrubbed of these erasures,
 * and has the collection. Throws what making and removing throws, `conflict` while another is made.
 */
export async function eraseFromBackups(
  { backups }: Copies,
  erased: readonly Erased[],
  policy: CopiesPolicy,
  members: ReadonlySet<number>,
): Promise<CopiesDone> {
  if (backups === undefined) return noCopies;
  const holding = await backups.holding(erased, members);
  const isReplaced = policy === "replace" && holding.length > 0;
  const made = isReplaced ? [(await backups.make()).name] : [];
  // behind the new one: there is no moment without any
  if (policy !== "keep" && holding.length > 0) await backups.remove(holding);
  // of one that was broken off, or removed by a process that ended, parts may lie in a store
  const unread = await backups.leaveOnlyBackups(members, policy === "keep");
  if (policy === "keep") return { ...noCopies, kept: [...new Set([...holding, ...unread])] };
  return { removed: holding, made, kept: [] };
}

/** Snapshots of these collections and of the whole store that were made before nothing of the erasures was there any more. */
export async function eraseFromSnapshots(
  copies: Copies,
  erased: readonly Erased[],
  policy: CopiesPolicy,
): Promise<CopiesDone> {
  const { snapshots } = copies;
  const [removed, made, kept]: [string[], string[], string[]] = [[], [], []];
  const sinceMs = Math.max(...erased.map((one) => one.sinceMs));
  const collections = [...new Set(erased.map(({ collection }) => collection)), undefined];
  for (const collection of collections) {
    const old = await snapshots.before(collection, sinceMs);
    if (old.length === 0) continue;
    if (policy === "keep") {
      kept.push(...old);
      continue;
    }
    const name = policy === "replace" ? await snapshots.create(collection, copies.headerOf) : undefined;
    if (name !== undefined) made.push(name);
    for (const one of old) await snapshots.remove(collection, one);
    removed.push(...old);
  }
  return { removed, made, kept };
}
