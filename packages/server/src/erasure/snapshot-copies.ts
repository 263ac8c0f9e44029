import type { CollectionHeader, Snapshots } from "../snapshots/snapshots.js";

/** Snapshots as erasures look at them. `collection`: `undefined` for those of the whole store. */
export interface SnapshotCopies {
  /** Names of those that were made before this moment. */
  before(collection: string | undefined, sinceMs: number): Promise<string[]>;
  /** Another one of what there is now, if there is anything. Resolves to its name. */
  create(
    collection: string | undefined,
    headerOf: (collection: string) => CollectionHeader | undefined,
  ): Promise<string | undefined>;
  remove(collection: string | undefined, name: string): Promise<void>;
  /** Are files under way that were begun before this moment? */
  isBusySince(sinceMs: number): Promise<boolean>;
}

/** Those of a folder. `full`: makes one of the whole store, and resolves to its name. */
export function snapshotCopies(snapshots: Snapshots, full: () => Promise<string>): SnapshotCopies {
  const { folder } = snapshots;
  return {
    before: async (collection, sinceMs) => {
      const names = (await folder.list(collection)).map(({ name }) => name);
      const times = await Promise.all(names.map((name) => folder.writtenMs(collection, name)));
      return names.filter((_, i) => (times[i] as number) < sinceMs);
    },
    create: async (collection, headerOf) => {
      if (collection === undefined) return full();
      const header = headerOf(collection);
      return header === undefined ? undefined : (await snapshots.create(header)).name;
    },
    remove: (collection, name) => folder.remove(collection, name),
    isBusySince: (sinceMs) => folder.hasWorkSince(sinceMs),
  };
}
