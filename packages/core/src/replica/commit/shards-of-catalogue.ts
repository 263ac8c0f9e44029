import type { Space } from "@murmuration/index";
import type { Catalogue } from "../../catalogue/collection.js";
import type { Journal } from "../../state/journal.js";
import type { WritableShard } from "../../state/writable-shard.js";
import type { Quarantines } from "./quarantines.js";
import { SYSTEM_SHARD } from "./stored-causality.js";

/** What a catalogue asks for that is not here yet. */
export interface OpenedForCatalogue {
  /** State for collections that are new, by id. */
  readonly shards: ReadonlyMap<string, WritableShard>;
  /** Empty spaces for vectors that are new in others, by collection and the vector's key. */
  readonly spaces: ReadonlyMap<string, ReadonlyMap<string, Space>>;
}

const noSpaces: ReadonlyMap<string, Space> = new Map();

/** What following a catalogue came to. */
export interface FollowedCatalogue {
  /** Ids of the shards that are gone. */
  readonly dropped: readonly string[];
  /** Those that have another description. */
  readonly described: readonly WritableShard[];
}

/**
 * Make `shards` those of a catalogue, and `quarantines` among them: what was opened comes in, descriptions are taken over, and what is gone from the catalogue goes. With a journal
 * all of it can be taken back.
 */
export function makeShardsThoseOf(
  { collections }: Catalogue,
  shards: Map<string, WritableShard>,
  quarantines: Quarantines,
  { shards: opened, spaces }: OpenedForCatalogue,
  journal: Journal | undefined,
): FollowedCatalogue {
  const dropped: string[] = [];
  const described: WritableShard[] = [];
  for (const [id, shard] of opened) {
    shards.set(id, shard);
    journal?.push(() => shards.delete(id));
  }
  for (const [id, writable] of shards) {
    const collection = collections[id];
    if (collection === undefined) {
      shards.delete(id);
      journal?.push(() => shards.set(id, writable));
      dropped.push(id);
      continue;
    }
    const before = writable.shard.collection;
    if (before === collection) continue;
    const undo = writable.describe(collection, spaces.get(id) ?? noSpaces);
    journal?.push(undo);
    described.push(writable);
  }
  for (const quarantine of quarantines.list()) {
    const { shard } = quarantine;
    if (shard === SYSTEM_SHARD || collections[shard] !== undefined) continue;
    quarantines.delete(shard);
    journal?.push(() => quarantines.add(quarantine));
    dropped.push(shard);
  }
  return { dropped, described };
}
